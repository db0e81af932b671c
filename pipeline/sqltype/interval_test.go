package sqltype

import (
	"math"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
)

func TestParseInterval(t *testing.T) {
	const second = 1_000_000_000
	type iv = arrow.MonthDayNanoInterval
	for _, tc := range []struct {
		s    string
		want iv
		back string
	}{
		{"1 year 2 months 3 days 04:05:06.5", iv{Months: 14, Days: 3, Nanoseconds: 14706*second + second/2}, "1 year 2 months 3 days 04:05:06.5"},
		{"1 day", iv{Days: 1}, "1 day"}, {"1day", iv{Days: 1}, "1 day"}, {"  2 DAYS ", iv{Days: 2}, "2 days"},
		{"-1 day", iv{Days: -1}, "-1 day"}, {"1 day ago", iv{Days: -1}, "-1 day"}, {"1 mon -2 days ago", iv{Months: -1, Days: 2}, "-1 month 2 days"},
		{"1 week", iv{Days: 7}, "7 days"}, {"1 quarter", iv{Months: 3}, "3 months"}, {"1 decade", iv{Months: 120}, "10 years"},
		{"2 centuries", iv{Months: 2400}, "200 years"}, {"1 millennium", iv{Months: 12000}, "1000 years"},
		{"90 minutes", iv{Nanoseconds: 5400 * second}, "01:30:00"}, {"1h30m", iv{Nanoseconds: 5400 * second}, "01:30:00"},
		{"1.5 hours", iv{Nanoseconds: 5400 * second}, "01:30:00"}, {".5 s", iv{Nanoseconds: second / 2}, "00:00:00.5"},
		{"1.5 days", iv{Days: 1, Nanoseconds: 43200 * second}, "1 day 12:00:00"}, {"1.5 weeks", iv{Days: 10, Nanoseconds: 43200 * second}, "10 days 12:00:00"},
		{"-1.5 days", iv{Days: -1, Nanoseconds: -43200 * second}, "-1 day -12:00:00"},
		{"1.5 years", iv{Months: 18}, "1 year 6 months"}, {"0.25 years", iv{Months: 3}, "3 months"},
		{"250 ms", iv{Nanoseconds: second / 4}, "00:00:00.25"}, {"1.5 ms", iv{Nanoseconds: 1_500_000}, "00:00:00.0015"}, {"7 us", iv{Nanoseconds: 7000}, "00:00:00.000007"},
		{"04:05", iv{Nanoseconds: 14700 * second}, "04:05:00"}, {"-04:05:06", iv{Nanoseconds: -14706 * second}, "-04:05:06"},
		{"100:00:00", iv{Nanoseconds: 360000 * second}, "100:00:00"}, {"1 month -1 day +00:00:01", iv{Months: 1, Days: -1, Nanoseconds: second}, "1 month -1 day 00:00:01"},
		{"0 days", iv{}, "00:00:00"}, {"-14 months", iv{Months: -14}, "-1 year -2 months"},
		{"1.500000000 s", iv{Nanoseconds: second + second/2}, "00:00:01.5"},
		{"P1Y2M3DT4H5M6.5S", iv{Months: 14, Days: 3, Nanoseconds: 14706*second + second/2}, "1 year 2 months 3 days 04:05:06.5"},
		{"p1w", iv{Days: 7}, "7 days"}, {"PT5M", iv{Nanoseconds: 300 * second}, "00:05:00"}, {"P5M", iv{Months: 5}, "5 months"},
		{"-P1DT1H", iv{Days: -1, Nanoseconds: -3600 * second}, "-1 day -01:00:00"}, {"P-1DT-1H", iv{Days: -1, Nanoseconds: -3600 * second}, "-1 day -01:00:00"},
		{"P0,5Y", iv{Months: 6}, "6 months"}, {"P1.5D", iv{Days: 1, Nanoseconds: 43200 * second}, "1 day 12:00:00"},
		{"2147483647 days", iv{Days: math.MaxInt32}, "2147483647 days"},
	} {
		got, err := ParseInterval(tc.s)
		if err != nil || got != tc.want {
			t.Errorf("ParseInterval(%q) = %+v, %v; want %+v", tc.s, got, err, tc.want)
			continue
		}
		if back := string(AppendInterval([]byte("x"), got)); back != "x"+tc.back {
			t.Errorf("%q is written %q, want %q", tc.s, back[1:], tc.back)
		}
	}
}

