package main

import (
	"strconv"
	"time"

	"csvloom/pipeline/sqltype"

	"github.com/apache/arrow/go/v17/arrow"
)

// lineitemTable has the columns and the ranges of LINEITEM in the TPC-H
// specification (revision 3, 4.2.3), but for comments, which have commas more
// often and are quoted then.
var lineitemTable = &table{
	name: "lineitem",
	header: "l_orderkey,l_partkey,l_suppkey,l_linenumber,l_quantity,l_extendedprice,l_discount,l_tax," +
		"l_returnflag,l_linestatus,l_shipdate,l_commitdate,l_receiptdate,l_shipinstruct,l_shipmode,l_comment\n",
	rows: appendLineitem,
}

var (
	orderDateFirst = epochDay(1992, time.January, 1)
	orderDateLast  = epochDay(1998, time.August, 2)
	tpchToday      = epochDay(1995, time.June, 17)
)

var (
	shipInstructions = []string{"DELIVER IN PERSON", "COLLECT COD", "NONE", "TAKE BACK RETURN"}
	shipModes        = []string{"REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"}
	commentWords     = []string{
		"express", "pending", "regular", "special", "furious", "careful", "quick", "silent", "ironic", "final",
		"deposits", "packages", "accounts", "requests", "theodolites", "pinto beans", "foxes", "ideas", "asymptotes",
		"sleep", "haggle", "nag", "wake", "boost", "detect", "integrate", "cajole",
		"above", "along", "among", "across the", "after the", "slyly", "blithely", "even",
	}
)

func epochDay(year int, month time.Month, day int) int64 {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86400
}

func appendLineitem(dst []byte, r *random, s span) []byte {
	parts := max(1, s.total/30)
	suppliers := max(1, s.total/600)
	end := s.first + s.count
	for row := s.first; row < end; {
		order := row + 1 // keys have gaps, as they have in TPC-H
		ordered := r.between(orderDateFirst, orderDateLast-121-30)
		lines := min(r.between(1, 7), end-row)
		for line := range lines {
			dst = strconv.AppendInt(dst, order, 10)
			dst = append(dst, ',')
			dst = appendLine(dst, r, line+1, ordered, parts, suppliers)
		}
		row += lines
	}
	return dst
}

// appendLine appends the columns of a line but for the key of its order.
func appendLine(dst []byte, r *random, line, ordered, parts, suppliers int64) []byte {
	part := r.between(1, parts)
	quantity := r.between(1, 50)
	retailCents := 90_000 + part/10%20_001 + 100*(part%1000)
	shipped := ordered + r.between(1, 121)
	committed := ordered + r.between(30, 90)
	received := shipped + r.between(1, 30)

	dst = strconv.AppendInt(dst, part, 10)
	dst = append(dst, ',')
	dst = strconv.AppendInt(dst, r.between(1, suppliers), 10)
	dst = append(dst, ',')
	dst = strconv.AppendInt(dst, line, 10)
	dst = append(dst, ',')
	dst = strconv.AppendInt(dst, quantity, 10)
	dst = append(dst, ',')
	dst = appendScaled(dst, quantity*retailCents, 2)
	dst = append(dst, ',')
	dst = appendScaled(dst, r.between(0, 10), 2)
	dst = append(dst, ',')
	dst = appendScaled(dst, r.between(0, 8), 2)
	switch {
	case received > tpchToday:
		dst = append(dst, ",N,"...)
	case r.oneIn(2):
		dst = append(dst, ",R,"...)
	default:
		dst = append(dst, ",A,"...)
	}
	if shipped > tpchToday {
		dst = append(dst, "O,"...)
	} else {
		dst = append(dst, "F,"...)
	}
	for _, day := range [...]int64{shipped, committed, received} {
		dst = sqltype.AppendDate(dst, arrow.Date32(day))
		dst = append(dst, ',')
	}
	dst = append(dst, shipInstructions[r.below(int64(len(shipInstructions)))]...)
	dst = append(dst, ',')
	dst = append(dst, shipModes[r.below(int64(len(shipModes)))]...)
	dst = append(dst, ',')
	dst = appendComment(dst, r)
	return append(dst, '\n')
}

// appendComment appends some words; one comment in four has a comma and quotes.
func appendComment(dst []byte, r *random) []byte {
	quoted := r.oneIn(4)
	if quoted {
		dst = append(dst, '"')
	}
	words := r.between(3, 5)
	for w := range words {
		if w > 0 {
			dst = append(dst, ' ')
		}
		dst = append(dst, commentWords[r.below(int64(len(commentWords)))]...)
		if quoted && w == 1 {
			dst = append(dst, ',')
		}
	}
	if quoted {
		dst = append(dst, '"')
	}
	return dst
}
