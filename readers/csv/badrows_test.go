package csv_test

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
	"csvloom/readers/csv"

	"github.com/apache/arrow/go/v17/arrow/memory"
)

// rejectList collects rejects and prints them in input order.
type rejectList struct {
	mu   sync.Mutex
	list []placedReject
	rows *strings.Builder // what the run has printed, if anything: it starts over too
}

type placedReject struct {
	seq pipeline.Seq
	pipeline.Reject
}

func (l *rejectList) Add(seq pipeline.Seq, rejects iter.Seq[pipeline.Reject]) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for r := range rejects {
		l.list = append(l.list, placedReject{seq, r})
	}
	return nil
}

func (l *rejectList) Reset() {
	l.list = nil
	if l.rows != nil {
		l.rows.Reset()
	}
}

func (l *rejectList) String() string {
	slices.SortStableFunc(l.list, func(a, b placedReject) int {
		return cmp.Or(cmp.Compare(a.seq.Source, b.seq.Source), cmp.Compare(a.Offset, b.Offset))
	})
	var s strings.Builder
	for _, r := range l.list {
		column := ""
		if r.Column != "" {
			column = " " + r.Column
		}
		fmt.Fprintf(&s, "%d %d@%d%s %s: %s %q\n", r.Line, r.Pos.Line, r.Offset, column, r.Action, r.Error, r.Raw)
	}
	return s.String()
}

// lenient reads a text and returns its rows, the rejects, and the account.
func lenient(t *testing.T, text string, workers int, o csv.Options) (rows, rejects, account string) {
	t.Helper()
	alloc := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer alloc.AssertSize(t, 0)
	src, err := csv.NewSource(inputs(text), o)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	list := &rejectList{rows: &out}
	report, err := pipeline.Run(t.Context(), pipeline.Plan{Source: src, Workers: workers, Alloc: alloc, Rejects: list,
		Sink: pipeline.Collect(printRows(&out))})
	if err != nil {
		return out.String(), list.String(), "error: " + err.Error()
	}
	in := report.Inputs[0]
	return out.String(), list.String(), fmt.Sprintf("%d = %d + %d, %d blank", in.RowsIn, in.RowsKept, in.RowsRejected, in.BlankLines)
}

var typesAB = []csv.ColumnType{{Name: "a", Type: sqltype.BigInt}, {Name: "b", Type: sqltype.Double}}

