package readers

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"
)

// file is a member of the archives of the tests: alternately a name and content.
type file struct{ name, content string }

func zipped(t testing.TB, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	w.RegisterCompressor(zipZstd, func(out io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(out) })
	for i, f := range files {
		method := []uint16{zip.Deflate, zip.Store, zipZstd}[i%3]
		m, err := w.CreateHeader(&zip.FileHeader{Name: f.name, Method: method})
		if err == nil {
			_, err = io.WriteString(m, f.content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarred(t testing.TB, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Mode: 0o600, Size: int64(len(f.content)), Typeflag: tar.TypeReg}
		if strings.HasSuffix(f.name, "/") {
			h.Typeflag = tar.TypeDir
		}
		if to, ok := strings.CutPrefix(f.content, "-> "); ok {
			h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, to, 0
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := io.WriteString(w, f.content); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// exports is what most archives of the tests hold.
func exports(t testing.TB) []file {
	return []file{
		{"b.csv", "b\n2\n"}, {"2024/", ""}, {"2024/a.csv.gz", string(gzipped(t, []byte("a\n1\n"), ""))},
		{"notes.md", "# notes"}, {"__MACOSX/._b.csv", "junk"}, {"_draft.csv", "d\n"}, {"2024/deep/c.TSV", "c\n3\n"}, {"a[1.csv", "odd\n"},
	}
}

// formats are the ways to put files into an archive, by the archive's name.
func archiveForms(t testing.TB, files ...file) map[string][]byte {
	plain := tarred(t, files...)
	return map[string][]byte{
		"x.zip": zipped(t, files...), "x.tar": plain, "x.tgz": gzipped(t, plain, ""), "x.tar.gz": gzipped(t, plain, "x.tar"), "x.tar.zst": zstded(t, plain),
	}
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestArchives(t *testing.T) {
	for name, data := range archiveForms(t, exports(t)...) {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			write(t, name, data)
			write(t, "data", data)
			for _, c := range []struct{ arg, want string }{
				{name, "%::2024/a.csv.gz %::2024/deep/c.TSV %::a[1.csv %::b.csv"},
				{name + "::", "%::2024/a.csv.gz %::2024/deep/c.TSV %::a[1.csv %::b.csv"},
				{name + "::*.csv", "%::a[1.csv %::b.csv"},
				{name + "::./b.csv", "%::b.csv"},
				{name + "::a[1.csv", "%::a[1.csv"}, // a name before it is a glob
				{name + "::2024/**/*", "%::2024/a.csv.gz %::2024/deep/c.TSV"},
				{name + "::**/*.md", "%::notes.md"},
				{name + "::_*.csv", "%::_draft.csv"},
				{name + "::__MACOSX/._*", "%::__MACOSX/._b.csv"},
				{"*" + filepath.Ext(name) + "::b.csv", "%::b.csv"},
			} {
				if got, want := names(discover(t, Options{}, c.arg)), strings.ReplaceAll(c.want, "%", name); got != want {
					t.Errorf("%s: %s, want %s", c.arg, got, want)
				}
			}
			if got := names(discover(t, Options{}, "data")); !strings.HasSuffix(got, "data::b.csv") {
				t.Errorf("by content: %s", got)
			}
			set := discover(t, Options{}, name)
			for range 2 { // a member can be read again
				for i, want := range []string{"a\n1\n", "c\n3\n", "odd\n", "b\n2\n"} {
					in := set.Inputs()[i]
					if got := mustContent(t, in); got != want || in.Index != i || in.Path() != name {
						t.Errorf("%d: %q (index %d, path %s), want %q", i, got, in.Index, in.Path(), want)
					}
				}
			}
			if size := set.Inputs()[3].SizeHint(); size != 4 {
				t.Errorf("SizeHint = %d", size)
			}
			if _, _, ok := set.Inputs()[3].Plain(); ok {
				t.Error("a member is Plain")
			}
		})
	}
}

// Archives take their places among other inputs, wherever they come from.
func TestArchivesAmongInputs(t *testing.T) {
	a, b := zipped(t, file{"1.csv", "one"}, file{"2.csv", "two"}), gzipped(t, tarred(t, file{"3.csv", "three"}), "")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow.csv" {
			_, _ = io.WriteString(w, "slow")
			return
		}
		_, _ = w.Write(b)
	}))
	defer server.Close()
	tree(t, map[string]string{"d/a.zip": string(a), "d/b.csv": "plain", "d/sub/c.tgz": string(b), "list.txt": "d/a.zip::2.csv\nd/b.csv\n", "x::y.csv": "colons"})
	u := server.URL
	set := discover(t, Options{Stdin: bytes.NewReader(a)}, u+"/slow.csv", "d", u+"/x.tar.gz", u+"/get::*.csv", "-::2*", "@list.txt", "d/a.zip", "x::y.csv")
	var got []string
	for _, in := range set.Inputs() {
		got = append(got, strings.TrimPrefix(filepath.ToSlash(in.Name), u)+"="+mustContent(t, in))
	}
	want := "/slow.csv=slow d/a.zip::1.csv=one d/a.zip::2.csv=two d/b.csv=plain d/sub/c.tgz::3.csv=three /x.tar.gz::3.csv=three /get::3.csv=three -::2.csv=two x::y.csv=colons"
	if s := strings.Join(got, " "); s != want {
		t.Errorf("got\n%s\nwant\n%s", s, want)
	}
	if n := strings.Join(set.Notes(), "\n"); !strings.Contains(n, `"d/a.zip" is named`) || !strings.Contains(n, `"d/a.zip::2.csv" is named`) || !strings.Contains(n, `"d/b.csv" is named`) {
		t.Errorf("notes: %s", n)
	}
}

