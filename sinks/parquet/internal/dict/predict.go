package dict

// Predict estimates how many distinct values there will be among total when
// distinct were found among the first n. It takes them to be drawn evenly from
// a population and finds the size of that from how often values recurred.
//
// Only products, differences and divisions are used, each rounded by itself,
// so that every processor comes to the same answer.
func Predict(n, distinct, total int) int {
	if n >= total {
		return distinct
	}
	if distinct >= n { // nothing recurred: nothing is known but the worst
		return total
	}
	// expected(size) climbs with size: find where it reaches distinct.
	low, high := float64(distinct), float64(n)*float64(n)
	for range 64 {
		middle := float64(low+high) / 2
		if expected(middle, n) < float64(distinct) {
			low = middle
		} else {
			high = middle
		}
	}
	return min(int(expected(high, total))+1, total)
}

// expected returns how many distinct values n draws from a population show:
// size * (1 - (1 - 1/size)^n).
func expected(size float64, n int) float64 {
	missed := 1.0
	for base := 1 - 1/size; n > 0; n >>= 1 {
		if n&1 != 0 {
			missed *= base
		}
		base *= base
	}
	return size * (1 - missed)
}
