package aggregate

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// TestTextTable holds the table to what a map says, for texts of all lengths
// around the bounds, at the end of the data too.
func TestTextTable(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var table textTable
	numbers := map[string]uint32{}
	for range 60 {
		var data []byte
		offsets := []int32{0}
		for range rng.IntN(700) {
			n := rng.IntN(20)
			text := strings.Repeat("x\x00", n)[:n] + fmt.Sprint(rng.IntN(400))
			if rng.IntN(3) == 0 {
				text = text[:rng.IntN(len(text))]
			}
			data = append(data, text...)
			offsets = append(offsets, int32(len(data)))
		}
		ids := make([]uint32, len(offsets)-1)
		table.lookup(data, offsets, ids)
		for i, id := range ids {
			text := string(data[offsets[i]:offsets[i+1]])
			want, ok := numbers[text]
			if !ok {
				want = id
				numbers[text] = id
			}
			var buf [16]byte
			if id != want || string(table.text(&buf, id)) != text {
				t.Fatalf("%q has number %d, which is %q; want %d", text, id, table.text(&buf, id), want)
			}
		}
	}
	if table.len() != len(numbers) || table.len() < 500 {
		t.Errorf("the table holds %d texts, want %d", table.len(), len(numbers))
	}
}

func TestWordTable(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var table wordTable
	numbers := map[uint64]uint32{}
	for round := range 40 {
		keys := make([]uint64, rng.IntN(1000))
		for i := range keys {
			keys[i] = rng.Uint64N(5000) << (round % 3 * 20)
		}
		ids := make([]uint32, len(keys))
		table.lookup(keys, ids)
		for i, id := range ids {
			want, ok := numbers[keys[i]]
			if !ok {
				want = id
				numbers[keys[i]] = id
			}
			if id != want || table.keys[id] != keys[i] {
				t.Fatalf("%d has number %d, want %d", keys[i], id, want)
			}
		}
	}
	if len(table.keys) != len(numbers) {
		t.Errorf("the table holds %d keys, want %d", len(table.keys), len(numbers))
	}
}

// TestTextsOfEqualHash: what is unlike must stay apart also where all hashes
// collide.
func TestTextsOfEqualHash(t *testing.T) {
	var table textTable
	table.open()
	long := func(text string) uint32 {
		return table.findKey(textKey{0, 7 | uint64(len(text))<<32}, 5, []byte(text))
	}
	short := func(text string) uint32 {
		return table.findKey(shortKey([]byte(text), 0, len(text)), 5, []byte(text))
	}
	seen := map[uint32]bool{}
	for _, text := range []string{"a text of twenty one b", "a text of twenty one c"} {
		id := long(text)
		if seen[id] || long(text) != id {
			t.Errorf("%q has number %d", text, id)
		}
		seen[id] = true
	}
	for _, text := range []string{"", "\x00", "a", "a\x00", "a\x00\x00", "123456789012"} {
		id := short(text)
		if seen[id] || short(text) != id {
			t.Errorf("%q has number %d", text, id)
		}
		seen[id] = true
	}
}
