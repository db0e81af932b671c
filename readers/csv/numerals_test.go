package csv

import "testing"

func TestNumerals(t *testing.T) {
	german, swiss, french, english := Numerals{",", "."}, Numerals{"", "'"}, Numerals{",", "\u202f"}, Numerals{".", ","}
	for _, c := range []struct {
		n        Numerals
		in, want string // "": no number
	}{
		{german, "1.234.567,89", "1234567.89"},
		{german, "-1.234,5", "-1234.5"},
		{german, "1234,5", "1234.5"},
		{german, "0,5", "0.5"},
		{german, "12", "12"},
		{german, "1.5", ""},
		{german, "12.34,5", ""},
		{german, "1234.567,5", ""},
		{german, ".123", ""},
		{german, "1,234.5", ""},
		{german, "1,2,3", ""},
		{Numerals{Decimal: ","}, "1.5", ""},
		{Numerals{Decimal: ","}, "1,5e3", "1.5e3"},
		{swiss, "1'234'567.5", "1234567.5"},
		{swiss, "1'23", ""},
		{french, "12\u202f345,6", "12345.6"},
		{english, "1,234,567.125", "1234567.125"},
		{english, "1,234.5,6", ""},
	} {
		got, ok := c.n.appendUsual(nil, []byte(c.in))
		if !ok {
			got = nil
		}
		if string(got) != c.want {
			t.Errorf("%+v: %q is %q, want %q", c.n, c.in, got, c.want)
		}
	}
	for _, n := range []Numerals{{Decimal: ";"}, {Thousands: "."}, {Decimal: ",", Thousands: ","}, {Thousands: "1"}, {Thousands: "ab"}, {Thousands: "e"}} {
		if n.Validate() == nil {
			t.Errorf("%+v is accepted", n)
		}
	}
}
