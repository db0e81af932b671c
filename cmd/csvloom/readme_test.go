package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// wallTime is what differs from run to run in what csvloom prints.
var wallTime = regexp.MustCompile(`in \d+\.\d\d s\b`)

// TestReadme runs the commands of the README's console blocks, each "$ command"
// with what it prints below it, in one directory that has the testdata.
// With -update it writes what they print.
func TestReadme(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs a POSIX shell")
	}
	const path = "../../README.md"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	testdata, err := filepath.Abs("../../testdata")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(testdata, filepath.Join(dir, "testdata")); err != nil {
		t.Fatal(err)
	}
	csvloom := csvloomCommand(t, dir).Path

	var got strings.Builder
	inside := false
	commands := 0
	for line := range strings.Lines(string(text)) {
		switch {
		case line == "```console\n":
			inside = true
		case line == "```\n":
			inside = false
		case inside && strings.HasPrefix(line, "$ "):
			command := strings.TrimSuffix(strings.TrimPrefix(line, "$ "), "\n")
			got.WriteString(line)
			command = strings.Replace(command, "go run ./cmd/csvloom", "csvloom", 1)
			sh := exec.Command("sh", "-c", command+" 2>&1")
			sh.Dir = dir
			sh.Env = append(os.Environ(), "PATH="+filepath.Dir(csvloom)+":"+os.Getenv("PATH"), "COLUMNS=120")
			out, _ := sh.CombinedOutput() // some commands are there to show an error
			got.WriteString(wallTime.ReplaceAllString(string(out), "in 0.01 s"))
			commands++
			continue
		case inside:
			continue // what was printed when the README was written
		}
		got.WriteString(line)
	}
	if commands < 5 {
		t.Errorf("only %d commands were found in the README", commands)
	}
	if got.String() == string(text) {
		return
	}
	if *update {
		if err := os.WriteFile(path, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("the README's commands print something else; look at it after go test ./cmd/csvloom -run Readme -update:\n%s", got.String())
}
