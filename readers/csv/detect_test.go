package csv_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"csvloom/pipeline"
	"csvloom/readers/csv"
)

// sniff prints how a text is written: its dialect, what surrounds the table, and
// its columns.
func sniff(t *testing.T, text string, o csv.Options) string {
	t.Helper()
	src, err := csv.NewSource(inputs(text), o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := src.Schema(t.Context(), &pipeline.Task{Workers: 1}); err != nil {
		return "error: " + err.Error()
	}
	n := src.Sniffed()[0]
	s := n.Dialect.String()
	if n.Preamble > 0 {
		s += fmt.Sprintf(", %d before", n.Preamble)
	}
	if n.Footer > 0 {
		s += fmt.Sprintf(", %d behind", n.Footer)
	}
	if !n.Header {
		s += ", no header"
	}
	return strings.ReplaceAll(s, `delimiter ",", quote ", line end LF`, "plain") + ": " + strings.Join(n.Columns, "|")
}

// TestDetect: what a file's dialect is taken for, and the same when all
// dialects are tried instead of accepting an ordinary file at once.
func TestDetect(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"plain", "a,b\n1,2\n", `plain: a|b`},
		{"header only", "a,b\n", `plain: a|b`},
		{"semicolons, decimal commas", "a;b\n1,5;2,5\n3,5;4,25\n", `delimiter ";", quote ", line end LF: a|b`},
		{"tabs", "a\tb c\n1\tx y\n2\tz w\n", `delimiter "\t", quote ", line end LF: a|b c`},
		{"tilde", "a~b~c\n1~2~3\n4~5~6\n", `delimiter "~", quote ", line end LF: a|b|c`},
		{"unit separator", "a\x1fb\n1\x1f2\n3\x1f4\n", `delimiter "\x1f", quote ", line end LF: a|b`},
		{"colons", "user:pw:uid\nroot:x:0\nbin:x:1\ndaemon:x:2\n", `delimiter ":", quote ", line end LF: user|pw|uid`},
		{"spaces", "id name price\n1 x 2.5\n2 y 3.5\n3 z 4.5\n", `delimiter " ", quote ", line end LF: id|name|price`},
		{"two bars", "id||name||price\n1||x|y||2.5\n2||y||3.5\n3||||4.5\n", `delimiter "||", quote ", line end LF: id|name|price`},
		{"comma and space", "id, name, price\n1, \"x, z\", 2.5\n2, y, 3.5\n3, , 4.5\n", `delimiter ", ", quote ", line end LF: id|name|price`},
		{"comma and space here and there", "id, name,price\n1,x, 2.5\n2, y,3.5\n", `plain: id| name|price`},

		{"single quotes", "a,b\n'x, y',1\n'z','2'\n", `delimiter ",", quote ', line end LF: a|b`},
		{"apostrophes", "a,b\n'tis,1\nmen's,2\n", `plain: a|b`},
		{"backslashes", "a,b\n\"say \\\"hi\\\"\",1\n\"x\\\", y\",2\nz,3\n", `delimiter ",", quote ", escape \, line end LF: a|b`},
		{"one backslash may be damage", "a,b\n\"x\\\" y\",1\nz,3\n", `plain: a|b`},
		{"no quotes", "a,b\n\"big\" joe,1\n\"small\" ann,2\nx,3\n", `delimiter ",", no quotes, line end LF: a|b`},
		{"one odd quote may be damage", "a,b\n\"big\" joe,1\nann,2\nx,3\n", `plain: a|b`},
		{"inches", "a,b\n5\" disk,1\n3\" disk,2\n", `plain: a|b`},

		{"CRLF", "a,b\r\n1,2\r\n", `delimiter ",", quote ", line end CRLF: a|b`},
		{"CR", "a,b\r1,x\r2,y\r", `delimiter ",", quote ", line end CR: a|b`},
		{"mixed", "a,b\n1,x\r2,y\r\n3,z\n", `delimiter ",", quote ", line end mixed: a|b`},
		{"LF with CRs in quotes", "a,b\n1,\"x\ry\"\n2,y\n", `plain: a|b`},

		{"preamble and blank line", "Report of sales\n\nid,region\nx,y\nz,w\n", `plain, 2 before: id|region`},
		{"preamble", "Report of sales\nid,region,amount\n1,n,2\n2,s,3\n", `plain, 1 before: id|region|amount`},
		{"padded preamble", "REPORT,,\n,,\nid,region,amount\n1,n,2\n2,s,3\n", `plain, 2 before: id|region|amount`},
		{"comments before", "# made\n# by hand\na,b\n1,2\n3,4\n", `plain, 2 before: a|b`},
		{"comments between", "a,b\n1,2\n# note\n3,4\n", `delimiter ",", quote ", comments #, line end LF: a|b`},
		{"hash in the header", "#id,name\n1,x\n2,y\n", `plain: #id|name`},
		{"footer behind a blank line", "a,b,c\n1,x,2.5\n2,y,3.5\n\nprinted on Monday\n", `plain, 1 behind: a|b|c`},
		{"footer by its word", "a,b,c\n1,x,2.5\n2,y,3.5\nTotal,6\n", `plain, 1 behind: a|b|c`},
		{"footer of psql", "id|name\n1|x\n2|y\n(2 rows)\n\n", `delimiter "|", quote ", line end LF, 1 behind: id|name`},
		{"a short last row is damage", "a,b,c\n1,x,2.5\n2,y,3.5\n3,z\n", `plain: a|b|c`},

		{"no header", "1,x\n2,y\n3,z\n", `plain, no header: column_1|column_2`},
		{"no header by dates", "2020-01-01,x,1.5\n2020-01-02,y,2.5\n", `plain, no header: column_1|column_2|column_3`},
		{"years as names", "country,2019,2020\nFR,1,2\nDE,3,4\n", `plain: country|2019|2020`},
		{"days as names", "country,2020-01-22,2020-01-23\nFR,1,2\nDE,3,4\n", `plain: country|2020-01-22|2020-01-23`},
		{"a decimal above integers", "x,1.5\ny,2\nz,3\n", `plain, no header: column_1|column_2`},
		{"numbers above text", "1,2\nx,y\nz,w\n", `plain: 1|2`},
		{"texts only", "name,city\nann,rome\nbob,paris\n", `plain: name|city`},
		{"types below", "flag,v\ntrue,1\nfalse,2\n", `plain: flag|v`},

		{"one column of sentences", "comment\nHello, world\nGood, thanks\nYes, sure\n", `delimiter "\x1f", quote ", line end LF: comment`},
		{"one column of addresses", "Address\n1 Main St, Springfield, IL\n2 Oak Ave, Shelbyville, IL\n", `delimiter "\x1f", quote ", line end LF: Address`},
		{"one column of decimal commas", "price\n1,5\n2,5\n", `delimiter "\x1f", quote ", line end LF: price`},
		{"one column of times", "t\n10:00:00\n10:01:00\n10:02:00\n", `plain: t`},
		{"one column of moments", "Date Time\n2020-01-01 10:00:00\n2020-01-02 11:00:00\n2020-01-03 11:00:00\n", `plain: Date Time`},
		{"one column of names", "Full Name\nJohn Smith\nJane Doe\nAnn Lee\n", `plain: Full Name`},
		{"torn first line", "a\n1,x\n2,y\n3,z\n", `plain: a`},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, explain := range []bool{false, true} {
				if got := sniff(t, c.text, csv.Options{Explain: explain}); got != c.want {
					t.Errorf("explain %v: got %s\nwant %s", explain, got, c.want)
				}
			}
		})
	}
}

