package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// measure is something that csvloom must reach by itself.
type measure struct {
	name  string
	title string // where there is no result
	set   string // that it needs; "" for none
	needs string // the flag without which csvloom cannot do it
	run   func(ctx context.Context, b *bench) ([]*measureResult, error)
}

// The limits of the design.
const (
	convertPeakMiBMax = 300
	uniquePeakMiBMax  = 700
	workersSpeedupMin = 1.8 // of two workers to one
	growthTimeMax     = 10.5
	versionMillisMax  = 15
	smallJobMillisMax = 25
	binaryMBMax       = 25
)

const (
	growthCopies = 10       // of the data, in the measure of growth
	startRounds  = 21       // of what takes milliseconds
	uniqueMemory = "512MiB" // what grouping by a unique key is given
	bytesPerMiB  = 1 << 20
)

var measures = []*measure{
	{name: "memory", title: "peak memory of a conversion", set: "h2o", run: measureMemory},
	{name: "workers", title: "worker scaling", set: "h2o", run: measureWorkers},
	{name: "growth", title: "growth with the data", set: "h2o", run: measureGrowth},
	{name: "unique", title: "grouping by a unique key, bounded", set: "unique", needs: "--memory", run: measureUnique},
	{name: "startup", title: "start-up", run: measureStartup},
	{name: "binary", title: "the binary", run: measureBinary},
}

// runMeasure never fails: what goes wrong is in the result.
func (b *bench) runMeasure(ctx context.Context, m *measure) []*measureResult {
	if b.lacks(m.needs) {
		return []*measureResult{{Name: m.name, Title: m.title, Missing: "csvloom has no " + m.needs}}
	}
	if m.set != "" {
		if _, err := b.loadData(m.set); err != nil {
			return []*measureResult{{Name: m.name, Title: m.title, Missing: err.Error()}}
		}
	}
	fmt.Fprintln(b.log, m.name)
	results, err := m.run(ctx, b)
	if err != nil {
		return []*measureResult{{Name: m.name, Title: m.title, Missing: err.Error(), Failed: true}}
	}
	for _, r := range results {
		r.Name = m.name
	}
	return results
}

// atMost is a result that must not be above a limit.
func atMost(title string, value, limit float64, unit string) *measureResult {
	return &measureResult{Title: title, Value: value, Unit: unit, Goal: fmt.Sprintf("≤ %v", limit), Reached: value <= limit}
}

// peakResult is a peak that must not be above a limit in MiB.
func peakResult(title string, peak int64, limitMiB float64) *measureResult {
	r := atMost(title, float64(peak)/bytesPerMiB, limitMiB, "MiB")
	if peak == 0 {
		r.Missing = "this system does not tell a process's peak memory"
	}
	return r
}

// repeat measures csvloom several times.
func (b *bench) repeat(ctx context.Context, inputs []string, output string, workers int, flags ...string) (*toolResult, error) {
	t := &toolResult{Tool: csvloomTool}
	for range b.rounds {
		s, err := b.csvloomRun(ctx, inputs, output, workers, flags...)
		if err != nil {
			return nil, err
		}
		t.Samples = append(t.Samples, s)
	}
	return t, os.RemoveAll(output)
}

func (b *bench) output() string { return filepath.Join(b.scratch, "alone.parquet") }

func (b *bench) h2o() string { return setByName("h2o").directory(b.dir) }

func measureMemory(ctx context.Context, b *bench) ([]*measureResult, error) {
	t, err := b.repeat(ctx, []string{b.h2o()}, b.output(), b.threads)
	if err != nil {
		return nil, err
	}
	return []*measureResult{peakResult("peak memory of the h2o conversion", t.peakBytes(), convertPeakMiBMax)}, nil
}

// measureWorkers compares one worker with as many as there are threads, for a
// work that reads much and for one that writes much.
func measureWorkers(ctx context.Context, b *bench) ([]*measureResult, error) {
	if b.threads < 2 {
		return []*measureResult{{Title: "worker scaling", Missing: "needs two threads"}}, nil
	}
	var results []*measureResult
	for _, name := range []string{"h2o_by2", "h2o_convert"} {
		w := workByName(name)
		var one, two toolResult
		for range b.rounds {
			for _, side := range []struct {
				workers int
				to      *toolResult
			}{{1, &one}, {2, &two}} {
				s, err := b.csvloomRun(ctx, []string{b.h2o()}, b.output(), side.workers, w.csvloom...)
				if err != nil {
					return nil, err
				}
				side.to.Samples = append(side.to.Samples, s)
			}
		}
		speedup := one.medianSeconds() / two.medianSeconds()
		results = append(results, &measureResult{
			Title: "two workers to one, " + w.title, Value: speedup, Unit: "×",
			Goal: fmt.Sprintf("≥ %v", workersSpeedupMin), Reached: speedup >= workersSpeedupMin,
			Detail: fmt.Sprintf("%.3f s with one, %.3f s with two", one.medianSeconds(), two.medianSeconds()),
		})
	}
	return results, os.RemoveAll(b.output())
}

