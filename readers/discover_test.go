package readers

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestDiscover(t *testing.T) {
	files := map[string]string{
		"a.csv": "", "b.tsv": "", "c.txt": "", "d.CSV.GZ": "", "e.json": "", "f.csv.bak": "", ".h.csv": "", "_i.csv": "",
		"sub/a.csv": "", "sub-x/a.csv": "", "sub/deep/z.csv.zst": "", "sub/_tmp/q.csv": "", "sub/.git/q.csv": "",
		"g/x.snappy": "", "g/x.tsv.sz": "", "g/x.csv.s2": "", "g/x.txt.zstd": "", "g/x.csv.bz2": "", "g/x.csv.snappy": "", "g/x.gz": "",
		"[odd].csv": "", "o.csv": "", "-": "", "@at.csv": "",
		"list.txt":     "\ufeff# inputs\r\n\r\n  a.csv  \r\nsub/**/*.csv*\n./@at.csv\n",
		"list.csv.txt": "a.csv\nb.tsv",
	}
	for _, c := range []struct {
		args string
		want string
	}{
		{"a.csv", "a.csv"},
		{"e.json", "e.json"},   // a file is taken whatever its name
		{".h.csv", ".h.csv"},   // also a hidden one
		{"./a.csv", "./a.csv"}, // and called what the user calls it
		{"b.tsv a.csv", "b.tsv a.csv"},
		{".", "-NO a.csv"},
		{"sub", "sub/a.csv sub/deep/z.csv.zst"},
		{"sub/", "sub/a.csv sub/deep/z.csv.zst"},
		{"sub/_tmp", "sub/_tmp/q.csv"},
		{"g", "g/x.csv.bz2 g/x.csv.s2 g/x.csv.snappy g/x.tsv.sz g/x.txt.zstd"},
		{"sub sub-x", "sub/a.csv sub/deep/z.csv.zst sub-x/a.csv"},
		{"sub*/*.csv", "sub-x/a.csv sub/a.csv"}, // by path, byte-wise: - comes before /
		{"**/a.csv", "a.csv sub-x/a.csv sub/a.csv"},
		{"sub/**", "sub/a.csv sub/deep/z.csv.zst"},
		{"{b,a}.{csv,tsv}", "a.csv b.tsv"},
		{"{a,a}.csv", "a.csv"},
		{"[a-b].*", "a.csv b.tsv"},
		{"?.csv", "a.csv o.csv"},
		{"_*.csv", "_i.csv"},
		{"{_i,a}.csv", "_i.csv a.csv"},
		{"*i.csv", "-NONE"},
		{"sub/_*/*.csv", "sub/_tmp/q.csv"},
		{"sub/_tmp/*", "sub/_tmp/q.csv"},
		{"sub/*/z*", "sub/deep/z.csv.zst"},
		{"[odd].csv", "[odd].csv"}, // the path wins over the glob, which is o.csv
		{"[o].csv", "o.csv"},
		{"sub/../a.*v", "a.csv"},
		{"@list.txt", "a.csv sub/a.csv sub/deep/z.csv.zst ./@at.csv"},
		{"./@at.csv", "./@at.csv"},
		{"@list.csv.txt o.csv", "a.csv b.tsv o.csv"},
		{"a.csv ./a.csv sub/../a.csv", "a.csv"},
		{"sub sub/a.csv", "sub/a.csv sub/deep/z.csv.zst"},
		{"sub/a.csv sub", "sub/a.csv sub/deep/z.csv.zst"},
	} {
		t.Run(c.args, func(t *testing.T) {
			if strings.ContainsAny(c.args, "*?") && runtime.GOOS == "windows" {
				t.Skip("paths are told apart by / here")
			}
			tree(t, files)
			s, err := Discover(t.Context(), strings.Fields(c.args), Options{})
			switch c.want {
			case "-NONE":
				if err == nil {
					t.Fatalf("got %s, want an error", names(s))
				}
				return
			case "-NO a.csv":
				c.want = "@at.csv [odd].csv a.csv b.tsv c.txt d.CSV.GZ g/x.csv.bz2 g/x.csv.s2 g/x.csv.snappy " +
					"g/x.tsv.sz g/x.txt.zstd list.csv.txt list.txt o.csv sub-x/a.csv sub/a.csv sub/deep/z.csv.zst"
			}
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if got := names(s); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			for i, in := range s.Inputs() {
				if in.Index != i {
					t.Errorf("input %d has index %d", i, in.Index)
				}
			}
		})
	}
}

