package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// runFlags are the flags of run.
type runFlags struct {
	only    []string
	rounds  int
	csvloom string
	peers   []string
	threads int
	timeout time.Duration
	json    string
}

func runCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run DIR",
		Short: "Time csvloom, DuckDB and Polars on the data sets of DIR",
		Long: `Runs every work on every tool, alternating, over the data sets that gen wrote
into DIR, and prints Markdown: medians, memory, ratios to the best peer and
whether they reach the goals. The peers are installed into a private Python
environment in the user's cache directory. Fails when csvloom does, or when
answers differ; a goal that is missed is no failure.`,
		Example: "  loombench run /data/loom\n  loombench run /tmp/loom --only h2o_by2,startup --rounds 3 --peers duckdb",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), args[0], os.Stdout, os.Stderr)
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&f.only, "only", nil, "`names` of what to run, of "+strings.Join(allNames(), ", "))
	flags.IntVar(&f.rounds, "rounds", 5, "times that each tool does each work")
	flags.StringVar(&f.csvloom, "csvloom", "", "`path` of the csvloom to measure; by default it is built from this module, stripped")
	flags.StringSliceVar(&f.peers, "peers", []string{"duckdb", "polars"}, "`peers` to compare with, or none")
	flags.IntVar(&f.threads, "threads", runtime.NumCPU(), "threads of each tool")
	flags.DurationVar(&f.timeout, "timeout", 10*time.Minute, "time that one run of a tool may take")
	flags.StringVar(&f.json, "json", "", "`file` that gets every single measurement")
	return cmd
}

// allNames are the names that --only knows.
func allNames() (names []string) {
	for _, w := range works {
		names = append(names, w.name)
	}
	for _, m := range measures {
		names = append(names, m.name)
	}
	return names
}

// bench is what the works and measures share.
type bench struct {
	dir     string // of the data sets
	scratch string // for outputs
	csvloom string // path
	help    string // of csvloom run, to see which flags it has
	rounds  int
	threads int
	timeout time.Duration
	env     *environment
	peers   []*peer
	log     io.Writer
}

func (f *runFlags) run(ctx context.Context, dir string, stdout, stderr io.Writer) (err error) {
	chosen, err := chosenPeers(f.peers)
	if err != nil {
		return err
	}
	for _, name := range f.only {
		if !slices.Contains(allNames(), name) {
			return fmt.Errorf("--only: there is no %q; there are %s", name, strings.Join(allNames(), ", "))
		}
	}
	if f.rounds < 1 || f.threads < 1 {
		return fmt.Errorf("--rounds %d, --threads %d: expected 1 or more", f.rounds, f.threads)
	}
	b := &bench{rounds: f.rounds, threads: f.threads, timeout: f.timeout, peers: chosen, log: stderr}
	// Outputs are written beside the data: it may be linked to, too.
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	if b.scratch, err = os.MkdirTemp(dir, ".loombench-"); err != nil {
		return fmt.Errorf("%w; loombench gen %s makes the data", err, dir)
	}
	b.dir = dir
	defer func() { err = errors.Join(err, os.RemoveAll(b.scratch)) }()
	if err := b.findCsvloom(ctx, f.csvloom); err != nil {
		return err
	}
	wanted := func(name string) bool { return len(f.only) == 0 || slices.Contains(f.only, name) }
	b.env = noEnvironment("not asked for")
	if !slices.ContainsFunc(works, func(w *work) bool { return wanted(w.name) }) {
		b.peers = nil // measures are of csvloom alone
	}
	if len(b.peers) > 0 {
		b.env = prepare(ctx, stderr)
	}
	r := &report{Machine: thisMachine(f.threads), Rounds: f.rounds, Csvloom: b.version(ctx), Peers: b.peerTitles()}
	for _, w := range works {
		if wanted(w.name) {
			r.Works = append(r.Works, b.runWork(ctx, w))
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	for _, m := range measures {
		if wanted(m.name) {
			r.Measures = append(r.Measures, b.runMeasure(ctx, m)...)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if _, err := io.WriteString(stdout, r.markdown()); err != nil {
		return err
	}
	if f.json != "" {
		text, err := json.MarshalIndent(r, "", " ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(f.json, append(text, '\n'), 0o644); err != nil {
			return err
		}
	}
	if !r.sound() {
		return errUnsound
	}
	return nil
}

// findCsvloom takes the given binary, or builds one as it is released.
func (b *bench) findCsvloom(ctx context.Context, path string) (err error) {
	if path == "" {
		path = filepath.Join(b.scratch, "csvloom")
		if runtime.GOOS == "windows" {
			path += ".exe"
		}
		build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "csvloom/cmd/csvloom")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("go build csvloom/cmd/csvloom: %w\n%s", err, out)
		}
	}
	if b.csvloom, err = filepath.Abs(path); err != nil {
		return err
	}
	p := process{path: b.csvloom, args: []string{"run", "--help"}, timeout: b.timeout}
	help, _, err := p.run(ctx)
	b.help = string(help)
	return err
}

func (b *bench) version(ctx context.Context) string {
	p := process{path: b.csvloom, args: []string{"version"}, timeout: b.timeout}
	out, _, err := p.run(ctx)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(out))
}

func (b *bench) peerTitles() (titles []peerTitle) {
	for _, p := range b.peers {
		titles = append(titles, peerTitle{Name: p.name, Title: p.title + " " + p.version, Absent: b.env.absent[p.name]})
	}
	return titles
}

// lacks reports whether csvloom has no such flag.
func (b *bench) lacks(flag string) bool {
	return flag != "" && !strings.Contains(b.help, flag+" ")
}

// csvloomRun is a run of csvloom over inputs into output.
func (b *bench) csvloomRun(ctx context.Context, inputs []string, output string, workers int, flags ...string) (sample, error) {
	if err := os.RemoveAll(output); err != nil {
		return sample{}, err
	}
	args := append([]string{"run"}, inputs...)
	args = append(args, flags...)
	args = append(args, "-o", output, "--overwrite", "-q", "--workers", fmt.Sprint(workers))
	p := process{path: b.csvloom, args: args, timeout: b.timeout}
	if b.threads != runtime.NumCPU() {
		p.env = []string{fmt.Sprintf("GOMAXPROCS=%d", b.threads)}
	}
	_, s, err := p.run(ctx)
	if err != nil {
		return s, err
	}
	s.OutputBytes, err = sizeOf(output)
	return s, err
}

// loadData reads the files of a set once, so that every tool finds them in the
// page cache, and returns what the set is.
func (b *bench) loadData(name string) (*manifest, error) {
	s := setByName(name)
	m, err := readManifest(s.directory(b.dir))
	if err == nil && m == nil {
		err = fmt.Errorf("there is no data; make it with: loombench gen %s --set %s", b.dir, name)
	}
	if err != nil {
		return nil, err
	}
	if !m.complete(s.directory(b.dir), m.Rows, m.Seed) {
		return nil, fmt.Errorf("%s is not what its manifest says; make it anew with loombench gen", s.directory(b.dir))
	}
	for i := range m.Files {
		if err := readThrough(filepath.Join(s.directory(b.dir), m.Files[i].Name)); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func readThrough(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, f)
	return errors.Join(err, f.Close())
}