// measureGrowth converts the h2o files once and ten times over. The ten copies
// are hard links, which cost no room on the disk and none in the page cache.
func measureGrowth(ctx context.Context, b *bench) (_ []*measureResult, err error) {
	many := filepath.Join(b.scratch, "grown")
	if err := os.Mkdir(many, 0o755); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(many)) }()
	m, err := readManifest(b.h2o())
	if err != nil {
		return nil, err
	}
	for i := range growthCopies {
		for j := range m.Files {
			name := m.Files[j].Name
			if err := os.Link(filepath.Join(b.h2o(), name), filepath.Join(many, fmt.Sprintf("%02d-%s", i, name))); err != nil {
				return nil, err
			}
		}
	}
	var results []*measureResult
	for _, w := range []*work{workByName("h2o_convert"), workByName("h2o_by100k")} {
		small, err := b.repeat(ctx, []string{b.h2o()}, b.output(), b.threads, w.csvloom...)
		if err != nil {
			return nil, err
		}
		large, err := b.repeat(ctx, []string{many}, b.output(), b.threads, w.csvloom...)
		if err != nil {
			return nil, err
		}
		ratio := atMost("time for ten times the data, "+w.title, large.medianSeconds()/small.medianSeconds(), growthTimeMax, "×")
		ratio.Detail = fmt.Sprintf("%.3f s, then %.3f s", small.medianSeconds(), large.medianSeconds())
		results = append(results, ratio)
		if w.converts {
			peak := peakResult("peak memory of a conversion of ten times the data", large.peakBytes(), convertPeakMiBMax)
			peak.Detail = fmt.Sprintf("%.0f MiB for the data once", float64(small.peakBytes())/bytesPerMiB)
			results = append(results, peak)
		}
	}
	return results, nil
}

// measureUnique groups by a key that every row has another value of, within a
// fixed budget.
func measureUnique(ctx context.Context, b *bench) ([]*measureResult, error) {
	s, err := b.csvloomRun(ctx, []string{setByName("unique").directory(b.dir)}, b.output(), b.threads,
		"--by", "id", "--agg", "sum(v) as v", "--memory", uniqueMemory)
	if err != nil {
		return nil, err
	}
	r := peakResult("peak memory of grouping by a unique key, --memory "+uniqueMemory, s.PeakBytes, uniquePeakMiBMax)
	r.Detail = fmt.Sprintf("%.1f s", s.WallSeconds)
	return []*measureResult{r}, os.RemoveAll(b.output())
}

// measureStartup times what a user waits for before anything is done.
func measureStartup(ctx context.Context, b *bench) ([]*measureResult, error) {
	var version, job toolResult
	input := filepath.Join(b.scratch, "tiny.csv")
	text := []byte(taxiTable.header)
	text = taxiTable.rows(text, newRandom("tiny", 1, 0, 0), span{count: 10, total: 10})
	if err := os.WriteFile(input, text, 0o644); err != nil {
		return nil, err
	}
	for range startRounds {
		p := process{path: b.csvloom, args: []string{"version"}, timeout: b.timeout}
		_, s, err := p.run(ctx)
		if err != nil {
			return nil, err
		}
		version.Samples = append(version.Samples, s)
		if s, err = b.csvloomRun(ctx, []string{input}, b.output(), b.threads); err != nil {
			return nil, err
		}
		job.Samples = append(job.Samples, s)
	}
	return []*measureResult{
		atMost("csvloom version", version.medianSeconds()*1000, versionMillisMax, "ms"),
		atMost(fmt.Sprintf("a job on one file of %d bytes", len(text)), job.medianSeconds()*1000, smallJobMillisMax, "ms"),
	}, os.RemoveAll(b.output())
}

func measureBinary(_ context.Context, b *bench) ([]*measureResult, error) {
	size, err := sizeOf(b.csvloom)
	title := "the binary, stripped"
	if filepath.Dir(b.csvloom) != b.scratch {
		title = "the binary, as given"
	}
	return []*measureResult{atMost(title, float64(size)/1e6, binaryMBMax, "MB")}, err
}
