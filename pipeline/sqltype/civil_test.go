package sqltype

import (
	"math"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
)

// Every day of four centuries and more on both sides, then leaps through all
// that int32 holds.
func TestCivilAgreesWithTime(t *testing.T) {
	check := func(days int32) {
		t.Helper()
		at := time.Unix(int64(days)*86400, 0).UTC()
		wy, wm, wd := at.Date()
		y, m, d := CivilFromDays(days)
		if y != wy || m != int(wm) || d != wd {
			t.Fatalf("day %d is %d-%d-%d, want %d-%d-%d", days, y, m, d, wy, wm, wd)
		}
		if back := DaysFromCivil(y, m, d); back != days {
			t.Fatalf("%d-%d-%d is day %d, want %d", y, m, d, back, days)
		}
		if w := weekdayOf(days); w != int(at.Weekday()) {
			t.Fatalf("day %d is weekday %d, want %d", days, w, at.Weekday())
		}
	}
	for days := int32(-150_000); days < 150_000; days++ {
		check(days)
	}
	for days := int64(math.MinInt32); days <= math.MaxInt32; days += 999_983 {
		check(int32(days))
	}
	check(math.MinInt32)
	check(math.MaxInt32)
}

func TestDaysFromCivilCarries(t *testing.T) {
	for _, tc := range []struct{ y, m, d, wy, wm, wd int }{
		{2020, 13, 1, 2021, 1, 1}, {2020, 0, 1, 2019, 12, 1}, {2020, -11, 1, 2019, 1, 1}, {2020, -12, 1, 2018, 12, 1},
		{2020, 25, 31, 2022, 1, 31}, {2021, 2, 29, 2021, 3, 1}, {2020, 3, 0, 2020, 2, 29}, {1, 1, 0, 0, 12, 31},
	} {
		got, want := DaysFromCivil(tc.y, tc.m, tc.d), DaysFromCivil(tc.wy, tc.wm, tc.wd)
		if got != want {
			t.Errorf("%d-%d-%d is day %d, want that of %d-%d-%d, %d", tc.y, tc.m, tc.d, got, tc.wy, tc.wm, tc.wd, want)
		}
	}
}

func TestParseDate(t *testing.T) {
	for _, s := range []string{"0001-01-01", "1582-10-10", "1969-12-31", "1970-01-01", "2000-02-29", "2020-12-31", "9999-12-31"} {
		d, ok := ParseDate([]byte(s))
		if want, _ := time.Parse(time.DateOnly, s); !ok || int64(d)*86400 != want.Unix() {
			t.Errorf("ParseDate(%q) = %d, %v", s, d, ok)
		}
		if back := string(AppendDate(nil, d)); back != s {
			t.Errorf("%s is written %s", s, back)
		}
	}
	for _, s := range []string{"", "0000-01-01", "1900-02-29", "2021-02-29", "2020-02-30", "2020-04-31", "2020-00-01", "2020-13-01",
		"2020-01-00", "2020-01-32", "2020/01/01", "2020-1-01", "20200101", "2020-01-1", "2020-01-01 ", " 2020-01-01", "-020-01-01",
		"+2020-01-01", "02020-01-01", "2020-01-0a", "202a-01-01", "2020-01:01", "2020-:1-01"} {
		if d, ok := ParseDate([]byte(s)); ok {
			t.Errorf("ParseDate(%q) = %d", s, d)
		}
	}
}

func TestAppendDateOutsideTheYearsOfText(t *testing.T) {
	for _, tc := range []struct {
		y, m, d int
		want    string
	}{
		{0, 12, 31, "0001-12-31 (BC)"}, {-43, 3, 15, "0044-03-15 (BC)"}, {10000, 1, 1, "10000-01-01"}, {-10000, 1, 2, "10001-01-02 (BC)"},
	} {
		if got := string(AppendDate(nil, arrow.Date32(DaysFromCivil(tc.y, tc.m, tc.d)))); got != tc.want {
			t.Errorf("%d-%d-%d is written %q, want %q", tc.y, tc.m, tc.d, got, tc.want)
		}
	}
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2020-02-29", "1900-02-29", "0000-01-01", "9999-12-31", "2020-0a-01"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, ok := ParseDate(b)
		want, err := time.Parse(time.DateOnly, string(b))
		if ok != (err == nil && want.Year() >= 1) || ok && int64(got)*86400 != want.Unix() {
			t.Fatalf("ParseDate(%q) = %d, %v; time has %v, %v", b, got, ok, want, err)
		}
		if ok && string(AppendDate(nil, got)) != string(b) {
			t.Fatalf("%q is written %q", b, AppendDate(nil, got))
		}
	})
}