func TestDiscoverErrors(t *testing.T) {
	tree(t, map[string]string{
		"january.csv": "a", "data/x.parquet": "", "data/y.parquet": "", "void/": "", "dirs/one/x.csv": "",
		"list.txt": "january.csv\n\n@more\nzebra.csv\n", "binary": "a\x00b", "blank.txt": "# nothing\n\n",
	})
	for _, c := range []struct {
		args  string
		usage bool
		want  string
	}{
		{"", true, `no inputs; name files, directories, globs, @lists, URLs, or - for standard input`},
		{"janaury.csv", false, `cannot open "janaury.csv": no such file or directory; did you mean "january.csv"?`},
		{"zzz", false, `cannot open "zzz": no such file or directory`},
		{"nodir/x.csv", false, `cannot open "nodir/x.csv": no such file or directory; there is no directory "nodir"`},
		{"void", false, `cannot read "void": the directory holds no *.csv, *.tsv or *.txt files, compressed ones included; names that start with "." or "_" are passed over`},
		{"data", false, `cannot read "data": the directory holds no *.csv, *.tsv or *.txt files, compressed ones included; it holds 2 other files such as "data/y.parquet"; name them by a glob such as "data/**/*.parquet" if they are CSV`},
		{"*.tsv", false, `cannot read "*.tsv": the glob matches no file; names that start with "." or "_" are passed over`},
		{"nodir/*.csv", false, `cannot read "nodir/*.csv": the glob matches no file; there is no directory "nodir"`},
		{"dirs/*", false, `cannot read "dirs/*": the glob matches no file; it matches directories only; to read what is in them, append "/*.csv"`},
		{"[a.csv", true, `argument 1: "[a.csv" is not a valid glob and no file of that name exists: a [ or { is not closed, or a \ ends it`},
		{"@list.txt", true, "list.txt:3: a list cannot name another list (a file of that name is ./@more)\n" +
			`cannot open "zebra.csv": no such file or directory (named at list.txt:4)`},
		{"@nolist", false, `cannot open "nolist": no such file or directory`},
		{"@data", false, `cannot read "data": is a directory`},
		{"@binary", false, `cannot read "binary": it is not text, so it is no list of inputs`},
		{"@blank.txt", true, `the list "blank.txt" names no inputs`},
		{"@", true, `argument 1 is @ without the name of a list`},
		{"-", true, `argument 1 is -, but there is no standard input`},
		{"s3://user:secret@bucket/key", true, `argument 1: s3:// is not supported; inputs are paths and http(s) URLs`},
		{"http://user:se%cret@host/", true, `argument 1 is not a valid URL; percent-encode special characters (a @ or / in a password is %40 or %2F)`},
		{"http://:8080/", true, `argument 1 is not a valid URL; percent-encode special characters (a @ or / in a password is %40 or %2F)`},
		{"a\x00b", true, `argument 1 holds a zero byte, which no path does`},
		{"zzz [a.csv", true, `cannot open "zzz": no such file or directory` + "\n" + `argument 2: "[a.csv" is not a valid glob and no file of that name exists: a [ or { is not closed, or a \ ends it`},
	} {
		t.Run(c.args, func(t *testing.T) {
			if runtime.GOOS == "windows" {
				t.Skip("the system's messages and separators differ")
			}
			s, err := Discover(t.Context(), strings.Fields(c.args), Options{})
			if err == nil {
				t.Fatalf("got %s, want an error", names(s))
			}
			if err.Error() != c.want {
				t.Errorf("got  %s\nwant %s", err, c.want)
			}
			if isUsage(err) != c.usage {
				t.Errorf("usage error: %v, want %v", isUsage(err), c.usage)
			}
			if !c.usage {
				var source *SourceError
				if !errors.As(err, &source) {
					t.Errorf("%T is no SourceError", err)
				}
			}
		})
	}
	if _, err := Discover(t.Context(), []string{""}, Options{}); err == nil || err.Error() != "argument 1 is empty" {
		t.Errorf("empty argument: %v", err)
	}
	if _, err := Discover(t.Context(), []string{"zzz"}, Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not ErrNotExist", err)
	}
	if _, err := Discover(t.Context(), []string{"-", "-"}, Options{Stdin: strings.NewReader("")}); !isUsage(err) ||
		err.Error() != "argument 2: standard input (-) can be named only once" {
		t.Errorf("two standard inputs: %v", err)
	}
}

