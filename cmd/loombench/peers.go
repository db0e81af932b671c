package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
)

// peer is a tool that csvloom is compared with, as a Python package of a pinned
// version.
type peer struct {
	name    string // of the package, too
	title   string
	version string
	// modes are the ways it can be asked to work; the fastest counts.
	modes []string
}

var peers = []*peer{
	{name: "duckdb", title: "DuckDB", version: "2.0.0", modes: []string{"default"}},
	{name: "polars", title: "Polars", version: "2.1.0", modes: []string{"streaming", "in-memory"}},
}

// answersEngine is the peer that reads all outputs to compare them.
const answersEngine = "duckdb"

//go:embed peers.py
var peersScript string

// environment is a private Python environment with the peers.
type environment struct {
	python string
	absent map[string]string // why a peer is not to be had
}

// has reports whether a peer can be run.
func (e *environment) has(name string) bool {
	return e.python != "" && e.absent[name] == ""
}

// noEnvironment has no peers.
func noEnvironment(reason string) *environment {
	e := &environment{absent: make(map[string]string)}
	for _, p := range peers {
		e.absent[p.name] = reason
	}
	return e
}

// chosenPeers returns the peers of --peers; none for "none".
func chosenPeers(names []string) ([]*peer, error) {
	if len(names) == 1 && names[0] == "none" {
		return nil, nil
	}
	var chosen []*peer
	for _, p := range peers {
		if slices.Contains(names, p.name) {
			chosen = append(chosen, p)
		}
	}
	if len(chosen) != len(names) || len(chosen) == 0 {
		return nil, fmt.Errorf("--peers %s: expected duckdb, polars, both, or none", strings.Join(names, ","))
	}
	return chosen, nil
}

// installTimeout bounds each step of the installation.
const installTimeout = 10 * time.Minute

// prepare makes the environment, below the user's cache directory, and installs
// what is not there yet. What fails makes a peer absent and is no error.
func prepare(ctx context.Context, progress io.Writer) *environment {
	cache, err := os.UserCacheDir()
	if err != nil {
		return noEnvironment(err.Error())
	}
	var versions []string
	for _, p := range peers {
		versions = append(versions, p.name+"-"+p.version)
	}
	dir := filepath.Join(cache, "csvloom-bench", strings.Join(versions, "_"))
	e := &environment{python: filepath.Join(dir, "bin", "python"), absent: make(map[string]string)}
	if runtime.GOOS == "windows" {
		e.python = filepath.Join(dir, "Scripts", "python.exe")
	}
	if e.try(ctx, "-c", "pass") != nil {
		fmt.Fprintln(progress, "making a Python environment at", dir)
		if err := createEnvironment(ctx, dir); err != nil {
			return noEnvironment("no Python environment: " + err.Error())
		}
	}
	for _, p := range peers {
		if e.installed(ctx, p) {
			continue
		}
		fmt.Fprintln(progress, "installing", p.name, p.version)
		err := e.try(ctx, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:", p.name+"=="+p.version)
		if err == nil && !e.installed(ctx, p) {
			err = errors.New("it was installed but cannot be imported")
		}
		if err != nil {
			e.absent[p.name] = fmt.Sprintf("cannot install %s %s: %v", p.name, p.version, err)
		}
	}
	return e
}

// createEnvironment uses the first Python there is.
func createEnvironment(ctx context.Context, dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	for _, name := range []string{"python3", "python"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		p := process{path: path, args: []string{"-m", "venv", "--clear", dir}, timeout: installTimeout}
		_, _, err = p.run(ctx)
		return err
	}
	return errors.New("python3 is not on the PATH")
}

// installed reports whether a peer can be imported at its pinned version.
func (e *environment) installed(ctx context.Context, p *peer) bool {
	return e.try(ctx, "-c", fmt.Sprintf("import %[1]s, sys; sys.exit(%[1]s.__version__ != %[2]q)", p.name, p.version)) == nil
}

// address matches what pip says of where it looked, which is nobody's business
// and may hold a password.
var address = regexp.MustCompile(`(?:[a-z+]+://|host=')\S+`)

// try runs Python with some arguments.
func (e *environment) try(ctx context.Context, args ...string) error {
	p := process{path: e.python, args: args, timeout: installTimeout}
	if _, _, err := p.run(ctx); err != nil {
		return errors.New(address.ReplaceAllString(err.Error(), "…"))
	}
	return nil
}

// peerJob is what peers.py reads.
type peerJob struct {
	Tool       string   `json:"tool"`
	Threads    int      `json:"threads"`
	SQL        string   `json:"sql,omitempty"`
	Queries    []string `json:"queries,omitempty"`
	Input      string   `json:"input,omitempty"`
	Separator  string   `json:"separator,omitempty"`
	Expression string   `json:"expression,omitempty"`
	Mode       string   `json:"mode,omitempty"`
	Output     string   `json:"output,omitempty"`
	Partition  string   `json:"partition"`
}

// job returns how the peer is asked for a work.
func (p *peer) job(w *work, dir, mode, output string, threads int) *peerJob {
	s := setByName(w.set)
	j := &peerJob{Tool: p.name, Threads: threads}
	switch p.name {
	case "duckdb":
		options := "FORMAT parquet, COMPRESSION zstd"
		if w.partition != "" {
			options += ", PARTITION_BY (" + w.partition + ")"
		}
		query := strings.ReplaceAll(w.duckdb, "{input}", "read_csv("+sqlText(s.glob(dir))+")")
		j.SQL = fmt.Sprintf("COPY (%s) TO %s (%s)", query, sqlText(output), options)
	case "polars":
		j.Input, j.Separator, j.Expression = s.glob(dir), string(s.delimiter()), strings.Join(strings.Fields(w.polars), " ")
		j.Mode, j.Output, j.Partition = mode, output, w.partition
	}
	return j
}

// modesFor returns the modes to try for a work: partitions are streamed only.
func (p *peer) modesFor(w *work) []string {
	if w.partition != "" {
		return p.modes[:1]
	}
	return p.modes
}

// sqlText quotes a string for SQL.
func sqlText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// do runs a job and decodes what it prints into result.
func (e *environment) do(ctx context.Context, j *peerJob, timeout time.Duration, result any) (sample, error) {
	stdin, err := json.Marshal(j)
	if err != nil {
		return sample{}, err
	}
	p := process{
		path: e.python, args: []string{"-c", peersScript}, stdin: stdin, timeout: timeout,
		env: []string{fmt.Sprintf("POLARS_MAX_THREADS=%d", j.Threads)},
	}
	out, s, err := p.run(ctx)
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(out, result)
}