// Standard input is looked at where that is wanted, and followed as ever if it is
// no archive.
func TestArchiveFromStdin(t *testing.T) {
	for name, data := range archiveForms(t, file{"a.csv", "a"}) {
		for how, stdin := range map[string]io.Reader{"whole": bytes.NewReader(data), "slowly": iotest.OneByteReader(bytes.NewReader(data))} {
			set := discover(t, Options{Stdin: stdin, StdinArchive: true}, "-")
			if got := names(set); got != "-::a.csv" {
				t.Errorf("%s, %s: %s", name, how, got)
			} else if got := mustContent(t, set.Inputs()[0]); got != "a" {
				t.Errorf("%s, %s: %q", name, how, got)
			}
		}
	}
	long := strings.Repeat("a,b\n", 1000)
	for _, data := range []string{"", "a", long, string(gzipped(t, []byte(long), "")), string(gzipped(t, []byte(long), ""))[:20]} {
		set := discover(t, Options{Stdin: strings.NewReader(data), StdinArchive: true}, "-")
		if got := names(set); got != "-" {
			t.Errorf("%.10q: %s", data, got)
		}
	}
	r, w := io.Pipe()
	go func() { _, _ = io.WriteString(w, long) }() // and it stays open
	set := discover(t, Options{Stdin: r, StdinArchive: true}, "-")
	s, err := set.Inputs()[0].Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := io.ReadFull(s, make([]byte, len(long))); err != nil {
		t.Error(err)
	}
}

func TestArchiveDuplicatesAndLinks(t *testing.T) {
	for name, data := range archiveForms(t, file{"z.csv", "z"}, file{"a.csv", "first"}, file{"a.csv", "second"}) {
		t.Chdir(t.TempDir())
		write(t, name, data)
		set := discover(t, Options{}, name)
		if got, want := names(set), strings.ReplaceAll("%::a.csv %::a.csv#2 %::z.csv", "%", name); got != want {
			t.Errorf("%s", got)
		}
		if a, b := mustContent(t, set.Inputs()[0]), mustContent(t, set.Inputs()[1]); a != "first" || b != "second" {
			t.Errorf("%s: %q, %q", name, a, b)
		}
		if n := set.Notes(); len(n) != 1 || !strings.Contains(n[0], "more than once") {
			t.Errorf("%s: notes %q", name, n)
		}
	}
	t.Chdir(t.TempDir())
	write(t, "x.tar", tarred(t, file{"a.csv", "a"}, file{"l.csv", "-> /etc/passwd"}, file{"../../up.csv", "up"}, file{"/abs\x1b[2J.csv", "abs"}))
	set := discover(t, Options{}, "x.tar")
	if got := names(set); got != `x.tar::../../up.csv x.tar::/abs\x1b[2J.csv x.tar::a.csv` {
		t.Errorf("got %s", got)
	}
	if n := set.Notes(); len(n) != 1 || n[0] != `"x.tar::l.csv" is a symbolic link; it is passed over` {
		t.Errorf("notes %q", n)
	}
}

