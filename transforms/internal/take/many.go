package take

import (
	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
)

// many gathers from several chunks of one column.
type many struct {
	columns []column
	refs    []Ref
}

func (m *many) len() int { return len(m.refs) }

func (m *many) hasNulls() bool {
	for i := range m.columns {
		if m.columns[i].validity != nil {
			return true
		}
	}
	return false
}

func (m *many) bits(dst []byte, of func(*column) []byte) (zeros int) {
	clear(dst)
	sources := make([][]byte, len(m.columns))
	for i := range m.columns {
		sources[i] = of(&m.columns[i])
	}
	for i, r := range m.refs {
		src := sources[r.Chunk]
		p := uint(m.columns[r.Chunk].offset + int(r.Row))
		if src == nil || src[p>>3]>>(p&7)&1 != 0 {
			dst[i>>3] |= 1 << (uint(i) & 7)
		} else {
			zeros++
		}
	}
	return zeros
}

func pickMany[T any](dst []T, columns []column, refs []Ref, cast func([]byte) []T) {
	sources := make([][]T, len(columns))
	for i, c := range columns {
		if len(c.data) > 0 {
			sources[i] = cast(c.data)[c.offset:]
		}
	}
	dst = dst[:len(refs)]
	for i, r := range refs {
		dst[i] = sources[r.Chunk][r.Row]
	}
}

func (m *many) fixed1(dst []uint8) {
	pickMany(dst, m.columns, m.refs, func(b []byte) []uint8 { return b })
}

func (m *many) fixed2(dst []uint16) {
	pickMany(dst, m.columns, m.refs, arrow.Uint16Traits.CastFromBytes)
}

func (m *many) fixed4(dst []uint32) {
	pickMany(dst, m.columns, m.refs, arrow.Uint32Traits.CastFromBytes)
}

func (m *many) fixed8(dst []uint64) {
	pickMany(dst, m.columns, m.refs, arrow.Uint64Traits.CastFromBytes)
}

func (m *many) fixed16(dst []decimal128.Num) {
	pickMany(dst, m.columns, m.refs, arrow.Decimal128Traits.CastFromBytes)
}

func (m *many) offsets() [][]int32 {
	offsets := make([][]int32, len(m.columns))
	for i, c := range m.columns {
		if len(c.data) > 0 {
			offsets[i] = arrow.Int32Traits.CastFromBytes(c.data)[c.offset:]
		}
	}
	return offsets
}

func (m *many) textBytes() (total int64) {
	offsets := m.offsets()
	for _, r := range m.refs {
		o := offsets[r.Chunk]
		total += int64(o[r.Row+1] - o[r.Row])
	}
	return total
}

func (m *many) texts(dst []int32, text []byte) {
	offsets := m.offsets()
	at := 0
	for i, r := range m.refs {
		o := offsets[r.Chunk]
		dst[i] = int32(at)
		at += copy(text[at:], m.columns[r.Chunk].text[o[r.Row]:o[r.Row+1]])
	}
	dst[len(m.refs)] = int32(at)
}