func TestParseIntervalErrors(t *testing.T) {
	const advice = "; write for example '1 year 2 months 3 days 04:05:06'"
	for _, tc := range []struct{ s, want string }{
		{"", `"" is not an INTERVAL: the text is empty`},
		{"5", `"5" is not an INTERVAL: a number lacks its unit`},
		{"1 dya", `"1 dya" is not an INTERVAL: unknown unit "dya", did you mean day?`},
		{"1 fortnight", `"1 fortnight" is not an INTERVAL: unknown unit "fortnight"`},
		{"day", `"day" is not an INTERVAL: expected a number at "day"`},
		{"ago", `"ago" is not an INTERVAL: expected a number at "ago"`},
		{"1 day -", `"1 day -" is not an INTERVAL: a number is missing at its end`},
		{"1.5 months", `"1.5 months" is not an INTERVAL: a fraction does not make whole months; write it in days`},
		{"1.5 us", `"1.5 us" is not an INTERVAL: a part is finer than a microsecond`},
		{"0.0000001 s", `"0.0000001 s" is not an INTERVAL: a part is finer than a microsecond`},
		{"00:00:00.0000001", `"00:00:00.0000001" is not an INTERVAL: a part is finer than a microsecond`},
		{"01:60", `"01:60" is not an INTERVAL: the minutes of a time are 0 to 59`},
		{"01:00:60", `"01:00:60" is not an INTERVAL: the seconds of a time are 0 to 59`},
		{"01:00 02:00", `"01:00 02:00" is not an INTERVAL: ":00" does not belong there`},
		{"2147483648 days", `"2147483648 days" is not an INTERVAL: the value is out of range`},
		{"9999999999999999999999 years", `"9999999999999999999999 years" is not an INTERVAL: the value is out of range`},
		{"300 years 2562048 hours", `"300 years 2562048 hours" is not an INTERVAL: the value is out of range`},
		{"P", `"P" is not an INTERVAL: nothing follows the P`},
		{"PT", `"PT" is not an INTERVAL: nothing follows the T`},
		{"P1DT", `"P1DT" is not an INTERVAL: nothing follows the T`},
		{"P1", `"P1" is not an INTERVAL: a number lacks its designator`},
		{"P1D1Y", `"P1D1Y" is not an INTERVAL: designator "Y" is unknown or out of order`},
		{"PT1H1H", `"PT1H1H" is not an INTERVAL: designator "H" is unknown or out of order`},
		{"P1H", `"P1H" is not an INTERVAL: designator "H" is unknown or out of order`},
		{"PT1HT1M", `"PT1HT1M" is not an INTERVAL: expected a number at "t1m"`},
	} {
		got, err := ParseInterval(tc.s)
		if err == nil || err.Error() != tc.want+advice {
			t.Errorf("ParseInterval(%q) = %+v, error %v\nwant %s%s", tc.s, got, err, tc.want, advice)
		}
	}
}

func TestAppendIntervalExtremes(t *testing.T) {
	for _, tc := range []struct {
		v    arrow.MonthDayNanoInterval
		want string
	}{
		{arrow.MonthDayNanoInterval{Nanoseconds: math.MinInt64}, "-2562047:47:16.854775808"},
		{arrow.MonthDayNanoInterval{Months: math.MinInt32, Days: math.MinInt32}, "-178956970 years -8 months -2147483648 days"},
	} {
		if got := string(AppendInterval(nil, tc.v)); got != tc.want {
			t.Errorf("%+v is written %q, want %q", tc.v, got, tc.want)
		}
	}
}

func FuzzInterval(f *testing.F) {
	for _, s := range []string{"1 year 2 months 3 days 04:05:06.5", "-1.5 weeks ago", "P1Y2M3DT4H5M6.5S", "-PT-1H", "1 d 2 d", "04:05 ago"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := ParseInterval(s)
		if err != nil {
			if len(err.Error()) > 2000 {
				t.Fatalf("the error has %d bytes", len(err.Error()))
			}
			return
		}
		text := AppendInterval(nil, v)
		if back, err := ParseInterval(string(text)); err != nil || back != v {
			t.Fatalf("%q is %+v, written %q and read %+v, %v", s, v, text, back, err)
		}
	})
}