func TestBadRows(t *testing.T) {
	for _, test := range []struct {
		name, text string
		o          csv.Options
		onError    csv.OnError
		rows       string
		rejects    string
		account    string
	}{
		{
			name: "widths", text: "a,b,c\n1,2,3\n4,5\n\n6,7,8,9\n10,11,12\n", onError: csv.Skip,
			rows:    "1|2|3\n10|11|12\n",
			rejects: "3 3@12 rejected: the record has 2 fields, expected 3 as in the header \"4,5\"\n5 5@17 rejected: the record has 4 fields, expected 3 as in the header \"6,7,8,9\"\n",
			account: "4 = 2 + 2, 1 blank",
		},
		{
			name: "widths mended", text: "a,b,c\r\n1,2,3\r\n4,5\r\n\r\n6,7,8,9\r\n10,\"x,\"\"y\"\r\n", onError: csv.Repair,
			o:       csv.Options{AllVarchar: true},
			rows:    "1|2|3\n4|5|.\n6|7|8\n10|x,\"y|.\n",
			rejects: "3 3@14 repaired: the record has 2 fields, expected 3 as in the header \"4,5\"\n5 5@21 repaired: the record has 4 fields, expected 3 as in the header \"6,7,8,9\"\n6 6@30 repaired: the record has 2 fields, expected 3 as in the header \"10,\\\"x,\\\"\\\"y\\\"\"\n",
			account: "4 = 4 + 0, 1 blank",
		},
		{
			name: "values", text: "a,b,c\n1,2.5,x\none,2,y\n3,two,z\nfour,4,4\n5,5,five\n", onError: csv.Skip, o: csv.Options{Types: typesAB},
			rows:    "1|2.5|x\n5|5|five\n",
			rejects: "3 3@14 a rejected: found \"one\", expected BIGINT \"one,2,y\"\n4 4@22 b rejected: found \"two\", expected DOUBLE \"3,two,z\"\n5 5@30 a rejected: found \"four\", expected BIGINT \"four,4,4\"\n",
			account: "5 = 2 + 3, 0 blank",
		},
		{
			name: "values mended", text: "a,b,c\n1,2.5,x\none,two,y\n3,3,z\n", onError: csv.Repair, o: csv.Options{Types: typesAB},
			rows:    "1|2.5|x\n.|.|y\n3|3|z\n",
			rejects: "3 3@14 a repaired: found \"one\", expected BIGINT \"one,two,y\"\n3 3@14 b repaired: found \"two\", expected DOUBLE \"one,two,y\"\n",
			account: "3 = 3 + 0, 0 blank",
		},
		{
			name: "text after a quote", text: "a,b\n1,\"x\"y\n2,z\n", onError: csv.Skip,
			rows:    "2|z\n",
			rejects: "2 2@4 rejected: found \"y\", expected a delimiter or the line's end behind a closing quote \"1,\\\"x\\\"y\"\n",
			account: "2 = 1 + 1, 0 blank",
		},
		{
			name: "text after a quote mended", text: "a,b,c\n1,\"x\"y,\"q,r\"\n2,z,\n", onError: csv.Repair, o: csv.Options{AllVarchar: true},
			rows:    "1|\"x\"y|q,r\n2|z|.\n",
			rejects: "2 2@6 repaired: found \"y,\\\"q,r\\\"\", expected a delimiter or the line's end behind a closing quote \"1,\\\"x\\\"y,\\\"q,r\\\"\"\n",
			account: "2 = 2 + 0, 0 blank",
		},
		{
			name: "a quote swallows lines", text: "a,b,c\n1,\"x,y\n2,z,z\n\n3,\"w,w\",w\n4,v,v\n", onError: csv.Skip, o: csv.Options{AllVarchar: true},
			rows:    "2|z|z\n3|w,w|w\n4|v|v\n",
			rejects: "2 5@6 rejected: found \"w,w\\\",w\", expected a delimiter or the line's end behind a closing quote of the record that starts on line 2 \"1,\\\"x,y\"\n",
			account: "4 = 3 + 1, 1 blank",
		},
		{
			name: "a quote swallows lines, mended", text: "a,b,c\n1,\"x,y\n2,z,z\n3,\"w,w\",w\n4,v,v\n", onError: csv.Repair, o: csv.Options{AllVarchar: true},
			rows:    "1|\"x|y\n2|z|z\n3|w,w|w\n4|v|v\n",
			rejects: "2 4@6 repaired: found \"w,w\\\",w\", expected a delimiter or the line's end behind a closing quote of the record that starts on line 2 \"1,\\\"x,y\"\n",
			account: "4 = 4 + 0, 0 blank",
		},
		{
			name: "a quote that is never closed", text: "a,b\n1,x\n\"2,y\n3,z\nfour\n5,v", onError: csv.Skip, o: csv.Options{AllVarchar: true},
			rows:    "1|x\n3|z\n5|v\n",
			rejects: "3 3@8 rejected: the quote that opens here is never closed \"\\\"2,y\"\n5 5@17 rejected: the record has 1 field, expected 2 as in the header \"four\"\n",
			account: "5 = 3 + 2, 0 blank",
		},
		{
			name: "quotes that swallow whole records", text: "a,b,c\n1,\"2\n3,4,5\n6,7,8\n\",9\n1,1,1\n", onError: csv.Skip, o: csv.Options{AllVarchar: true},
			rows:    "1|2\n3,4,5\n6,7,8\n|9\n1|1|1\n",
			account: "2 = 2 + 0, 0 blank",
		},
		{
			name: "a wrong width over lines", text: "a,b,c\n1,\"2\n3,4,5\n6,7,8\n\"\n1,1,1\n", onError: csv.Skip, o: csv.Options{AllVarchar: true},
			rows:    "3|4|5\n6|7|8\n1|1|1\n",
			rejects: "2 2@6 rejected: the record has 2 fields, expected 3 as in the header \"1,\\\"2\"\n5 5@23 rejected: the quote that opens here is never closed \"\\\"\"\n",
			account: "5 = 3 + 2, 0 blank",
		},
		{
			name: "not UTF-8 and NUL", text: "a,b\n1,caf\xe9\n2,x\x00y\n3,ok\n", onError: csv.Skip,
			rows:    "3|ok\n",
			rejects: "2 2@4 b rejected: found \"caf\\xe9\", which is not UTF-8 \"1,caf\\xe9\"\n3 3@11 b rejected: found \"x\\x00y\", which has a NUL byte \"2,x\\x00y\"\n",
			account: "3 = 1 + 2, 0 blank",
		},
		{
			name: "not UTF-8, mended", text: "a,b\n1,caf\xe9\n3,ok\n", onError: csv.Repair,
			rows:    "1|.\n3|ok\n",
			rejects: "2 2@4 b repaired: found \"caf\\xe9\", which is not UTF-8 \"1,caf\\xe9\"\n",
			account: "2 = 2 + 0, 0 blank",
		},
		{
			name: "a quote that is never closed, before short rows", text: "id,v\r\n1,a\r\n2,\"c\r\n3\r\n4\r\n", onError: csv.Repair, o: csv.Options{AllVarchar: true},
			rows: "1|a\n2|\"c\n3|.\n4|.\n",
			rejects: "3 3@11 repaired: the quote that opens here is never closed \"2,\\\"c\"\n" +
				"4 4@17 repaired: the record has 1 field, expected 2 as in the header \"3\"\n" +
				"5 5@20 repaired: the record has 1 field, expected 2 as in the header \"4\"\n",
			account: "4 = 4 + 0, 0 blank",
		},
		{
			name: "an odd quote before a CR", text: "a,b,c\n1,2,3\n\",\"\"\r\na", onError: csv.Repair, o: csv.Options{AllVarchar: true},
			rows:    "1|2|3\n\"||.\na|.|.\n",
			rejects: "3 3@12 repaired: the quote that opens here is never closed \"\\\",\\\"\\\"\"\n4 4@18 repaired: the record has 1 field, expected 3 as in the header \"a\"\n",
			account: "3 = 3 + 0, 0 blank",
		},
		{
			name: "a good record of another width over lines", text: "id,v\n1,a\n3,\"x\ny\",z\n4,d\n", onError: csv.Skip,
			rows:    "1|a\n4|d\n",
			rejects: "3 3@9 rejected: the record has 3 fields, expected 2 as in the header \"3,\\\"x\\ny\\\",z\"\n",
			account: "3 = 2 + 1, 0 blank",
		},
		{
			name: "a bad value in a row that is bad anyway", text: "a,b\n1,x\n2,y\nabc,\xff\n3,z\n", onError: csv.Skip, o: csv.Options{SampleBytes: 4},
			rows:    "1|x\n2|y\n3|z\n",
			rejects: "4 4@12 b rejected: found \"\\xff\", which is not UTF-8 \"abc,\\xff\"\n",
			account: "4 = 3 + 1, 0 blank",
		},
		{
			name: "too long", text: "a,b\n1,x\n2," + strings.Repeat("y", 40) + "\n3,z\n4,\"" + strings.Repeat("q\n", 20) + "\"\n5,w\n", onError: csv.Skip,
			o:    csv.Options{RowBytesMax: 16, AllVarchar: true},
			rows: "1|x\n3|z\n5|w\n",
			rejects: "3 3@8 truncated: the record is longer than 16 bytes \"2,yyyyyyyyyyyyyy\"\n5 5@55 rejected: the record is longer than 16 bytes \"4,\\\"q\"\n" +
				func() (s string) {
					for i := range 19 {
						s += fmt.Sprintf("%d %d@%d rejected: the record has 1 field, expected 2 as in the header \"q\"\n", 6+i, 6+i, 60+2*i)
					}
					return s
				}() + "25 25@98 rejected: the quote that opens here is never closed \"\\\"\"\n",
			account: "25 = 3 + 22, 0 blank",
		},
		{
			name: "a kept quote", text: "a,b\n1,5\" disk\n2,x\n", onError: csv.Fail, o: csv.Options{Account: true},
			rows:    "1|5\" disk\n2|x\n",
			rejects: "2 2@4 kept: a quote inside an unquoted field \"1,5\\\" disk\"\n",
			account: "2 = 2 + 0, 0 blank",
		},
		{
			name: "a kept quote in a row of two lines, and one in a row that is skipped", text: "a,b,c\n1,2,\"x\ny\"\n3,\"4\",5\" disk\n\"5\",1.5,\"p\nq\"\nsix,1,7\" disk\n7,8,9\"\n", onError: csv.Skip,
			o:       csv.Options{Types: typesAB},
			rows:    "1|2|x\ny\n3|4|5\" disk\n5|1.5|p\nq\n7|8|9\"\n",
			rejects: "4 4@16 kept: a quote inside an unquoted field \"3,\\\"4\\\",5\\\" disk\"\n7 7@44 a rejected: found \"six\", expected BIGINT \"six,1,7\\\" disk\"\n8 8@58 kept: a quote inside an unquoted field \"7,8,9\\\"\"\n",
			account: "5 = 4 + 1, 0 blank",
		},
		{
			name: "a kept quote behind a field of two lines", text: "a,b\n\"1\n2\",5\" disk\n3,4\n", onError: csv.Skip, o: csv.Options{AllVarchar: true},
			rows:    "1\n2|5\" disk\n3|4\n",
			rejects: "2 3@4 kept: a quote inside an unquoted field \"\\\"1\\n2\\\",5\\\" disk\"\n",
			account: "2 = 2 + 0, 0 blank",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, workers := range []int{1, 2, 8} {
				for _, blockBytes := range []int{1, 7, 64, 1 << 20} {
					o := test.o
					o.OnError, o.BlockBytes, o.Delimiter = test.onError, blockBytes, ","
					rows, rejects, account := lenient(t, test.text, workers, o)
					if rows != test.rows || rejects != test.rejects || account != test.account {
						t.Fatalf("%d workers, blocks of %d: rows\n%srejects\n%s%s\nwant\n%s%s%s", workers, blockBytes, rows, rejects, account, test.rows, test.rejects, test.account)
					}
				}
			}
		})
	}
}