func TestParseTime(t *testing.T) {
	for _, tc := range []struct {
		s, back string
		want    int64
	}{
		{"00:00", "00:00:00", 0}, {"23:59", "23:59:00", 86340e6}, {"01:02:03", "01:02:03", 3723e6},
		{"01:02:03.5", "01:02:03.5", 3723_500_000}, {"23:59:59.999999", "23:59:59.999999", MicrosPerDay - 1},
		{"00:00:00.000001", "00:00:00.000001", 1}, {"00:00:00.100000", "00:00:00.1", 100000},
	} {
		got, ok := ParseTime([]byte(tc.s))
		if back := string(AppendTime(nil, got)); !ok || got != tc.want || back != tc.back {
			t.Errorf("ParseTime(%q) = %d, %v, written %q; want %d, %q", tc.s, got, ok, back, tc.want, tc.back)
		}
	}
	for _, s := range []string{"", "24:00", "24:00:00", "23:60", "23:59:60", "1:02", "01:2", "01:02:3", "01:02:03.", "01:02:03.1234567",
		"01:02:03.1234560", "01:02:03,5", "01:02.5", "010203", "01:02:03Z", "01:02:03 ", " 01:02", "0a:02:03", "01:02:0a", "01-02", "01:02:03.5x"} {
		if got, ok := ParseTime([]byte(s)); ok {
			t.Errorf("ParseTime(%q) = %d", s, got)
		}
	}
}

func TestParseTimestamp(t *testing.T) {
	for _, tc := range []struct {
		s     string
		want  string // RFC 3339
		zoned bool
	}{
		{"2020-01-02", "2020-01-02T00:00:00Z", false},
		{"2020-01-02 03:04", "2020-01-02T03:04:00Z", false},
		{"2020-01-02T03:04:05", "2020-01-02T03:04:05Z", false},
		{"2020-01-02 03:04:05.678", "2020-01-02T03:04:05.678Z", false},
		{"1969-12-31 23:59:59.999999", "1969-12-31T23:59:59.999999Z", false},
		{"0001-01-01 00:00:00", "0001-01-01T00:00:00Z", false},
		{"9999-12-31 23:59:59.999999", "9999-12-31T23:59:59.999999Z", false},
		{"2020-01-02T03:04:05Z", "2020-01-02T03:04:05Z", true},
		{"2020-01-02T03:04Z", "2020-01-02T03:04:00Z", true},
		{"2020-01-02 03:04:05.5+00", "2020-01-02T03:04:05.5Z", true},
		{"2020-01-02 03:04:05+05:30", "2020-01-01T21:34:05Z", true},
		{"2020-01-02 03:04+05:30", "2020-01-01T21:34:00Z", true},
		{"2020-01-02 03:04:05-0800", "2020-01-02T11:04:05Z", true},
		{"2020-01-02 03:04-08", "2020-01-02T11:04:00Z", true},
		{"2020-01-02 03:04:05-00:30", "2020-01-02T03:34:05Z", true},
	} {
		want, err := time.Parse(time.RFC3339Nano, tc.want)
		if err != nil {
			t.Fatal(err)
		}
		got, zoned, ok := ParseTimestamp([]byte(tc.s))
		if !ok || zoned != tc.zoned || got != want.UnixMicro() {
			t.Errorf("ParseTimestamp(%q) = %d, %v, %v; want %d, %v", tc.s, got, zoned, ok, want.UnixMicro(), tc.zoned)
		}
	}
	for _, s := range []string{"", "2020-01-0", "2020-01-02T", "2020-01-02 ", "2020-01-02 03", "2020-01-02 03:", "2020-01-02 24:00", "2020-02-30 00:00:00",
		"2020-01-02_03:04", "2020-01-02  03:04", "2020-01-02 03:04:05.1234567", "2020-01-02 03:04:05.", "2020-01-02 03:04:5", "2020-01-02 03:04:05 ",
		"2020-01-02 03:04:05+", "2020-01-02 03:04:05+1", "2020-01-02 03:04:05+16", "2020-01-02 03:04:05+01:60", "2020-01-02 03:04:05+01:", "2020-01-02 03:04:05+01:0",
		"2020-01-02 03:04:05+010", "2020-01-02 03:04:05ZZ", "2020-01-02 03:04:05z", "2020-01-02Z", "2020-01-02+01", "2020-01-02 03:04:05 UTC", "2020-01-02 03:04:60",
		"0001-01-01 00:00:00+01", "9999-12-31 23:59:59-01", "2020-01-02T03:04:05+ab"} {
		if got, _, ok := ParseTimestamp([]byte(s)); ok {
			t.Errorf("ParseTimestamp(%q) = %d", s, got)
		}
	}
}

