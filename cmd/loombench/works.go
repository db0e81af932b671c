package main

import "slices"

// work is something that all tools do on the same files, with a Parquet file
// compressed with zstd as the result. Types are found out by each tool.
type work struct {
	name  string
	title string
	set   string
	goal  float64 // how many times as fast as the best peer csvloom must be
	needs string  // the flag without which csvloom cannot do it

	csvloom   []string // flags of csvloom run
	duckdb    string   // a query over {input}
	polars    string   // an expression over scan, a LazyFrame
	partition string   // column whose values become directories

	columns []column // of the result
	// keys are the columns by whose values the others are compared; without
	// any, rows are compared by position.
	keys []string
	// sorted are the columns that are compared by position all the same.
	sorted []string
	// converts says that the result has all of the input, so that its size is
	// compared too.
	converts bool
	// groups computes the answer in Go, for when no peer is there to ask.
	groups *grouping
}

// column is a column of a result and what its values are compared as.
type column struct {
	name string
	kind kind
}

type kind string

const (
	integer   kind = "integer"
	double    kind = "double"   // as it was read
	computed  kind = "computed" // a double that depends on the order of additions
	text      kind = "text"
	date      kind = "date"
	timestamp kind = "timestamp"
)

func columnsOf(k kind, names ...string) (list []column) {
	for _, name := range names {
		list = append(list, column{name, k})
	}
	return list
}

var (
	h2oColumns = slices.Concat(
		columnsOf(text, "id1", "id2", "id3"),
		columnsOf(integer, "id4", "id5", "id6", "v1", "v2"),
		columnsOf(double, "v3"))
	lineitemColumns = slices.Concat(
		columnsOf(integer, "l_orderkey", "l_partkey", "l_suppkey", "l_linenumber", "l_quantity"),
		columnsOf(double, "l_extendedprice", "l_discount", "l_tax"),
		columnsOf(text, "l_returnflag", "l_linestatus"),
		columnsOf(date, "l_shipdate", "l_commitdate", "l_receiptdate"),
		columnsOf(text, "l_shipinstruct", "l_shipmode", "l_comment"))
	taxiColumns = slices.Concat(
		columnsOf(integer, "vendor"),
		columnsOf(timestamp, "pickup_at", "dropoff_at"),
		columnsOf(integer, "passengers"),
		columnsOf(double, "distance"),
		columnsOf(text, "store_and_fwd"),
		columnsOf(integer, "pickup_zone", "dropoff_zone", "payment_type"),
		columnsOf(double, "fare", "tip", "total"))
	taxiZoneColumns = slices.Concat(columnsOf(integer, "pickup_zone", "trips"), columnsOf(computed, "total", "distance"))
	taxiTrip        = []string{"pickup_at", "dropoff_at", "pickup_zone", "dropoff_zone"}
)

// byZone is the same work on plain, compressed and small files.
func byZone(name, title, set string, goal float64) *work {
	return &work{
		name: name, title: title, set: set, goal: goal,
		csvloom: []string{"--by", "pickup_zone", "--agg", "count(*) as trips, sum(total) as total, avg(distance) as distance"},
		duckdb:  `SELECT pickup_zone, count(*) AS trips, sum(total) AS total, avg(distance) AS distance FROM {input} GROUP BY pickup_zone`,
		polars:  `scan.group_by("pickup_zone").agg(pl.len().alias("trips"), pl.col("total").sum(), pl.col("distance").mean())`,
		columns: taxiZoneColumns, keys: []string{"pickup_zone"},
		groups: &grouping{
			keys:   []keyText{fieldText(6)},
			values: []folding{counted(), summed(field(11)), averaged(field(4))},
		},
	}
}

const q1Derived = "sum(l_quantity) as sum_qty, sum(l_extendedprice) as sum_base_price, " +
	"sum(l_extendedprice * (1 - l_discount)) as sum_disc_price, " +
	"sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) as sum_charge, " +
	"avg(l_quantity) as avg_qty, avg(l_extendedprice) as avg_price, avg(l_discount) as avg_disc, count(*) as count_order"

