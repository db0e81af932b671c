package pipeline_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestImports holds the direction of imports: cmd → readers, transforms, sinks →
// pipeline. The siblings do not know each other, and pipeline knows none of them.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}: {{join .Imports " "}}`, "csvloom/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	allowed := map[string][]string{
		"pipeline":   {"pipeline"},
		"readers":    {"readers", "pipeline"},
		"transforms": {"transforms", "pipeline"},
		"sinks":      {"sinks", "pipeline"},
		"cmd":        {"cmd", "readers", "transforms", "sinks", "pipeline"},
	}
	room := func(path string) string {
		room, _, _ := strings.Cut(strings.TrimPrefix(path, "csvloom/"), "/")
		return room
	}
	checked := 0
	for line := range strings.Lines(string(out)) {
		pkg, imports, _ := strings.Cut(strings.TrimSpace(line), ": ")
		for imported := range strings.FieldsSeq(imports) {
			if !strings.HasPrefix(imported, "csvloom/") {
				continue
			}
			checked++
			ok := false
			for _, r := range allowed[room(pkg)] {
				ok = ok || r == room(imported)
			}
			if !ok {
				t.Errorf("%s imports %s; %s may import only %v: move what both need to pipeline, or let cmd join them",
					pkg, imported, room(pkg), allowed[room(pkg)])
			}
		}
	}
	if checked < 10 {
		t.Fatalf("only %d imports were seen:\n%s", checked, out)
	}
}

// TestBinaryIsLight: the command links none of the heavy libraries that tests
// may use as oracles.
func TestBinaryIsLight(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "csvloom/cmd/csvloom").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for pkg := range strings.Lines(string(out)) {
		for _, heavy := range []string{"google.golang.org/grpc", "github.com/apache/arrow/go/v17/parquet", "github.com/apache/arrow/go/v17/arrow/csv", "github.com/apache/arrow/go/v17/arrow/compute"} {
			if strings.HasPrefix(pkg, heavy) {
				t.Errorf("the command links %s: DESIGN keeps %s out of it", strings.TrimSpace(pkg), heavy)
			}
		}
	}
}
