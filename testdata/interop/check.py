"""Reads csvloom's Parquet and Arrow output back with other people's readers."""

import csv
import datetime
import decimal
import pathlib
import subprocess
import sys

import duckdb
import polars
import pyarrow
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet

csvloom, work = sys.argv[1], pathlib.Path(sys.argv[2])
D, T = decimal.Decimal, datetime.datetime
UTC = datetime.timezone.utc
ROWS = 30_000


def row(i):
    """Row i of the test table: every type, with NULLs at different places."""
    null = lambda every, v: None if i % every == 0 else v
    return {
        "flag": null(7, i % 3 == 0),
        "n": null(11, (i * 7919) % 100_003 - 50_000),
        "small": i % 5,
        "x": null(13, i / 8 - 1000),
        "price": null(17, D(i * 37 % 1_000_000) / 100),
        "wide": null(19, D(10) ** 25 + D(i) / 1000),
        "day": null(23, datetime.date(1969, 1, 1) + datetime.timedelta(days=i % 40_000)),
        "at": null(29, T(2020, 1, 1) + datetime.timedelta(seconds=i * 61, microseconds=i % 1000)),
        "seen": null(31, T(2020, 1, 1, tzinfo=UTC) + datetime.timedelta(minutes=i)),
        "clock": null(37, (T(2020, 1, 1) + datetime.timedelta(seconds=i % 86_400)).time()),
        "code": null(41, f"{i % 1000:04d}"),
        "text": "" if i % 5 == 0 else null(3, f"row {i}, “quoted” \"text\"\n{i * 31 % 977}"),
    }


def field(name, v):
    if v is None:
        return ""
    if isinstance(v, bool):
        return "true" if v else "false"
    if name == "seen":
        return v.strftime("%Y-%m-%dT%H:%M:%SZ")
    if name == "text":
        return '"' + v.replace('"', '""') + '"'
    return str(v)


expected = [row(i) for i in range(ROWS)]
names = list(expected[0])
source = work / "in.csv"
with source.open("w", encoding="utf-8", newline="") as f:
    f.write(",".join(names) + "\n")
    for r in expected:
        f.write(",".join(field(n, r[n]) for n in names) + "\n")

TYPES = "price:DECIMAL(9,2),wide:DECIMAL(38,3),code:VARCHAR"


def run(out, *flags):
    path = work / out
    subprocess.run([csvloom, "run", source, "--types", TYPES, "-q", "-o", path, *flags], check=True)
    return path


def same(what, got):
    assert len(got) == ROWS, f"{what}: {len(got)} rows"
    for i, (g, w) in enumerate(zip(got, expected)):
        for n in names:
            assert g[n] == w[n], f"{what}: row {i}, {n}: {g[n]!r}, expected {w[n]!r}"
    print(f"ok  {what}")


def check_parquet(path):
    name = path.name
    same(f"{name} by pyarrow", pyarrow.parquet.read_table(path).to_pylist())
    same(f"{name} by polars", polars.read_parquet(path).to_dicts())
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        rel = db.execute(f"SELECT * FROM '{path}'")
        cols = [d[0] for d in rel.description]
        rows = [dict(zip(cols, r)) for r in rel.fetchall()]
        for r in rows:
            if r["seen"] is not None:
                r["seen"] = r["seen"].astimezone(UTC)
        same(f"{name} by duckdb", rows)
        # Filtered queries skip row groups and pages by our statistics: they
        # must find what a scan of the expected rows finds.
        for where, keep in [
            ("n = 12345", lambda r: r["n"] == 12345),
            ("n < -49990", lambda r: r["n"] is not None and r["n"] < -49990),
            ("x > 2740.5", lambda r: r["x"] is not None and r["x"] > 2740.5),
            ("price = 123.45", lambda r: r["price"] == D("123.45")),
            ("wide > 10000000000000000000000029.9", lambda r: r["wide"] is not None and r["wide"] > D("10000000000000000000000029.9")),
            ("day = DATE '1999-12-31'", lambda r: r["day"] == datetime.date(1999, 12, 31)),
            ('"at" >= TIMESTAMP \'2020-01-22\'', lambda r: r["at"] is not None and r["at"] >= T(2020, 1, 22)),
            ("code = '0999'", lambda r: r["code"] == "0999"),
            ("text IS NULL", lambda r: r["text"] is None),
            ("text = ''", lambda r: r["text"] == ""),
            ("flag", lambda r: r["flag"]),
        ]:
            (got,) = db.execute(f"SELECT count(*) FROM '{path}' WHERE {where}").fetchone()
            want = sum(1 for r in expected if keep(r))
            assert got == want, f"{name}: {where}: {got} rows by duckdb, expected {want}"
        print(f"ok  {name} filtered by duckdb")
    for column, value in [("n", 12345), ("code", "0999"), ("day", datetime.date(1999, 12, 31)), ("x", 100.125)]:
        want = sum(1 for r in expected if r[column] == value)
        got = polars.scan_parquet(path).filter(polars.col(column) == value).collect().height
        assert got == want, f"{name}: {column} = {value}: {got} rows by polars, expected {want}"
        got = pyarrow.parquet.read_table(path, filters=[(column, "=", value)]).num_rows
        assert got == want, f"{name}: {column} = {value}: {got} rows by pyarrow, expected {want}"
    print(f"ok  {name} filtered by polars and pyarrow")


for codec in ["zstd", "snappy", "gzip", "lz4", "none"]:
    check_parquet(run(f"{codec}.parquet", "--compression", codec))
check_parquet(run("groups.parquet", "--row-group-size", "4096", "--bloom", "n,code"))
check_parquet(run("plain.parquet", "--no-dictionary"))
check_parquet(run("bare.parquet", "--no-statistics"))

for codec in ["zstd", "lz4", "none"]:
    path = run(f"{codec}.arrow", "--compression", codec)
    same(f"{path.name} by pyarrow", pyarrow.feather.read_table(path).to_pylist())
    same(f"{path.name} by polars", polars.read_ipc(path).to_dicts())
    path = run(f"{codec}.arrows", "--compression", codec)
    with pyarrow.ipc.open_stream(path) as stream:
        same(f"{path.name} by pyarrow", stream.read_all().to_pylist())

# CSV and JSON lines come back as the same table through csvloom itself, and
# CSV through Python's own reader.
subprocess.run([csvloom, "run", run("out.csv"), "--types", TYPES, "-q", "-o", work / "back.parquet"], check=True)
same("out.csv read again", pyarrow.parquet.read_table(work / "back.parquet").to_pylist())
with (work / "out.csv").open(encoding="utf-8", newline="") as f:
    assert sum(1 for _ in csv.reader(f)) == ROWS + 1
