package main

import "strconv"

// h2oGroups is K of the db-benchmark of H2O.ai, whose groupby table this is
// like: id1, id2, id4 and id5 have K values, id3 and id6 have one for each K rows.
const h2oGroups = 100

var h2oTable = &table{
	name:   "h2o",
	header: "id1,id2,id3,id4,id5,id6,v1,v2,v3\n",
	rows:   appendH2o,
}

func appendH2o(dst []byte, r *random, s span) []byte {
	many := max(1, s.total/h2oGroups)
	for range s.count {
		dst = append(dst, "id"...)
		dst = appendPadded(dst, r.between(1, h2oGroups), 3)
		dst = append(dst, ",id"...)
		dst = appendPadded(dst, r.between(1, h2oGroups), 3)
		dst = append(dst, ",id"...)
		dst = appendPadded(dst, r.between(1, many), 10)
		dst = append(dst, ',')
		dst = strconv.AppendInt(dst, r.between(1, h2oGroups), 10)
		dst = append(dst, ',')
		dst = strconv.AppendInt(dst, r.between(1, h2oGroups), 10)
		dst = append(dst, ',')
		dst = strconv.AppendInt(dst, r.between(1, many), 10)
		dst = append(dst, ',')
		dst = strconv.AppendInt(dst, r.between(1, 5), 10)
		dst = append(dst, ',')
		dst = strconv.AppendInt(dst, r.between(1, 15), 10)
		dst = append(dst, ',')
		dst = appendScaled(dst, r.below(100_000_000), 6)
		dst = append(dst, '\n')
	}
	return dst
}

// uniqueTable has a key that no two rows share, in no order.
var uniqueTable = &table{
	name:   "unique",
	header: "id,v\n",
	rows:   appendUnique,
}

// appendUnique multiplies row numbers with an odd number modulo 2⁴⁰, which
// gives every row another product.
func appendUnique(dst []byte, r *random, s span) []byte {
	const modulus, odd = 1 << 40, 679_891_637_639
	for row := s.first; row < s.first+s.count; row++ {
		dst = appendPadded(dst, int64(uint64(row)*odd%modulus), 1)
		dst = append(dst, ',')
		dst = strconv.AppendInt(dst, r.below(1000), 10)
		dst = append(dst, '\n')
	}
	return dst
}
