package take

import (
	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
)

// single gathers from one column.
type single struct {
	column column
	rows   []int32
}

func (s *single) len() int       { return len(s.rows) }
func (s *single) hasNulls() bool { return s.column.validity != nil }

func (s *single) bits(dst []byte, of func(*column) []byte) (zeros int) {
	src, offset := of(&s.column), s.column.offset
	var word byte
	for i, row := range s.rows {
		p := uint(offset + int(row))
		bit := src[p>>3] >> (p & 7) & 1
		word |= bit << (uint(i) & 7)
		zeros += int(1 - bit)
		if i&7 == 7 {
			dst[i>>3] = word
			word = 0
		}
	}
	if n := len(s.rows); n&7 != 0 {
		dst[n>>3] = word
	}
	return zeros
}

func pick[T any](dst, src []T, rows []int32) {
	dst = dst[:len(rows)]
	for i, row := range rows {
		dst[i] = src[row]
	}
}

func (s *single) fixed1(dst []uint8) { pick(dst, s.column.data[s.column.offset:], s.rows) }

func (s *single) fixed2(dst []uint16) {
	pick(dst, arrow.Uint16Traits.CastFromBytes(s.column.data)[s.column.offset:], s.rows)
}

func (s *single) fixed4(dst []uint32) {
	pick(dst, arrow.Uint32Traits.CastFromBytes(s.column.data)[s.column.offset:], s.rows)
}

func (s *single) fixed8(dst []uint64) {
	pick(dst, arrow.Uint64Traits.CastFromBytes(s.column.data)[s.column.offset:], s.rows)
}

func (s *single) fixed16(dst []decimal128.Num) {
	pick(dst, arrow.Decimal128Traits.CastFromBytes(s.column.data)[s.column.offset:], s.rows)
}

func (s *single) offsets() []int32 {
	if len(s.rows) == 0 {
		return nil
	}
	return arrow.Int32Traits.CastFromBytes(s.column.data)[s.column.offset:]
}

func (s *single) textBytes() (total int64) {
	offsets := s.offsets()
	for _, row := range s.rows {
		total += int64(offsets[row+1] - offsets[row])
	}
	return total
}

func (s *single) texts(dst []int32, text []byte) {
	offsets, src := s.offsets(), s.column.text
	at := 0
	for i, row := range s.rows {
		dst[i] = int32(at)
		at += copy(text[at:], src[offsets[row]:offsets[row+1]])
	}
	dst[len(s.rows)] = int32(at)
}
