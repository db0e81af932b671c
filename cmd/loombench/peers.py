# Does one job for one tool and prints how long it took, as JSON. The job comes
# as JSON on standard input. Imports and connecting are not timed.
import datetime
import json
import sys
import time

job = json.load(sys.stdin)
tool = job["tool"]

if tool == "duckdb":
    import duckdb

    db = duckdb.connect(config={"threads": job["threads"]})
    db.execute("SET enable_progress_bar = false")
    start = time.perf_counter()
    db.execute(job["sql"])
    print(json.dumps({"seconds": time.perf_counter() - start}))

elif tool == "polars":
    import polars as pl

    start = time.perf_counter()
    scan = pl.scan_csv(job["input"], separator=job["separator"], try_parse_dates=True)
    frame = eval(job["expression"])
    target = job["output"]
    if job["partition"]:
        target = pl.PartitionBy(target, key=job["partition"])
    if job["mode"] == "streaming":
        frame.sink_parquet(target, compression="zstd", mkdir=True)
    else:
        frame.collect(engine="in-memory").write_parquet(target, compression="zstd")
    print(json.dumps({"seconds": time.perf_counter() - start}))

elif tool == "answers":
    import duckdb

    db = duckdb.connect(config={"threads": job["threads"]})
    db.execute("SET enable_progress_bar = false")
    print(json.dumps([[str(v) for v in db.execute(q).fetchone()] for q in job["queries"]]))

else:
    sys.exit("no tool " + repr(tool))
