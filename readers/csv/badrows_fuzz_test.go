package csv_test

import (
	"fmt"
	"strings"
	"testing"

	"csvloom/readers/csv"
)

// hostileTexts are texts of which parts are bad rows.
var hostileTexts = []string{
	"a,b,c\n1,2,3\n4,5\n\n6,7,8,9\n10,11,12\n", "a,b,c\r\n1,\"x\"y,\"q,r\"\r\n\r\n2,z,\r\n",
	"a,b,c\n1,\"x,y\n2,z,z\n\n3,\"w,w\",w\n4,v,v\n", "a,b\n1,x\n\"2,y\n3,z\nfour\n5,v",
	"a,b,c\n1,\"2\n3,4,5\n6,7,8\n\"\n1,1,1\n", "a,b\n1,caf\xe9\n2,x\x00y\n3,ok\n", "a,b\n1,5\" disk\n2,x\n",
	"a;b\r1;'x\r2;y'z\r3;\n\r", "#c\na,b\n1,2\n#x\n\"#\n#,\n3,4\n", "a,b\n1,2\\\n,3\n\"\\\"\n,4\n5,6",
	"a,b\n" + strings.Repeat("x", 70) + ",1\n2,3\n4,\"" + strings.Repeat("q\n", 40) + "\"\n5,6\n",
	"a,b\n1,2\nx,\"y\nz,3\n\"w\"v,\"u\n4,5\n6,\"s\nr\",7\n8,9\n", "\xff,\xfe\n1,2\n", "a,b\n,\n\"\",\"\"\n\"\"\"\n\n\r\n,,\n",
}

// FuzzBadRows holds bad rows to the blocks they are found in: for any text the
// rows, the rejects and the counts are the same whatever the blocks are, and the
// counts are those of the rows and rejects.
func FuzzBadRows(f *testing.F) {
	for _, text := range hostileTexts {
		for flags := range uint8(8) {
			f.Add(text, flags, uint8(0))
		}
		f.Add(text, uint8(1), uint8(40))
		f.Add(text, uint8(0x58), uint8(9))
	}
	f.Fuzz(func(t *testing.T, text string, flags, rowBytes uint8) {
		o := csv.Options{OnError: csv.Skip, RowBytesMax: int(rowBytes), NoFooter: true, Delimiter: ","}
		if flags&1 != 0 {
			o.OnError = csv.Repair
		}
		if flags&2 != 0 {
			o.Types = typesAB
		}
		if flags&4 != 0 {
			o.Quote = '"'
		}
		if flags&8 != 0 {
			o.Delimiter, o.Quote = "||", '\''
		}
		if flags&16 != 0 {
			o.Comment = "#"
		}
		if flags&32 != 0 {
			o.Escape = '\\'
		}
		if flags&64 != 0 {
			o.LineEnd = "mixed"
		}
		if flags&128 != 0 {
			o.Delimiter = "" // to be found out
		}
		var first [3]string
		for i, way := range []struct{ workers, blockBytes int }{{1, 1 << 20}, {1, 1}, {2, 7}, {2, 64}} {
			o.BlockBytes = way.blockBytes
			rows, rejects, account := lenient(t, text, way.workers, o)
			if strings.HasPrefix(account, "error:") {
				rows, rejects = "", "" // as far as the run came
			}
			got := [3]string{rows, rejects, account}
			if i == 0 {
				first = got
				continue
			}
			if got != first {
				t.Fatalf("%+v, blocks of %d: rows\n%srejects\n%s%s\nin one block\n%s%s%s", o, way.blockBytes, rows, rejects, account, first[0], first[1], first[2])
			}
		}
		var in, kept, rejected, blank int
		if n, _ := fmt.Sscanf(first[2], "%d = %d + %d, %d blank", &in, &kept, &rejected, &blank); n == 4 {
			if got := strings.Count(first[1], " rejected: ") + strings.Count(first[1], " truncated: "); in != kept+rejected || got < rejected {
				t.Fatalf("%s, and %d rejects:\n%s", first[2], got, first[1])
			}
		}
	})
}

// TestSingleQuotesDamaged: one damaged record does not hide that ' is the quote.
func TestSingleQuotesDamaged(t *testing.T) {
	text := "n;'name'\n1;'alpha; etc'\n2;beta\n3;'gamma; etc'\n4;delta\n5;'alpha; etc'\n6;'abc'def\n7;beta\n8;beta\n9;'o; p'\n10;q\n11;q\n12;q\n"
	rows, rejects, account := lenient(t, text, 1, csv.Options{OnError: csv.Skip})
	if !strings.HasPrefix(rows, "1|alpha; etc\n2|beta\n") || strings.Count(rejects, "\n") != 1 || account != "12 = 11 + 1, 0 blank" {
		t.Errorf("rows\n%srejects\n%s%s", rows, rejects, account)
	}
}

// TestHeaderWithNUL: a NUL in a name is an error also where bad rows are skipped.
func TestHeaderWithNUL(t *testing.T) {
	for _, text := range []string{"a,b\x00\n1,2\n", strings.Repeat("\x00", 10_000)} {
		if _, _, account := lenient(t, text, 1, csv.Options{OnError: csv.Skip}); !strings.Contains(account, ":1:") || !strings.Contains(account, "NUL byte") {
			t.Errorf("%.40q: %s", text, account)
		}
	}
}
