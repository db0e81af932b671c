package main

import (
	"slices"
	"strings"
	"testing"
)

// TestWorksFitTogether: what a work says in one place it does not deny in
// another.
func TestWorksFitTogether(t *testing.T) {
	seen := make(map[string]bool)
	for _, w := range works {
		if seen[w.name] || setByName(w.set) == nil || w.goal <= 0 {
			t.Errorf("%s: a name of its own, a set and a goal are needed", w.name)
		}
		seen[w.name] = true
		if !strings.Contains(w.duckdb, "{input}") || !strings.HasPrefix(w.polars, "scan") {
			t.Errorf("%s: the peers do not read the input", w.name)
		}
		for _, name := range slices.Concat(w.keys, w.sorted) {
			if !slices.ContainsFunc(w.columns, func(c column) bool { return c.name == name }) {
				t.Errorf("%s: key %s is no column of the result", w.name, name)
			}
		}
		if w.groups != nil && (len(w.groups.keys) != len(w.keys) || len(w.groups.keys)+len(w.groups.values) != len(w.columns)) {
			t.Errorf("%s: the grouping in Go has other columns", w.name)
		}
		if w.converts && len(w.columns) != strings.Count(setByName(w.set).table.header, string(setByName(w.set).delimiter()))+1 {
			t.Errorf("%s: a conversion has all columns of the input", w.name)
		}
	}
	for _, m := range measures {
		if seen[m.name] || m.set != "" && setByName(m.set) == nil {
			t.Errorf("%s: a name of its own and a set are needed", m.name)
		}
		seen[m.name] = true
	}
}

func TestPeerJobs(t *testing.T) {
	w := workByName("brc")
	j := peers[0].job(w, "/data/o'clock", "default", "/out/x.parquet", 2)
	want := `COPY (SELECT station, min(temp) AS low, avg(temp) AS mean, max(temp) AS high FROM read_csv('/data/o''clock/brc/*.csv') GROUP BY station)` +
		` TO '/out/x.parquet' (FORMAT parquet, COMPRESSION zstd)`
	if j.SQL != want {
		t.Errorf("DuckDB: %s\nexpected %s", j.SQL, want)
	}
	j = peers[1].job(w, "/data", "streaming", "/out/x.parquet", 2)
	if j.Separator != ";" || j.Input != "/data/brc/*.csv" || j.Mode != "streaming" || j.Partition != "" {
		t.Errorf("Polars: %+v", j)
	}
	parts := workByName("taxi_partition")
	if j = peers[0].job(parts, "/data", "default", "/out", 2); !strings.HasSuffix(j.SQL, "PARTITION_BY (pickup_zone))") {
		t.Errorf("partitions: %s", j.SQL)
	}
	if modes := peers[1].modesFor(parts); len(modes) != 1 {
		t.Errorf("partitions can be written in %v", modes)
	}
}

func TestChosenPeers(t *testing.T) {
	for _, c := range []struct {
		names string
		count int
		fails bool
	}{{"duckdb,polars", 2, false}, {"polars", 1, false}, {"none", 0, false}, {"none,duckdb", 0, true}, {"pandas", 0, true}} {
		got, err := chosenPeers(strings.Split(c.names, ","))
		if len(got) != c.count || (err != nil) != c.fails {
			t.Errorf("--peers %s: %d peers, %v", c.names, len(got), err)
		}
	}
}

func TestAddressesAreHidden(t *testing.T) {
	text := "no route to https://user:secret@mirror.example/simple from host='mirror.example', port=443"
	if got := address.ReplaceAllString(text, "…"); strings.Contains(got, "secret") || strings.Contains(got, "mirror") {
		t.Errorf("%s", got)
	}
}