func TestDiscoverErrorsAreBounded(t *testing.T) {
	tree(t, nil)
	var args []string
	for i := range 100 {
		args = append(args, fmt.Sprintf("none-%02d", i))
	}
	_, err := Discover(t.Context(), args, Options{})
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 21 || lines[20] != "and 80 more" || !strings.Contains(lines[19], "none-19") {
		t.Errorf("got %d lines, last %q", len(lines), lines[len(lines)-1])
	}
}

func TestDiscoverLimits(t *testing.T) {
	tree(t, map[string]string{"a.csv": "", "b.csv": "", "c.csv": "", "list.txt": "a.csv\nb.csv\n"})
	_, err := Discover(t.Context(), []string{"."}, Options{Limits: Limits{Inputs: 2}})
	if err == nil || err.Error() != "there are more than 2 inputs" {
		t.Errorf("inputs: %v", err)
	}
	_, err = Discover(t.Context(), []string{"@list.txt"}, Options{Limits: Limits{ListBytes: 11}})
	if err == nil || err.Error() != `cannot read "list.txt": a list has at most 11 bytes` {
		t.Errorf("list: %v", err)
	}
	if _, err = Discover(t.Context(), []string{"@list.txt"}, Options{Limits: Limits{ListBytes: 12}}); err != nil {
		t.Errorf("list: %v", err)
	}
}

func TestOptionsValidate(t *testing.T) {
	o := Options{OnSourceError: 7, FetchConcurrency: 2000, HTTP: HTTPOptions{Timeout: -1}, Limits: Limits{Inputs: -1}}
	want := "OnSourceError is 7, expected Fail or Skip\nfetch concurrency is 2000, expected 1 to 1024\nHTTP.Timeout is negative\nLimits.Inputs is negative"
	if err := o.Validate(); err == nil || err.Error() != want || !isUsage(err) {
		t.Errorf("got %v", err)
	}
	if err := (Options{}).Validate(); err != nil {
		t.Error(err)
	}
	env := HTTPOptions{Getenv: func(name string) string { return "\nexample.org secret-token" }}
	_, err := Discover(t.Context(), []string{"x"}, Options{HTTP: env})
	if !isUsage(err) || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "CSVLOOM_HTTP_HEADER: line 2 ") {
		t.Errorf("got %v", err)
	}
}

func TestDiscoverSkip(t *testing.T) {
	tree(t, map[string]string{"a.csv": "a", "z.csv": "z", "void/": ""})
	s := discover(t, Options{OnSourceError: Skip}, "none1", "a.csv", "void", "none2", "z.csv", "*.x")
	if got := names(s); got != "a.csv z.csv" {
		t.Errorf("inputs: %s", got)
	}
	var failed []string
	for _, f := range s.Failures() {
		failed = append(failed, f.Name)
	}
	if got := strings.Join(failed, " "); got != "none1 void none2 *.x" {
		t.Errorf("failures: %s", got)
	}
	_, err := Discover(t.Context(), []string{"none1", "none2"}, Options{OnSourceError: Skip})
	if err == nil || strings.Count(err.Error(), "\n") != 1 || errors.Is(err, ErrSkipped) {
		t.Errorf("nothing left: %v", err)
	}
	if _, err = Discover(t.Context(), []string{"a.csv", "[x"}, Options{OnSourceError: Skip}); !isUsage(err) {
		t.Errorf("a mistake is no source: %v", err)
	}
}

