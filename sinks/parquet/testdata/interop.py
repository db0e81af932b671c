"""Reads the files of TestInteropFiles with pyarrow, DuckDB and Polars.

    CSVLOOM_INTEROP_DIR=dir go test -run TestInteropFiles ./sinks/parquet
    python sinks/parquet/testdata/interop.py dir

Every column must hold the values of the Arrow file beside it, pages must match
their checksums, and a query whose filter lets readers skip pages and row groups
by statistics and bloom filters must find the same rows as one that cannot.
"""

import glob
import os
import sys

import duckdb
import polars
import pyarrow
import pyarrow.compute
import pyarrow.dataset
import pyarrow.ipc
import pyarrow.parquet


def same(got, want):
    got, want = got.combine_chunks(), want.combine_chunks()
    return (got if got.type == want.type else got.cast(want.type)).equals(want)


def check_values(path, want):
    table = pyarrow.parquet.read_table(path, page_checksum_verification=True)
    frame = polars.read_parquet(path)
    for name in want.column_names:
        column = duckdb.sql(f"""select "{name}" from read_parquet('{path}')""").to_arrow_table()
        readers = {
            "pyarrow": table[name],
            "DuckDB": column[name],
            "Polars": frame.select(name).to_arrow()[name],
        }
        for reader, got in readers.items():
            if not same(got, want[name]):
                yield f"{path}: {reader} reads other values of {name}"


def check_filters(path, want):
    for name in ("none_int64", "some_utf8", "some_float64", "some_decimal(30, 10)", "some_uint64", "none_bool"):
        values = want[name].drop_null().unique()
        for value in values.take([0, len(values) // 2, len(values) - 1]):
            expected = pyarrow.compute.sum(pyarrow.compute.equal(want[name], value)).as_py()
            found = duckdb.sql(
                f"""select count(*) from read_parquet('{path}') where "{name}" = $v""", params={"v": value.as_py()}
            ).fetchall()[0][0]
            dataset = pyarrow.dataset.dataset(path)
            also = dataset.count_rows(filter=pyarrow.dataset.field(name) == value)
            third = polars.scan_parquet(path).filter(polars.col(name) == value.as_py()).select(polars.len()).collect().item()
            if not expected == found == also == third:
                yield f"{path}: {name} = {value}: {expected} rows, DuckDB {found}, pyarrow {also}, Polars {third}"
        for query, compute in (("min", pyarrow.compute.min), ("max", pyarrow.compute.max)):
            found = duckdb.sql(f"""select {query}("{name}") from read_parquet('{path}')""").fetchall()[0][0]
            if name != "some_float64" and found != compute(want[name]).as_py():
                yield f"{path}: {query} of {name} is {compute(want[name])}, DuckDB says {found}"


def main(directory):
    files = sorted(glob.glob(os.path.join(directory, "*.parquet")))
    faults = [] if files else [f"{directory}: no files"]
    for path in files:
        with pyarrow.ipc.open_file(path.split("-")[0] + ".arrow") as reader:
            want = reader.read_all()
        faults += check_values(path, want)
        faults += check_filters(path, want)
    print("\n".join(faults) or f"{len(files)} files read alike")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