func TestAppendTimestamp(t *testing.T) {
	for _, tc := range []struct {
		micros int64
		want   string
	}{
		{0, "1970-01-01 00:00:00"}, {-1, "1969-12-31 23:59:59.999999"}, {1_577_934_245_678_000, "2020-01-02 03:04:05.678"},
		{microsMin - 1, "0001-12-31 (BC) 23:59:59.999999"}, {microsMax, "9999-12-31 23:59:59.999999"}, {microsMax + 1, "10000-01-01 00:00:00"},
		{math.MaxInt64, "294247-01-10 04:00:54.775807"}, {math.MinInt64, "290309-12-21 (BC) 19:59:05.224192"},
	} {
		if got := string(AppendTimestamp(nil, tc.micros)); got != tc.want {
			t.Errorf("%d is written %q, want %q", tc.micros, got, tc.want)
		}
		if got := string(AppendTimestampTZ(nil, tc.micros)); got != tc.want+"+00" {
			t.Errorf("%d is written %q, want %q", tc.micros, got, tc.want+"+00")
		}
	}
}

func FuzzTimestampRoundTrip(f *testing.F) {
	for _, v := range []int64{0, -1, 1, 1_577_934_245_678_000, microsMin, microsMax} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v int64) {
		v %= microsMax + 1
		if v < microsMin {
			return
		}
		text := AppendTimestamp(nil, v)
		if back, zoned, ok := ParseTimestamp(text); !ok || zoned || back != v {
			t.Fatalf("%d is written %q and read %d, %v, %v", v, text, back, zoned, ok)
		}
		text = AppendTimestampTZ(nil, v)
		if back, zoned, ok := ParseTimestamp(text); !ok || !zoned || back != v {
			t.Fatalf("%d is written %q and read %d, %v, %v", v, text, back, zoned, ok)
		}
		if want := time.UnixMicro(v).UTC().Format("2006-01-02 15:04:05.999999+00"); want != string(text) {
			t.Fatalf("%d is written %q, time writes %q", v, text, want)
		}
	})
}

// The forms that time.Parse knows, each a layout of its own.
func FuzzParseTimestamp(f *testing.F) {
	for _, s := range []string{"2020-01-02", "2020-01-02 03:04", "2020-01-02T03:04:05.678Z", "2020-01-02 03:04:05+05:30", "2020-01-02 03:04:05-08", "2020-01-02 03:04:05,5"} {
		f.Add([]byte(s))
	}
	forms := []string{"2006-01-02"}
	for _, sep := range []string{"T", " "} {
		for _, clock := range []string{"15:04", "15:04:05"} {
			for _, zone := range []string{"", "Z07:00", "Z0700", "Z07"} {
				forms = append(forms, "2006-01-02"+sep+clock+zone)
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, _, ok := ParseTimestamp(b)
		if !ok {
			return
		}
		for _, form := range forms {
			// time reads +23:00 and a comma for the point, ParseTimestamp does not.
			if want, err := time.Parse(form, string(b)); err == nil {
				if got != want.UnixMicro() {
					t.Fatalf("ParseTimestamp(%q) = %d, time has %v", b, got, want)
				}
				return
			}
		}
		t.Fatalf("ParseTimestamp(%q) = %d, time does not read it", b, got)
	})
}
