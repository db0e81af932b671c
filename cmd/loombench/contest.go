package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// csvloomTool is the name of csvloom among the tools.
const csvloomTool = "csvloom"

// contestant is a tool at a work.
type contestant struct {
	*toolResult
	output string
	run    func(ctx context.Context, mode string) (sample, error)
	modes  []string
}

// runWork has all tools do a work, in turn, and compares what they wrote.
func (b *bench) runWork(ctx context.Context, w *work) *workResult {
	r := &workResult{Name: w.name, Title: w.title, Goal: w.goal, Converts: w.converts}
	m, err := b.loadData(w.set)
	if err != nil {
		r.Missing = err.Error()
		return r
	}
	r.Data = describe(m)
	tools := b.contestants(w)
	for _, t := range tools {
		r.Tools = append(r.Tools, t.toolResult)
		t.chooseMode(ctx)
	}
	for round := range b.rounds {
		var said strings.Builder
		for i := range tools {
			// Each round starts with another tool.
			t := tools[(i+round)%len(tools)]
			if t.Failure == "" {
				t.measure(ctx)
				fmt.Fprintf(&said, "  %s %.3f s", t.Tool, t.lastSeconds())
			}
		}
		fmt.Fprintf(b.log, "%-17s %d/%d%s\n", w.name, round+1, b.rounds, &said)
	}
	r.Answers, r.Unequal = b.checkAnswers(ctx, w, tools)
	for _, t := range tools {
		if err := os.RemoveAll(t.output); err != nil && t.Failure == "" {
			t.Failure = err.Error()
		}
	}
	return r
}

// describe is what the table says of a data set.
func describe(m *manifest) string {
	s := setByName(m.Set)
	files := fmt.Sprintf("%d files", len(m.Files))
	if len(m.Files) == 1 {
		files = "1 file"
	}
	return fmt.Sprintf("%s, %s rows, %.4g MB, %s", s.title, short(m.Rows), float64(m.Bytes)/1e6, files)
}

// short writes 6,000,000 as 6 M.
func short(n int64) string {
	switch {
	case n >= 1_000_000:
		return fmt.Sprintf("%.3g M", float64(n)/1e6)
	case n >= 1000:
		return fmt.Sprintf("%.3g k", float64(n)/1e3)
	}
	return fmt.Sprint(n)
}

// contestants returns csvloom and the chosen peers; those that cannot take part
// say why in Failure.
func (b *bench) contestants(w *work) []*contestant {
	output := func(tool string) string {
		name := "out-" + tool
		if w.partition == "" {
			name += ".parquet"
		}
		return filepath.Join(b.scratch, name)
	}
	ours := &contestant{toolResult: &toolResult{Tool: csvloomTool}, output: output(csvloomTool), modes: []string{""}}
	ours.run = func(ctx context.Context, _ string) (sample, error) {
		return b.csvloomRun(ctx, []string{setByName(w.set).directory(b.dir)}, ours.output, b.threads, w.csvloom...)
	}
	if b.lacks(w.needs) {
		ours.Failure, ours.Absent = "csvloom has no "+w.needs, true
	}
	tools := []*contestant{ours}
	for _, p := range b.peers {
		t := &contestant{toolResult: &toolResult{Tool: p.name}, output: output(p.name), modes: p.modesFor(w)}
		t.run = func(ctx context.Context, mode string) (sample, error) {
			return b.peerRun(ctx, p, w, mode, t.output)
		}
		if !b.env.has(p.name) {
			t.Failure, t.Absent = b.env.absent[p.name], true
		}
		tools = append(tools, t)
	}
	return tools
}

// peerRun is a run of a peer.
func (b *bench) peerRun(ctx context.Context, p *peer, w *work, mode, output string) (sample, error) {
	if err := os.RemoveAll(output); err != nil {
		return sample{}, err
	}
	var result struct {
		Seconds float64 `json:"seconds"`
	}
	s, err := b.env.do(ctx, p.job(w, b.dir, mode, output, b.threads), b.timeout, &result)
	if err != nil {
		return s, err
	}
	s.WorkSeconds = result.Seconds
	s.OutputBytes, err = sizeOf(output)
	return s, err
}

// modeTrials is how often each mode is tried where there is a choice.
const modeTrials = 2

// chooseMode runs the tool in each of its modes, which also warms it up, and
// keeps the fastest. It fails when no mode works.
func (t *contestant) chooseMode(ctx context.Context) {
	if t.Failure != "" {
		return
	}
	trials := 1
	if len(t.modes) > 1 {
		trials = modeTrials
	}
	best := math.Inf(1)
	var failure error
	for _, mode := range t.modes {
		for range trials {
			s, err := t.run(ctx, mode)
			if err != nil {
				failure = err
				break
			}
			if seconds := s.seconds(); seconds < best {
				best, t.Mode = seconds, mode
			}
		}
	}
	if math.IsInf(best, 1) {
		t.Failure = failure.Error()
	}
}

func (t *contestant) measure(ctx context.Context) {
	s, err := t.run(ctx, t.Mode)
	if err != nil {
		t.Failure = err.Error()
		return
	}
	t.Samples = append(t.Samples, s)
}

// checkAnswers compares the outputs of the last round. Without an engine that
// can, csvloom's is compared with what Go computes, where that is written down.
func (b *bench) checkAnswers(ctx context.Context, w *work, tools []*contestant) (said string, unequal bool) {
	var outputs []answer
	for _, t := range tools {
		if t.Failure == "" {
			outputs = append(outputs, answer{t.Tool, t.output})
		}
	}
	if len(outputs) > 1 && b.env.has(answersEngine) {
		differences, err := b.env.compareAnswers(ctx, w, outputs, b.threads, b.timeout)
		switch {
		case err != nil:
			return "cannot be compared: " + err.Error(), true
		case len(differences) > 0:
			return strings.Join(differences, "; "), true
		}
		return "equal", false
	}
	switch {
	case len(outputs) == 0 || outputs[0].tool != csvloomTool:
		return "not compared: csvloom has none", false
	case w.groups == nil:
		return "not compared: needs " + answersEngine + " and a peer", false
	}
	if err := b.checkAlone(ctx, w); err != nil {
		return err.Error(), true
	}
	return "equal to Go's", false
}

// checkAlone has csvloom write CSV, and this program check it in a process of
// its own.
func (b *bench) checkAlone(ctx context.Context, w *work) error {
	result := filepath.Join(b.scratch, "answer.csv")
	if _, err := b.csvloomRun(ctx, []string{setByName(w.set).directory(b.dir)}, result, b.threads, w.csvloom...); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	p := process{path: self, args: []string{"check", b.dir, w.name, result}, timeout: b.timeout}
	_, _, err = p.run(ctx)
	return err
}
