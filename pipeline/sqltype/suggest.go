package sqltype

import (
	"strings"
	"unicode/utf8"
)

// suggestRunesMax bounds the words that are compared: the distance costs
// their product.
const suggestRunesMax = 64

// Suggest returns the known word nearest to a misspelt one, for "did you
// mean", or "" if none is near: at most one edit in three characters, counting
// an insertion, deletion, substitution or swap of neighbours as one
// (Damerau-Levenshtein, optimal string alignment). Case does not count, except
// that it decides between equally near words; then the first in byte order
// wins.
func Suggest(word string, known []string) string {
	n := utf8.RuneCountInString(word)
	if n == 0 || n > suggestRunesMax {
		return ""
	}
	lower := []rune(strings.ToLower(word))
	best, bestDistance, bestExact := "", max(1, n/3)+1, 0
	for _, k := range known {
		m := utf8.RuneCountInString(k)
		if m == 0 || m > suggestRunesMax || abs(m-n) > bestDistance {
			continue
		}
		d := editDistance(lower, []rune(strings.ToLower(k)))
		// Everything replaced is no resemblance: "x" is not near "y".
		if d > bestDistance || d >= max(n, m) {
			continue
		}
		exact := commonPrefix(word, k)
		if d < bestDistance || exact > bestExact && best != "" ||
			exact == bestExact && best != "" && k < best {
			best, bestDistance, bestExact = k, d, exact
		}
	}
	return best
}

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// editDistance is the optimal string alignment distance, by three rows of the
// usual table.
func editDistance(a, b []rune) int {
	var rows [3][suggestRunesMax + 1]int
	before, last, now := rows[0][:len(b)+1], rows[1][:len(b)+1], rows[2][:len(b)+1]
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		now[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(last[j]+1, now[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			now[j] = d
		}
		before, last, now = last, now, before
	}
	return last[len(b)]
}
