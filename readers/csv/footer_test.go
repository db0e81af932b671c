package csv_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"csvloom/readers/csv"
)

// onDisk makes an input of a local file.
func onDisk(t *testing.T, text string) []csv.Input {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return []csv.Input{{Name: "x.csv", Path: path, Bytes: int64(len(text)), Open: func(context.Context) (csv.Stream, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		return plainFile{f}, nil
	}}}
}

type plainFile struct{ *os.File }

func (plainFile) Compression() string { return "" }

// TestFooterBehindTheSample: the footer of a plain file is recognised by its
// tail, and it is left out however the file is read: whole, in blocks, from
// memory, or as a stream that comes a byte at a time.
func TestFooterBehindTheSample(t *testing.T) {
	const rows = 3000
	var b strings.Builder
	b.WriteString("id,name,note\n")
	for i := range rows {
		fmt.Fprintf(&b, "%d,\"name, %d\",x\n", i, i)
	}
	body := b.String()
	for _, c := range []struct {
		name, tail string
		o          csv.Options
		rows       int
		fault      string // part of the error, where the end is no footer
	}{
		{"none", "", csv.Options{}, rows, ""},
		{"found", "\nTotal: 3000 rows\n\n", csv.Options{}, rows, ""},
		{"found, several lines", "Source: the shop\nExported: on Monday,again\n", csv.Options{}, rows, ""},
		{"given", "7,8,9\nlast\n", csv.Options{FooterLines: 2}, rows, ""},
		{"given, longer than there is", "7,8,9\n", csv.Options{FooterLines: 3}, rows - 2, ""},
		{"torn", "3000,x\n", csv.Options{}, 0, "x.csv:3002:1: the record has 2 fields, expected 3"},
		{"refused", "Total: 3000 rows\n", csv.Options{NoFooter: true}, 0, "x.csv:3002:1: the record has 1 field, expected 3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := onDisk(t, body+c.tail)
			for _, blockBytes := range []int{100, 16 << 10, 1 << 20} {
				for _, sampleBytes := range []int{1 << 10, 1 << 20} {
					c.o.BlockBytes, c.o.SampleBytes = blockBytes, sampleBytes
					got, _, err := table(t, 2, in, c.o)
					if c.fault != "" {
						if err == nil || !strings.Contains(err.Error(), c.fault) {
							t.Errorf("block %d, sample %d: error %v, want %s", blockBytes, sampleBytes, err, c.fault)
						}
						continue
					}
					if err != nil {
						t.Fatalf("block %d, sample %d: %v", blockBytes, sampleBytes, err)
					}
					if n := strings.Count(got, "\n") - 1; n != c.rows {
						t.Errorf("block %d, sample %d: %d rows, want %d", blockBytes, sampleBytes, n, c.rows)
					}
				}
			}
		})
	}
	slow := inputs(body + "7,8,9\nlast\n")
	slow[0].Open = func(context.Context) (csv.Stream, error) {
		return text{io.MultiReader(strings.NewReader(body[:len(body)-50]), iotest.OneByteReader(strings.NewReader(body[len(body)-50:]+"7,8,9\nlast\n")))}, nil
	}
	got, _, err := table(t, 1, slow, csv.Options{FooterLines: 2, InferFull: true})
	if n := strings.Count(got, "\n") - 1; err != nil || n != rows {
		t.Errorf("a byte at a time: %d rows, %v", n, err)
	}
}

// TestLongFooter: what is held back for a footer is bounded.
func TestLongFooter(t *testing.T) {
	in := inputs("a,b\n1,2\n" + strings.Repeat("x", 1<<20))
	_, _, err := table(t, 1, in, csv.Options{FooterLines: 1, RowBytesMax: 128 << 10, SampleBytes: 1 << 10})
	if want := "a.csv: the last 1 lines are longer than 131072 bytes together, expected a footer; check --footer and --line-end"; err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

// TestFilesOfOneHeader: files whose first lines are equal need not be written
// alike behind it.
func TestFilesOfOneHeader(t *testing.T) {
	got, _, err := everyway(t, inputs("a,b\n1,x\n2,y\n", "a,b\n3,'p, q'\n4,'r'\n", "a,b\n1,x\n\nTotal: 1\n", "a,b\n"), csv.Options{})
	want := "a BIGINT|b VARCHAR\n1|x\n2|y\n3|p, q\n4|r\n1|x\n"
	if err != nil || got != want {
		t.Errorf("got\n%s%v\nwant\n%s", got, err, want)
	}
}

// A file with fewer lines than the footer that was given has none of that length: to
// leave all of it out would lose rows without a word.
func TestFooterLongerThanTheFile(t *testing.T) {
	long := strings.Repeat("x", 10<<10)
	for _, c := range []struct{ name, text, lines string }{
		{"small", "a,b\n1,2\n\n3,4\n", "2 lines"},
		{"longer than what is read at first", "a,b\n1," + long + "\n2," + long + "\n3," + long + "\n", "3 lines"},
	} {
		for i, in := range [][]csv.Input{onDisk(t, c.text), inputs(c.text), onDisk(t, c.text)} {
			o := csv.Options{FooterLines: 4, SampleBytes: 1 << 10}
			if i == 2 {
				o.BlockBytes = 10 << 10 // the file is longer
			}
			_, _, err := table(t, 2, in, o)
			if want := "behind the header there is no more than " + c.lines + ", expected at least the 4 of the footer; check --footer"; err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %v, want %s", c.name, err, want)
			}
		}
	}
	if rows, _, err := table(t, 2, inputs("a,b\n1,2\n\n3,4\n"), csv.Options{FooterLines: 2}); err != nil || strings.Count(rows, "\n") != 1 {
		t.Errorf("%q, %v", rows, err)
	}
}
