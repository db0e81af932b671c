// Package word loads and stores several bytes at once. The caller makes sure that
// they are within the slice. Only the portable code, which serves all other
// machines and the build tag purego, checks it; tests with that tag show where
// the caller is wrong. Without the checks inflating is 15 % faster.
package word

// Bytes is how many Copy copies.
const Bytes = 16