// TestFixedParts: a part of the dialect that is given is not looked for.
func TestFixedParts(t *testing.T) {
	for _, c := range []struct {
		name string
		text string
		o    csv.Options
		want string
	}{
		{"delimiter", "a;b,c\n1;2,3\n", csv.Options{Delimiter: ";"}, `delimiter ";", quote ", line end LF: a|b,c`},
		{"no header", "a,b\n1,2\n", csv.Options{NoHeader: true}, `plain, no header: column_1|column_2`},
		{"header", "1,2\n3,4\n", csv.Options{Header: true}, `plain: 1|2`},
		{"quote", "a,b\n'x, y',1\n'z','2'\n", csv.Options{Quote: '"', Delimiter: ","}, `plain: a|b`},
		{"no preamble", "Report\nid,region,amount\n1,n,2\n2,s,3\n", csv.Options{NoPreamble: true, Delimiter: ","}, `plain: Report`},
		{"no footer", "a,b,c\n1,x,2.5\n2,y,3.5\nTotal,6\n", csv.Options{NoFooter: true}, `plain: a|b|c`},
		{"footer", "a,b\n1,2\n3,4\n5,6\n", csv.Options{FooterLines: 2}, `plain, 2 behind: a|b`},
		{"no comments", "a,b\n1,2\n# note\n3,4\n", csv.Options{NoComment: true}, `plain: a|b`},
		{"line end", "a,b\n1,x\r2,y\r\n3,z\n", csv.Options{LineEnd: "lf"}, `plain: a|b`},
		{"escape", "a,b\n\"say \\\"hi\\\"\",1\n\"x\\\", y\",2\n", csv.Options{Escape: '"'}, `plain: a|b`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := sniff(t, c.text, c.o); got != c.want {
				t.Errorf("got %s\nwant %s", got, c.want)
			}
		})
	}
	for _, o := range []csv.Options{{Header: true, NoHeader: true}, {LineEnd: "vt"}, {FooterLines: 1001}, {Delimiter: "123456789"}} {
		if _, err := csv.NewSource(nil, o); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
}