// works are the rows of the comparison, in order; the goals are those of the
// design's section on speed.
var works = []*work{
	{
		name: "h2o_by2", title: "group by 2 low-cardinality keys → Parquet", set: "h2o", goal: 3,
		csvloom: []string{"--by", "id1, id2", "--agg", "sum(v1) as v1, avg(v3) as v3"},
		duckdb:  `SELECT id1, id2, sum(v1) AS v1, avg(v3) AS v3 FROM {input} GROUP BY id1, id2`,
		polars:  `scan.group_by("id1", "id2").agg(pl.col("v1").sum(), pl.col("v3").mean())`,
		columns: slices.Concat(columnsOf(text, "id1", "id2"), columnsOf(integer, "v1"), columnsOf(computed, "v3")),
		keys:    []string{"id1", "id2"},
		groups: &grouping{
			keys:   []keyText{fieldText(0), fieldText(1)},
			values: []folding{summed(field(6)), averaged(field(8))},
		},
	},
	{
		name: "h2o_by100k", title: "group by 100 k keys → Parquet", set: "h2o", goal: 2,
		csvloom: []string{"--by", "id3", "--agg", "sum(v1) as v1, avg(v3) as v3"},
		duckdb:  `SELECT id3, sum(v1) AS v1, avg(v3) AS v3 FROM {input} GROUP BY id3`,
		polars:  `scan.group_by("id3").agg(pl.col("v1").sum(), pl.col("v3").mean())`,
		columns: slices.Concat(columnsOf(text, "id3"), columnsOf(integer, "v1"), columnsOf(computed, "v3")),
		keys:    []string{"id3"},
		groups: &grouping{
			keys:   []keyText{fieldText(2)},
			values: []folding{summed(field(6)), averaged(field(8))},
		},
	},
	{
		name: "h2o_convert", title: "convert to zstd Parquet", set: "h2o", goal: 2,
		duckdb: `SELECT * FROM {input}`, polars: `scan`, columns: h2oColumns, converts: true,
	},
	{
		name: "lineitem_convert", title: "convert to zstd Parquet", set: "lineitem", goal: 2,
		duckdb: `SELECT * FROM {input}`, polars: `scan`, columns: lineitemColumns, converts: true,
	},
	{
		name: "lineitem_q1", title: "TPC-H Q1 shape → Parquet", set: "lineitem", goal: 3,
		csvloom: []string{"--where", "l_shipdate <= DATE '1998-09-02'", "--by", "l_returnflag, l_linestatus", "--agg", q1Derived},
		duckdb:  `SELECT l_returnflag, l_linestatus, ` + q1Derived + ` FROM {input} WHERE l_shipdate <= DATE '1998-09-02' GROUP BY l_returnflag, l_linestatus`,
		polars: `scan.filter(pl.col("l_shipdate") <= datetime.date(1998, 9, 2)).group_by("l_returnflag", "l_linestatus").agg(
			pl.col("l_quantity").sum().alias("sum_qty"),
			pl.col("l_extendedprice").sum().alias("sum_base_price"),
			(pl.col("l_extendedprice") * (1 - pl.col("l_discount"))).sum().alias("sum_disc_price"),
			(pl.col("l_extendedprice") * (1 - pl.col("l_discount")) * (1 + pl.col("l_tax"))).sum().alias("sum_charge"),
			pl.col("l_quantity").mean().alias("avg_qty"),
			pl.col("l_extendedprice").mean().alias("avg_price"),
			pl.col("l_discount").mean().alias("avg_disc"),
			pl.len().alias("count_order"))`,
		columns: slices.Concat(columnsOf(text, "l_returnflag", "l_linestatus"), columnsOf(integer, "sum_qty"),
			columnsOf(computed, "sum_base_price", "sum_disc_price", "sum_charge", "avg_qty", "avg_price", "avg_disc"),
			columnsOf(integer, "count_order")),
		keys: []string{"l_returnflag", "l_linestatus"},
		groups: &grouping{
			where: func(f [][]byte) bool { return string(f[10]) <= "1998-09-02" },
			keys:  []keyText{fieldText(8), fieldText(9)},
			values: []folding{
				summed(field(4)), summed(field(5)),
				summed(func(f [][]byte) float64 { return number(f[5]) * (1 - number(f[6])) }),
				summed(func(f [][]byte) float64 { return number(f[5]) * (1 - number(f[6])) * (1 + number(f[7])) }),
				averaged(field(4)), averaged(field(5)), averaged(field(6)), counted(),
			},
		},
	},
	{
		name: "taxi_hourly", title: "hourly × zone counts → Parquet", set: "taxi", goal: 2,
		csvloom: []string{"--by", "date_trunc('hour', pickup_at) as hour, pickup_zone", "--agg", "count(*) as trips"},
		duckdb:  `SELECT date_trunc('hour', pickup_at) AS hour, pickup_zone, count(*) AS trips FROM {input} GROUP BY 1, 2`,
		polars:  `scan.group_by(pl.col("pickup_at").dt.truncate("1h").alias("hour"), "pickup_zone").agg(pl.len().alias("trips"))`,
		columns: slices.Concat(columnsOf(timestamp, "hour"), columnsOf(integer, "pickup_zone", "trips")),
		keys:    []string{"hour", "pickup_zone"},
		groups: &grouping{
			keys:   []keyText{hourText(1), fieldText(6)},
			values: []folding{counted()},
		},
	},
	{
		name: "small_convert", title: "convert small files to zstd Parquet", set: "small", goal: 5,
		duckdb: `SELECT * FROM {input}`, polars: `scan`, columns: taxiColumns, converts: true,
	},
	byZone("small_by", "group small files by zone → Parquet", "small", 5),
	{
		name: "brc", title: "min/avg/max by station → Parquet", set: "brc", goal: 2,
		csvloom: []string{"--by", "station", "--agg", "min(temp) as low, avg(temp) as mean, max(temp) as high"},
		duckdb:  `SELECT station, min(temp) AS low, avg(temp) AS mean, max(temp) AS high FROM {input} GROUP BY station`,
		polars:  `scan.group_by("station").agg(pl.col("temp").min().alias("low"), pl.col("temp").mean().alias("mean"), pl.col("temp").max().alias("high"))`,
		columns: slices.Concat(columnsOf(text, "station"), columnsOf(double, "low", "high"), columnsOf(computed, "mean")),
		keys:    []string{"station"},
		groups: &grouping{
			delimiter: ';',
			keys:      []keyText{fieldText(0)},
			values:    []folding{lowest(field(1)), averaged(field(1)), highest(field(1))},
		},
	},
	byZone("gzip_by", "gzip input, group by zone → Parquet", "gzip", 1),
	byZone("zstd_by", "zstd input, group by zone → Parquet", "zstd", 1),
	{
		name: "taxi_sort", title: "sort all rows by total → Parquet", set: "taxi", goal: 2,
		csvloom: []string{"--sort", "total"},
		duckdb:  `SELECT * FROM {input} ORDER BY total`,
		polars:  `scan.sort("total")`,
		columns: taxiColumns, keys: taxiTrip, sorted: []string{"total"},
	},
	{
		name: "taxi_partition", title: "write partitioned by zone", set: "taxi", goal: 3, needs: "--partition-by",
		csvloom:   []string{"--partition-by", "pickup_zone", "--format", "parquet"},
		duckdb:    `SELECT * FROM {input}`,
		polars:    `scan`,
		partition: "pickup_zone",
		columns:   taxiColumns, keys: taxiTrip,
	},
}
