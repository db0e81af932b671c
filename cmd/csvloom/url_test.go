package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestURLs: a hundred URLs that each take 200 ms to answer are read in well
// under a second, in the order given.
func TestURLs(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(200 * time.Millisecond)
		fmt.Fprintf(w, "n,path\n1,%s\n", r.URL.Path)
	}))
	defer server.Close()
	args := []string{"run", "-q", "-o", "-", "--format", "csv", "--select", "path"}
	want := "path\n"
	for i := range 100 {
		args = append(args, fmt.Sprintf("%s/%02d.csv", server.URL, 99-i))
		want += fmt.Sprintf("/%02d.csv\n", 99-i)
	}
	start := time.Now()
	code, stdout, stderr := inProcess(t, args...)
	if code != exitDone || stdout != want {
		t.Errorf("exit %d, %s\n%s", code, stderr, stdout)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("took %v", took)
	}
}

// TestURLThatFails: a URL that cannot be read fails the run, or is skipped with
// a warning and an exit code of its own; no message and no report shows a
// password or a key.
func TestURLThatFails(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/gone") {
			http.Error(w, "gone", http.StatusNotFound)
			return
		}
		fmt.Fprint(w, "n\n1\n2\n")
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	good := server.URL + "/good.csv"
	bad := "http://user:pa55word@" + host + "/gone.csv?sig=s3cret"
	dir := t.TempDir()
	out, report := filepath.Join(dir, "out.csv"), filepath.Join(dir, "report.json")

	code, _, stderr := inProcess(t, "run", good, bad, "-o", out)
	if code != exitFailed || !strings.Contains(stderr, "/gone.csv") || !strings.Contains(stderr, "404") {
		t.Errorf("exit %d, %s", code, stderr)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("an output was published")
	}
	noSecret := func(what, text string) {
		t.Helper()
		for _, secret := range []string{"pa55word", "s3cret"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s shows a secret: %s", what, text)
			}
		}
	}
	noSecret("the message", stderr)

	code, _, stderr = inProcess(t, "run", good, bad, "-o", out, "--on-source-error", "skip", "--report", report, "-v")
	if code != exitSourcesSkipped || !strings.Contains(stderr, "warning: skipped") {
		t.Errorf("exit %d, %s", code, stderr)
	}
	if got, _ := os.ReadFile(out); string(got) != "n\n1\n2\n" {
		t.Errorf("the output is %q", got)
	}
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	noSecret("the message", stderr)
	noSecret("the report", string(text))
	if !strings.Contains(string(text), "/gone.csv") || !strings.Contains(string(text), `"rows_in": 2`) {
		t.Errorf("the report is %s", text)
	}
	info, err := os.Stat(report)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the report's mode is %v, %v", info.Mode(), err)
	}

	code, stdout, _ := inProcess(t, "plan", good, bad, "--on-source-error", "skip")
	if code != exitDone {
		t.Errorf("plan: exit %d", code)
	}
	noSecret("the plan", stdout)
}