// TestReadDetected: tables with all of it, read with any number of workers in
// blocks of any size.
func TestReadDetected(t *testing.T) {
	for _, c := range []struct {
		name string
		in   []string
		o    csv.Options
		want string
	}{
		{"each file its own", []string{"a, b\n1, \"x, y\"\n2, z\n", "a||b\n3||'\n", "# by hand\nb\ta\nx\t4\n", "a;b\n5;\"q\\\";r\"\n6;\"\\\"\"\n"}, csv.Options{}, `
a BIGINT|b VARCHAR
1|x, y
2|z
3|'
4|x
5|q";r
6|"
`},
		{"footer", []string{"a,b\n1,x\n2,y\n\nTotal: 2 rows\n\n", "a,b\n3,z\n4,w\n"}, csv.Options{}, `
a BIGINT|b VARCHAR
1|x
2|y
3|z
4|w
`},
		{"footer given", []string{"a,b\n1,x\n2,y\n\n7,7\nz\n\n"}, csv.Options{FooterLines: 2}, `
a BIGINT|b VARCHAR
1|x
2|y
`},
		{"everything is a footer", []string{"a,b\n1,x\n"}, csv.Options{FooterLines: 1}, `
a VARCHAR|b VARCHAR
`},
		{"mixed line ends", []string{"a,b\n1,\"x\r\ny\"\r2,y\r\n\r\n3,z\r\r"}, csv.Options{}, `
a BIGINT|b VARCHAR
1|x` + "\r" + `
y
2|y
3|z
`},
		{"escapes", []string{"v,i\n\"\\\"\",\"1\"\n\\N,\\N\n\"\",2\nC:\\temp,3\na\\,b,\\\\\n"}, csv.Options{Escape: '\\', Nulls: []string{`\N`}}, `
v VARCHAR|i VARCHAR
"|1
.|.
|2
C:\temp|3
a,b|\
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _, err := everyway(t, inputs(c.in...), c.o)
			if err != nil {
				t.Fatal(err)
			}
			if want := strings.TrimPrefix(c.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestDepartures: what is read although it departs from the dialect is told.
func TestDepartures(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"stray quotes", "a,b\n1,x\n5\" disk,2\nok,3\"\n", `a.csv:3: 2 rows have a quote inside an unquoted field; it was kept as a character (this line is the first)`},
		{"swallowed lines", "a,b\n1,2\n3,\"\n4,5\n6,\"\n7,8\n", `a.csv:3: a quoted field spans lines that read as records of their own; if its quote is a stray one, mend it or say --quote none`},
		{"text of several lines", "a,b,c\n1,\"x\ny, z\",3\n2,\"p\nq\",4\n", ``},
		{"comments", "a,b\n1,2\n#x\n#y\n3,4\n", `a.csv:3: 2 comment lines were skipped, starting with "#" (this line is the first)`},
		{"nothing", "a,b\n1,\"x \"\"y\"\"\"\n", ``},
	} {
		for _, blockBytes := range []int{1, 1 << 20} {
			for _, workers := range []int{1, 4} {
				_, src, err := table(t, workers, inputs(c.text), csv.Options{BlockBytes: blockBytes})
				if err != nil {
					t.Fatal(err)
				}
				if got := strings.Join(src.Departures(), "\n"); got != c.want {
					t.Errorf("%s, block %d, workers %d: got %s\nwant %s", c.name, blockBytes, workers, got, c.want)
				}
			}
		}
	}
}

// FuzzSniff: no text makes detection panic or take long, and reading it again
// finds the same.
func FuzzSniff(f *testing.F) {
	for _, s := range []string{"", "\n", "a", "\x1f", "a,b\n1,2\n", "'", `"`, "#\n#", "a|b\r1|2\n", "a, b\n\"x\\\", y\", z\n\nTotal", strings.Repeat(",", 300) + "\n" + strings.Repeat(";", 300),
		"x\n,\n\n\n(1 row)", "REPORT,,\n,,\nid,a,b\n1,2,3\n", "\xef\xbb\xbf'a'§'b'\r\r\n"} {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	f.Fuzz(func(t *testing.T, text []byte, explain bool) {
		begin := time.Now()
		first := sniff(t, string(text), csv.Options{Explain: explain})
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("%d bytes took %v", len(text), took)
		}
		if again := sniff(t, string(text), csv.Options{Explain: explain}); again != first {
			t.Errorf("%q is %s, and then %s", text, first, again)
		}
	})
}

// BenchmarkSniff is what a small file costs before it is decoded, its types
// included.
func BenchmarkSniff(b *testing.B) {
	plain := "id,name,price,day\n" + strings.Repeat("17,some name,2.50,2026-01-31\n", 100)
	for _, c := range []struct{ name, text string }{
		{"plain", plain},
		{"semicolons", strings.ReplaceAll(plain, ",", ";")},
		{"preamble", "Report\n" + plain},
		{"pairs", strings.ReplaceAll(plain, ",", "||")},
	} {
		b.Run(c.name, func(b *testing.B) {
			in := inputs(c.text)
			task := &pipeline.Task{Workers: 1}
			b.ReportAllocs()
			for b.Loop() {
				src, err := csv.NewSource(in, csv.Options{SampleBytes: 1 << 10})
				if err != nil {
					b.Fatal(err)
				}
				if _, err := src.Schema(b.Context(), task); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