func TestOpenSkip(t *testing.T) {
	tree(t, map[string]string{"a.csv": "a", "b.csv": "b", "c.csv.gz": "\x1f\x8b\x08", "d.csv": "d"})
	s := discover(t, Options{OnSourceError: Skip}, ".")
	if err := os.Remove("b.csv"); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, in := range slices.Backward(s.Inputs()) { // the order of failing is not that of the inputs
		for range 2 {
			text, err := content(t.Context(), in)
			if err != nil && !errors.Is(err, ErrSkipped) {
				t.Errorf("%s: %v", in.Name, err)
			}
			got = append(got, text)
		}
	}
	if fmt.Sprint(got) != "[d d     a a]" {
		t.Errorf("got %q", got)
	}
	failures := s.Failures()
	if len(failures) != 2 || failures[0].Name != "b.csv" || failures[1].Name != "c.csv.gz" {
		t.Errorf("failures: %v", failures)
	}

	s = discover(t, Options{}, "a.csv", "c.csv.gz")
	if _, err := content(t.Context(), s.Inputs()[1]); err == nil || errors.Is(err, ErrSkipped) {
		t.Errorf("under Fail: %v", err)
	}
	if len(s.Failures()) != 0 {
		t.Errorf("under Fail: %v", s.Failures())
	}
}

func TestOpenNamesTheFileOnce(t *testing.T) {
	tree(t, map[string]string{"a.csv": ""})
	s := discover(t, Options{}, "./a.csv")
	if err := os.Remove("a.csv"); err != nil {
		t.Fatal(err)
	}
	_, err := s.Inputs()[0].Open(t.Context())
	if runtime.GOOS != "windows" && err.Error() != `cannot open "./a.csv": no such file or directory` {
		t.Errorf("got %v", err)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not ErrNotExist", err)
	}
	if n := s.Inputs()[0].SizeHint(); n != -1 {
		t.Errorf("size of a file that is gone: %d", n)
	}
}

func TestPlain(t *testing.T) {
	tree(t, map[string]string{"a.csv": "abc", "b.csv.GZ": "x"})
	s := discover(t, Options{Stdin: strings.NewReader("")}, ".", "-")
	if path, size, ok := s.Inputs()[0].Plain(); path != "a.csv" || size != 3 || !ok {
		t.Errorf("got %q, %d, %v", path, size, ok)
	}
	for _, in := range s.Inputs()[1:] {
		if path, _, ok := in.Plain(); ok {
			t.Errorf("%s is plain: %s", in.Name, path)
		}
	}
	if n := s.Inputs()[2].SizeHint(); n != -1 {
		t.Errorf("size of a pipe: %d", n)
	}
}

