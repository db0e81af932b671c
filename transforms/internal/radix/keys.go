package radix

import (
	"bytes"
	"encoding/binary"
	"slices"
)

const (
	// compareMax is the length up to which runs are sorted by comparing.
	compareMax = 24
	// depthMax bounds the recursion over what keys have in common at their
	// beginning; longer common beginnings are compared.
	depthMax = 64
)

// Key returns the key of an id; it may write the key to buf.
type Key func(id uint32, buf *[16]byte) []byte

// SortKeys orders ids by ascending key, as bytes.Compare does, and ids of equal
// keys by tie, or not at all where that is nil.
//
// It sorts by the first eight bytes, then each run of equal ones by the next
// eight, and so on, so that keys are seldom compared as a whole.
func SortKeys(ids []uint32, key Key, tie func(a, b uint32) int) {
	s := keySorter{key: key, tie: tie}
	s.sort(ids, make([]uint64, len(ids)), 0)
}

type keySorter struct {
	key Key
	tie func(a, b uint32) int
}

func (s *keySorter) sort(ids []uint32, words []uint64, depth int) {
	if len(ids) <= compareMax || depth == depthMax {
		s.compareAll(ids)
		return
	}
	var buf [16]byte
	at, more := 8*depth, false
	for i, id := range ids {
		k := s.key(id, &buf)
		words[i] = wordAt(k, at)
		more = more || len(k) > at+8
	}
	Sort(words, ids)
	for start := 0; start < len(ids); {
		end := start + 1
		for end < len(ids) && words[end] == words[start] {
			end++
		}
		switch run := ids[start:end]; {
		case len(run) == 1:
		case more:
			s.sort(run, words[start:end], depth+1)
		default:
			// Equal, but for zeros that one key ends in and the other lacks.
			s.compareAll(run)
		}
		start = end
	}
}

func (s *keySorter) compareAll(ids []uint32) {
	if len(ids) < 2 {
		return
	}
	compare := func(a, b uint32) int {
		var bufA, bufB [16]byte
		if c := bytes.Compare(s.key(a, &bufA), s.key(b, &bufB)); c != 0 || s.tie == nil {
			return c
		}
		return s.tie(a, b)
	}
	if !slices.IsSortedFunc(ids, compare) {
		slices.SortFunc(ids, compare)
	}
}

// wordAt returns the eight bytes of k from at, zeros where k has ended.
func wordAt(k []byte, at int) uint64 {
	if at+8 <= len(k) {
		return binary.BigEndian.Uint64(k[at:])
	}
	var b [8]byte
	if at < len(k) {
		copy(b[:], k[at:])
	}
	return binary.BigEndian.Uint64(b[:])
}