// edited returns data with the bytes at one place replaced.
func edited(data []byte, at int, b ...byte) []byte {
	data = bytes.Clone(data)
	copy(data[at:], b)
	return data
}

func TestArchiveFaults(t *testing.T) {
	z := zipped(t, file{"a.csv", strings.Repeat("a,b\n", 100)}, file{"b.csv", "stored"})
	central := bytes.LastIndex(z, []byte(zipCentral)) // of b.csv
	first := bytes.Index(z, []byte(zipCentral))
	tr := tarred(t, file{"a.csv", strings.Repeat("x", 2000)}, file{"b.csv", "b"})
	tgz := gzipped(t, tr, "")
	for _, c := range []struct {
		name string
		data []byte
		arg  string // "" is name
		want string
	}{
		{"e.zip", zipped(t), "", "the archive holds no files"},
		{"e.tar", tarred(t), "", "the archive holds no files"},
		{"n.zip", zipped(t, file{"a.md", ""}), "", `holds no *.csv, *.tsv or *.txt files, compressed ones included; it holds 1 other file such as "a.md"`},
		{"n.zip", zipped(t, file{"d/a.csv", ""}), "n.zip::*.csv", `there are some in its folders: "n.zip::**/*.csv"`},
		{"n.zip", zipped(t, file{"d/a.csv", ""}), "n.zip::b.csv", `"n.zip::b.csv": the archive has no member of that name`},
		{"n.zip", z, "n.zip::[", "is not a valid glob"},
		{"n.csv", []byte("a\n"), "n.csv::x", "neither a zip nor a tar file"},
		{"in.zip", zipped(t, file{"a.csv", ""}, file{"b.tar.gz", "x"}), "", `"in.zip::b.tar.gz": it is an archive in an archive`},
		{"in.zip", zipped(t, file{"", ""}, file{"a.csv", string(z)}), "in.zip::a.csv", "it is a zip file"},
		{"w.xlsx", zipped(t, file{"[Content_Types].xml", "<"}, file{"xl/a.xml", "<"}), "", "workbook"},
		{"cut.zip", z[:len(z)-30], "", "does not end as a zip file does"},
		{"tail.zip", append(bytes.Clone(z), "junk"...), "", "does not end as a zip file does"},
		{"crc.zip", edited(z, central+16, 1, 2, 3, 4), "", `"crc.zip::b.csv": it does not match its checksum`},
		{"crc.zip", edited(z, first+16, 1, 2, 3, 4), "", `"crc.zip::a.csv": its gzip data does not match its checksum`},
		{"flip.zip", edited(z, bytes.Index(z, []byte("stored")), 'S'), "", `"flip.zip::b.csv": it does not match its checksum`},
		{"size.zip", edited(z, central+24, 7), "", `"size.zip::b.csv": it has 6 bytes where its directory says 7`},
		{"enc.zip", edited(z, central+8, 1), "", `"enc.zip::b.csv": it is encrypted`},
		{"method.zip", edited(z, central+10, 12), "", `"method.zip::b.csv": it is compressed by a method other`},
		{"local.zip", edited(z, 8, 0), "", `"local.zip::a.csv": its place in the archive and the directory contradict`},
		{"overlap.zip", edited(z, central+42, 0, 0, 0, 0), "", "share bytes"},
		{"place.zip", edited(z, central+42, 0xff, 0xff, 0, 0), "", "what cannot be"},
		{"count.zip", edited(z, len(z)-14, 5, 0, 5, 0), "", "its zip directory is damaged"},
		{"disk.zip", edited(z, len(z)-18, 1), "", "several parts"},
		{"bomb.zip", edited(z, first+24, 0, 0, 0, 5), "", `"bomb.zip::a.csv": it unpacks to more than 1000 times its size`},
		{"cut.tar", tr[:1500], "", `its tar data is cut short in its member "a.csv"`},
		{"mark.tar", tr[:len(tr)-1024], "", "without the mark of its end"},
		{"two.tar", append(bytes.Clone(tr), tr...), "", "archives put together"},
		{"bad.tar", edited(tr, 2560+10, 'x'), "", `its tar data is damaged at or behind its member "a.csv"`},
		{"cut.tgz", tgz[:len(tgz)-9], "", "cut short"},
		{"crc.tgz", edited(tgz, len(tgz)-8, 1, 2, 3, 4), "", "checksum"},
		{"many.zip", zipped(t, file{"1", ""}, file{"2", ""}, file{"3", ""}, file{"4", ""}), "", "more than 3 members"},
		{"many.tar", tarred(t, file{"1", ""}, file{"2", ""}, file{"3", ""}, file{"4", ""}), "", "more than 3 members"},
		{"large.tgz", gzipped(t, tarred(t, file{"a.csv", strings.Repeat("a", 20_000)}), ""), "", "more than the limit of 10000 bytes"},
		{"bomb.tar.zst", zstded(t, tarred(t, file{"a.csv", strings.Repeat("a", 65<<20)})), "", "times its size"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			write(t, c.name, c.data)
			limits := Limits{ArchiveMembers: 3, ArchiveBytes: 10_000}
			if c.name == "bomb.tar.zst" {
				limits.ArchiveBytes = 0
			}
			arg := c.arg
			if arg == "" {
				arg = c.name
			}
			set, err := Discover(t.Context(), []string{arg}, Options{Limits: limits})
			if err == nil {
				for _, in := range set.Inputs() {
					_, e := content(t.Context(), in)
					err = errors.Join(err, e)
				}
				if e := set.Close(); e != nil {
					t.Error(e)
				}
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.name) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// Under Skip, what is wrong with one archive or member costs only that one.
func TestArchiveSkip(t *testing.T) {
	z := zipped(t, file{"a.csv", "a"}, file{"b.csv", "b"})
	tree(t, map[string]string{
		"1.zip": string(z[:len(z)-5]), "2.zip": string(edited(z, bytes.LastIndex(z, []byte(zipCentral))+8, 1)), "3.csv": "c",
	})
	set := discover(t, Options{OnSourceError: Skip}, "none.csv", "1.zip", "2.zip", "3.csv")
	if got := names(set); got != "2.zip::a.csv 3.csv" {
		t.Errorf("got %s", got)
	}
	var failed []string
	for _, f := range set.Failures() {
		failed = append(failed, f.Name)
	}
	if got := strings.Join(failed, " "); got != "none.csv 1.zip 2.zip::b.csv" {
		t.Errorf("failures %s", got)
	}
}

func TestArchiveChanges(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "x.tar", tarred(t, file{"a.csv", "aaaa"}))
	set := discover(t, Options{}, "x.tar")
	write(t, "x.tar", tarred(t, file{"long name.csv", strings.Repeat("b", 20_000)}))
	if _, err := content(t.Context(), set.Inputs()[0]); err == nil || !strings.Contains(err.Error(), `"x.tar::a.csv": it has changed while being read`) {
		t.Errorf("got %v", err)
	}
}

// zip64 makes the records of a zip file those of a large one.
func zip64(z []byte) []byte {
	le := binary.LittleEndian
	end := len(z) - zipEndBytes
	count, size, at := le.Uint16(z[end+10:]), le.Uint32(z[end+12:]), le.Uint32(z[end+16:])
	out := bytes.Clone(z[:end])
	out = append(out, zip64End...)
	out = le.AppendUint64(out, zip64EndBytes-12)
	out = append(out, 45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	out = le.AppendUint64(le.AppendUint64(out, uint64(count)), uint64(count))
	out = le.AppendUint64(le.AppendUint64(out, uint64(size)), uint64(at))
	out = append(out, zip64Locator...)
	out = le.AppendUint32(out, 0)
	out = le.AppendUint64(out, uint64(end))
	out = le.AppendUint32(out, 1)
	return append(out, zipEnd+"\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00"...)
}

func TestZipVariants(t *testing.T) {
	z := zipped(t, file{"a.csv", "a\n1\n"}, file{"b.csv", "b\n"})
	var old bytes.Buffer
	w := zip.NewWriter(&old)
	raw, err := w.CreateHeader(&zip.FileHeader{Name: "caf\x82.csv", NonUTF8: true, Method: zip.Store})
	if err == nil {
		_, err = io.WriteString(raw, "x")
	}
	if err = errors.Join(err, w.SetComment("a comment PK\x05\x06 with a mark"), w.Close()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"zip64", zip64(z), "x.zip::a.csv x.zip::b.csv"},
		{"prefix", append([]byte("#!/bin/sh\nexit\n"), z...), "x.zip::a.csv x.zip::b.csv"},
		{"prefix and zip64", append([]byte("#!/bin/sh\nexit\n"), zip64(z)...), "x.zip::a.csv x.zip::b.csv"},
		{"code page 437", old.Bytes(), "x.zip::café.csv"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			write(t, "x.zip", c.data)
			set := discover(t, Options{}, "x.zip")
			if got := names(set); got != c.want {
				t.Fatalf("got %s", got)
			}
			for _, in := range set.Inputs() {
				mustContent(t, in)
			}
		})
	}
}

// fuzzArchive reads everything that an archive seems to hold.
func fuzzArchive(t *testing.T, name string, data []byte, oracle func() (map[string]string, error)) {
	set := &Set{parallel: &parallel{workers: 1}}
	limits := Options{}.withDefaults().Limits
	limits.ArchiveMembers = 1000
	a, err := set.openArchive(t.Context(), name, limits, func(context.Context) (*archiveFile, error) {
		return &archiveFile{bytes.NewReader(data), int64(len(data)), func() error { return nil }}, nil
	})
	if err != nil || a == nil {
		return
	}
	want, oracleErr := oracle()
	for i := range a.members {
		m := &a.members[i]
		if m.link != "" || m.fault != "" {
			continue
		}
		r, err := a.openMember(t.Context(), m)
		if err != nil {
			continue
		}
		got, err := io.ReadAll(io.LimitReader(r, 1<<20))
		if e := r.Close(); e != nil {
			t.Fatal(e)
		}
		if int64(len(got)) > m.bytes || err == nil && int64(len(got)) < min(m.bytes, 1<<20) {
			t.Fatalf("%q: %d bytes, %v; it has %d", m.name, len(got), err, m.bytes)
		}
		if text, ok := want[m.name]; err == nil && oracleErr == nil && ok && len(got) < 1<<20 && string(got) != text {
			t.Fatalf("%q: %q, want %q", m.name, got, text)
		}
	}
}

func FuzzZip(f *testing.F) {
	z := zipped(f, exports(f)...)
	f.Add(z)
	f.Add(zip64(z))
	f.Add(zipped(f))
	f.Add(edited(z, bytes.LastIndex(z, []byte(zipCentral))+42, 0, 0))
	f.Fuzz(func(t *testing.T, data []byte) {
		fuzzArchive(t, "x.zip", data, func() (map[string]string, error) {
			r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
			if err != nil {
				return nil, err
			}
			r.RegisterDecompressor(zip.Deflate, func(r io.Reader) io.ReadCloser { return flate.NewReader(r) })
			out := make(map[string]string)
			for _, m := range r.File {
				if _, twice := out[m.Name]; twice || m.Method == zipZstd {
					return nil, errors.New("not to be compared")
				}
				in, err := m.Open()
				if err != nil {
					return nil, err
				}
				text, err := io.ReadAll(io.LimitReader(in, 1<<20))
				if err != nil {
					return nil, err
				}
				out[m.Name] = string(text)
			}
			return out, nil
		})
	})
}

func FuzzTar(f *testing.F) {
	f.Add(tarred(f, exports(f)...))
	f.Add(tarred(f))
	f.Add(tarred(f, file{strings.Repeat("long/", 60) + "a.csv", "x"}, file{"l", "-> b"}))
	f.Fuzz(func(t *testing.T, data []byte) {
		fuzzArchive(t, "x.tar", data, func() (map[string]string, error) {
			out := make(map[string]string)
			for r := tar.NewReader(bytes.NewReader(data)); ; {
				h, err := r.Next()
				if err == io.EOF {
					return out, nil
				}
				if err != nil {
					return nil, err
				}
				text, err := io.ReadAll(io.LimitReader(r, 1<<20))
				if _, twice := out[h.Name]; twice || err != nil {
					return nil, fmt.Errorf("not to be compared: %w", err)
				}
				out[h.Name] = string(text)
			}
		})
	})
}