func TestSymbolicLinks(t *testing.T) {
	dir := tree(t, map[string]string{"d/2020.csv": "x", "d/sub/s.csv": "", "e/f.csv": "", "e/g/h.csv": ""})
	link(t, "2020.csv", "d/1-latest.csv")                      // a second name within the walk
	link(t, ".", "d/loop")                                     // to itself
	link(t, "..", "d/sub/up")                                  // to its parent
	link(t, filepath.Join(dir, "e"), "d/ext")                  // to a directory elsewhere
	link(t, filepath.Join("..", "d"), "e/back")                // which leads back
	link(t, filepath.Join("..", "..", "e", "g"), "d/sub/more") // to a part of ext
	link(t, "nowhere.json", "d/broken.json")                   // broken, and no CSV

	s := discover(t, Options{}, "d")
	if got := names(s); got != "d/2020.csv d/ext/f.csv d/ext/g/h.csv d/sub/s.csv" && got != "d/2020.csv d/ext/f.csv d/sub/more/h.csv d/sub/s.csv" {
		t.Errorf("walk: %s", got)
	}
	if notes := s.Notes(); len(notes) != 1 || filepath.ToSlash(notes[0]) != `"d/1-latest.csv" is a link to a file that is read as well; it is read once` {
		t.Errorf("notes: %q", notes)
	}
	if runtime.GOOS == "windows" {
		t.Skip("globs are tested with /")
	}
	s = discover(t, Options{}, "d/**/*.csv")
	if got := names(s); got != "d/2020.csv d/ext/f.csv d/ext/g/h.csv d/sub/s.csv" {
		t.Errorf("glob: %s", got)
	}
	s = discover(t, Options{}, "d/1-latest.csv", "d/2020.csv")
	if got := names(s); got != "d/1-latest.csv" {
		t.Errorf("named: %s", got)
	}
	if got := mustContent(t, s.Inputs()[0]); got != "x" {
		t.Errorf("content: %s", got)
	}

	link(t, "nowhere.csv", "d/broken.csv")
	for _, arg := range []string{"d", "d/*.csv", "d/**/*.csv", "d/{broken,more}.csv", "d/broken.csv"} {
		_, err := Discover(t.Context(), []string{arg}, Options{})
		if err == nil || !strings.HasPrefix(err.Error(), `cannot open "d/broken.csv": no such file or directory`) || strings.Count(err.Error(), "\n") != 0 {
			t.Errorf("%s: broken link: %v", arg, err)
		}
	}
}

func TestUnreadableDirectory(t *testing.T) {
	if runtime.GOOS == "windows" || os.Getuid() == 0 {
		t.Skip("permissions do not bind this user")
	}
	tree(t, map[string]string{"d/a.csv": "", "d/shut/b.csv": ""})
	if err := os.Chmod("d/shut", 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod("d/shut", 0o755) })
	for _, arg := range []string{"d", "d/**/*.csv"} {
		_, err := Discover(t.Context(), []string{arg}, Options{})
		if err == nil || err.Error() != `cannot list "d/shut": permission denied` {
			t.Errorf("%s: %v", arg, err)
		}
		s := discover(t, Options{OnSourceError: Skip}, arg)
		if names(s) != "d/a.csv" || len(s.Failures()) != 1 {
			t.Errorf("%s: %s, %v", arg, names(s), s.Failures())
		}
	}
}

func TestNotesAreBounded(t *testing.T) {
	files := map[string]string{}
	for i := range 50 {
		files[fmt.Sprintf("d/%02d.csv", i)] = ""
	}
	tree(t, files)
	s := discover(t, Options{}, "d", "d")
	if n := s.Notes(); len(s.Inputs()) != 50 || len(n) != 21 || n[20] != "and 30 more such notes" ||
		filepath.ToSlash(n[0]) != `"d/00.csv" is named more than once; it is read once` {
		t.Errorf("%d inputs, notes %q", len(s.Inputs()), n)
	}
}

func TestDiscoverCancelled(t *testing.T) {
	tree(t, map[string]string{"d/a.csv": ""})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, arg := range []string{"d", "d/**"} {
		if _, err := Discover(ctx, []string{arg}, Options{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", arg, err)
		}
	}
}

func BenchmarkDiscover(b *testing.B) {
	const n = 100_000
	dir := b.TempDir()
	for i := range n {
		sub := filepath.Join(dir, fmt.Sprintf("day-%03d", i%100))
		if i < 100 {
			if err := os.Mkdir(sub, 0o755); err != nil {
				b.Fatal(err)
			}
		}
		f, err := os.Create(filepath.Join(sub, fmt.Sprintf("part-%06d.csv", i)))
		if err != nil {
			b.Fatal(err)
		}
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
	}
	for _, arg := range []string{dir, filepath.Join(dir, "**", "*.csv")} {
		b.Run(filepath.Base(arg), func(b *testing.B) {
			for b.Loop() {
				s, err := Discover(b.Context(), []string{arg}, Options{})
				if err != nil || len(s.Inputs()) != n {
					b.Fatal(len(s.Inputs()), err)
				}
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
