package sqltype

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func mustLayout(t testing.TB, s string) *Layout {
	t.Helper()
	l, err := ParseLayout(s)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLayoutParse(t *testing.T) {
	for _, tc := range []struct {
		layout, text string
		want         string // RFC 3339, or "" when the text is not read
		zoned        bool
	}{
		{"%d/%m/%Y", "31/12/2020", "2020-12-31T00:00:00Z", false},
		{"%d/%m/%Y", "1/2/2020", "2020-02-01T00:00:00Z", false},
		{"%d/%m/%Y", "12/31/2020", "", false},
		{"%d/%m/%Y", "30/02/2020", "", false},
		{"%d/%m/%Y", "31/12/20", "", false},
		{"%d/%m/%Y", "31/12/2020 ", "", false},
		{"%d/%m/%Y", "", "", false},
		{"%d/%m/%Y", "31/12/0000", "", false},
		{"%-d/%-m/%Y", "1/2/2020", "2020-02-01T00:00:00Z", false},
		{"%e %b %Y", " 1 Feb 2020", "2020-02-01T00:00:00Z", false},
		{"%e %b %Y", "11 FEBRUARY 2020", "2020-02-11T00:00:00Z", false},
		{"%d %B %Y", "1 may 2020", "2020-05-01T00:00:00Z", false},
		{"%d %B %Y", "1 Foo 2020", "", false},
		{"%d-%b-%y", "01-Jan-68", "2068-01-01T00:00:00Z", false},
		{"%d-%b-%y", "01-Jan-69", "1969-01-01T00:00:00Z", false},
		{"%d-%b-%y", "01-Jan-00", "2000-01-01T00:00:00Z", false},
		{"%Y%m%d", "20200229", "2020-02-29T00:00:00Z", false},
		{"%Y%m%d", "2020022", "2020-02-02T00:00:00Z", false},
		{"%Y%m%d%H%M%S", "20200229010203", "2020-02-29T01:02:03Z", false},
		{"%Y-%m", "2020-02", "2020-02-01T00:00:00Z", false},
		{"%Y", "2020", "2020-01-01T00:00:00Z", false},
		{"%Y-%j", "2020-366", "2020-12-31T00:00:00Z", false},
		{"%Y-%j", "2021-366", "", false}, {"%Y-%j", "2021-000", "", false},
		{"%F %T", "2020-01-02 03:04:05", "2020-01-02T03:04:05Z", false},
		{"%F %T", "2020-01-02 24:00:00", "", false}, {"%F %T", "2020-01-02 23:60:00", "", false}, {"%F %T", "2020-01-02 23:59:60", "", false},
		{"%FT%T.%f", "2020-01-02T03:04:05.5", "2020-01-02T03:04:05.5Z", false},
		{"%FT%T.%f", "2020-01-02T03:04:05.000001", "2020-01-02T03:04:05.000001Z", false},
		{"%FT%T.%f", "2020-01-02T03:04:05.0000001", "", false},
		{"%FT%T.%g", "2020-01-02T03:04:05.678", "2020-01-02T03:04:05.678Z", false},
		{"%FT%T.%g", "2020-01-02T03:04:05.67", "", false},
		{"%FT%T.%n", "2020-01-02T03:04:05.678901000", "2020-01-02T03:04:05.678901Z", false},
		{"%FT%T.%n", "2020-01-02T03:04:05.678901001", "", false},
		{"%m/%d/%Y %I:%M:%S %p", "1/2/2020 12:00:00 AM", "2020-01-02T00:00:00Z", false},
		{"%m/%d/%Y %I:%M:%S %p", "1/2/2020 12:00:00 PM", "2020-01-02T12:00:00Z", false},
		{"%m/%d/%Y %I:%M:%S %p", "1/2/2020 1:04:05 pm", "2020-01-02T13:04:05Z", false},
		{"%m/%d/%Y %I:%M:%S %p", "1/2/2020 13:04:05 pm", "", false}, {"%m/%d/%Y %I:%M:%S %p", "1/2/2020 0:04:05 am", "", false},
		{"%m/%d/%Y %I:%M:%S %p", "1/2/2020 1:04:05 xm", "", false},
		{"%F %l%p", "2020-01-02  1PM", "2020-01-02T13:00:00Z", false},
		{"%F %H:%M %p", "2020-01-02 13:00 PM", "2020-01-02T13:00:00Z", false},
		{"%F %H:%M %p", "2020-01-02 13:00 AM", "", false}, {"%F %H:%M %p", "2020-01-02 01:00 PM", "", false},
		{"%FT%T%z", "2020-01-02T03:04:05+0530", "2020-01-01T21:34:05Z", true},
		{"%FT%T%z", "2020-01-02T03:04:05Z", "2020-01-02T03:04:05Z", true},
		{"%FT%T%z", "2020-01-02T03:04:05", "", false},
		{"%F %T %Z", "2020-01-02 03:04:05 UTC", "2020-01-02T03:04:05Z", true},
		{"%F %T %Z", "2020-01-02 03:04:05 CET", "", false},
		{"%a %b %d %H:%M:%S %z %Y", "Thu Jan 02 03:04:05 +0000 2020", "2020-01-02T03:04:05Z", true},
		{"%a %b %d %H:%M:%S %z %Y", "Fri Jan 02 03:04:05 +0000 2020", "", false},
		{"%A, %d %B %Y", "Thursday, 2 January 2020", "2020-01-02T00:00:00Z", false},
		{"%Y-%m-%d %u", "2020-01-05 7", "2020-01-05T00:00:00Z", false},
		{"%Y-%m-%d %w", "2020-01-05 0", "2020-01-05T00:00:00Z", false},
		{"%Y-%m-%d %u", "2020-01-05 0", "", false}, {"%Y-%m-%d %w", "2020-01-05 7", "", false},
		{"%G-W%V-%u", "2020-W53-7", "2021-01-03T00:00:00Z", false}, {"%G-W%V-%u", "2021-W53-1", "", false},
		{"%G-W%V", "2020-W01", "2019-12-30T00:00:00Z", false},
		{"%s", "1577934245", "2020-01-02T03:04:05Z", true}, {"%s", "-1", "1969-12-31T23:59:59Z", true},
		{"%s", "999999999999", "", false}, {"%s", "1234567890123", "", false}, {"%s", "-", "", false},
		{"%s.%f", "-0.5", "1969-12-31T23:59:59.5Z", true}, {"%s.%g", "1577934245.678", "2020-01-02T03:04:05.678Z", true},
		{"%%%Y%%", "%2020%", "2020-01-01T00:00:00Z", false},
		{"%Y%t%m", "2020\t02", "2020-02-01T00:00:00Z", false},
		{"%D %R", "01/02/20 03:04", "2020-01-02T03:04:00Z", false},
		{"%c", "2020-01-02 03:04:05", "2020-01-02T03:04:05Z", false},
		{"%Y年%m月%d日", "2020年1月2日", "2020-01-02T00:00:00Z", false},
		// These can only be written.
		{"%H:%M", "03:04", "", false}, {"%Y %I", "2020 3", "", false},
	} {
		l := mustLayout(t, tc.layout)
		got, zoned, ok := l.ParseTimestamp([]byte(tc.text))
		if tc.want == "" {
			if ok {
				t.Errorf("%q reads %q as %v", tc.layout, tc.text, time.UnixMicro(got).UTC())
			}
			continue
		}
		want, err := time.Parse(time.RFC3339Nano, tc.want)
		if err != nil {
			t.Fatal(err)
		}
		if !ok || got != want.UnixMicro() || zoned != tc.zoned {
			t.Errorf("%q reads %q as %v, %v, %v; want %s, %v", tc.layout, tc.text, time.UnixMicro(got).UTC(), zoned, ok, tc.want, tc.zoned)
		}
	}
}

func TestLayoutAppend(t *testing.T) {
	at := time.Date(2020, 1, 2, 3, 4, 5, 678901000, time.UTC).UnixMicro()
	afternoon := time.Date(2021, 1, 3, 15, 0, 0, 0, time.UTC).UnixMicro()
	for _, tc := range []struct {
		layout string
		micros int64
		want   string
	}{
		{"%Y-%m-%d %H:%M:%S.%f", at, "2020-01-02 03:04:05.678901"},
		{"%y %-m %-d %e %-H %k %-I %l %-M %-S %-j", at, "20 1 2  2 3  3 3  3 4 5 2"},
		{"%a %A %b %B %h", at, "Thu Thursday Jan January Jan"},
		{"%u %w %j %U %W %G %V", at, "4 4 002 00 00 2020 01"},
		{"%u %w %j %U %W %G %V", afternoon, "7 0 003 01 00 2020 53"},
		{"%I %p %r", at, "03 AM 03:04:05 AM"}, {"%I %p %r", afternoon, "03 PM 03:00:00 PM"},
		{"%g %n %z %Z %s", at, "678 678901000 +0000 UTC 1577934245"},
		{"%F|%T|%R|%D|%c|%x|%X|%t|%%", at, "2020-01-02|03:04:05|03:04|01/02/20|2020-01-02 03:04:05|2020-01-02|03:04:05|\t|%"},
		{"%s", -500_000, "-1"}, {"%s.%f", -500_000, "-0.500000"}, {"%s.%g", -1_500_000, "-1.500"},
		{"%Y", microsMax + 1, "10000"}, {"%Y %y", microsMin - 1, "0000 00"},
	} {
		if got := string(mustLayout(t, tc.layout).Append([]byte("x"), tc.micros)); got != "x"+tc.want {
			t.Errorf("%q writes %q, want %q", tc.layout, got[1:], tc.want)
		}
	}
}

func TestLayoutErrors(t *testing.T) {
	for _, tc := range []struct{ layout, want string }{
		{"", "the format is empty; write for example '%d/%m/%Y'"},
		{"%Y-%q", `format "%Y-%q": unknown directive "%q" at byte 4; known are ` + knownDirectives},
		{"%-Y", `format "%-Y": unknown directive "%-Y" at byte 1; known are ` + knownDirectives},
		{"%-F", `format "%-F": unknown directive "%-F" at byte 1; known are ` + knownDirectives},
		{"%Y%", `format "%Y%" ends within a directive; a percent sign is written %%`},
		{"%Y%-", `format "%Y%-" ends within a directive; a percent sign is written %%`},
		{strings.Repeat("x", 2000), "the format has 2000 bytes, at most 1024 are taken"},
	} {
		if l, err := ParseLayout(tc.layout); l != nil || err == nil || err.Error() != tc.want {
			t.Errorf("ParseLayout(%.20q) = %v, error %v\nwant %s", tc.layout, l, err, tc.want)
		}
	}
}

func TestLayoutReadable(t *testing.T) {
	for _, tc := range []struct{ layout, want string }{
		{"%Y-%m-%d", ""}, {"%s.%f", ""}, {"%G-%V", ""}, {"%FT%T.%f%z", ""},
		{"%H:%M", "it has no year (%Y or %y)"},
		{"%Y %d", "it has a day but no month (%m or %b)"},
		{"%Y %y", "%Y and %y are the same field"},
		{"%Y %m %b", "%m and the month's name are the same field"},
		{"%Y %j %m", "%j does not go with a month"},
		{"%F %F", "%Y %m %d repeats a field"},
		{"%F %I:%M", "%I needs %p to tell morning from afternoon; hours from 0 to 23 are %H"},
		{"%F %H %I %p", "%H and %I are the same field"},
		{"%F %p", "%p needs an hour (%I)"},
		{"%F %M", "it has minutes but no hour (%H)"},
		{"%F %H %S", "it has seconds but no minutes (%M)"},
		{"%F %H.%f", "it has a fraction but no seconds (%S)"},
		{"%F %T.%f%g", "%f, %g and %n are the same field"},
		{"%F %T%z%Z", "%z and %Z are the same field"},
		{"%F%z", "it has a zone but no hour (%H)"},
		{"%Y %U", "%U and %W can be written but not read; %G-W%V-%u can"},
		{"%G %m", "%G and %V need each other"},
		{"%G %V %m", "%G and %V do not go with another year, month or day"},
		{"%s %Y", "%s is a whole moment and goes with no other field than %f"},
	} {
		got := ""
		if err := mustLayout(t, tc.layout).Readable(); err != nil {
			got = strings.TrimPrefix(err.Error(), fmt.Sprintf("format %q cannot be used for reading: ", tc.layout))
		}
		if got != tc.want {
			t.Errorf("%q: %q, want %q", tc.layout, got, tc.want)
		}
	}
	for _, tc := range []struct {
		layout         string
		hasTime, zoned bool
	}{{"%F", false, false}, {"%F %T", true, false}, {"%FT%T%z", true, true}, {"%s", true, true}} {
		l := mustLayout(t, tc.layout)
		if l.HasTime() != tc.hasTime || l.HasZone() != tc.zoned || l.String() != tc.layout {
			t.Errorf("%q: time %v, zone %v, text %q", tc.layout, l.HasTime(), l.HasZone(), l)
		}
	}
}

// Layouts whose likes package time has. One with a weekday has the whole year:
// two digits name a year of another century, where the weekday is another.
func TestLayoutAgreesWithTime(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, tc := range []struct{ layout, goLayout string }{
		{"%Y-%m-%d %H:%M:%S.%f", "2006-01-02 15:04:05.000000"},
		{"%a %b %e %H:%M:%S %Y", "Mon Jan _2 15:04:05 2006"},
		{"%A, %d-%b-%Y %I:%M:%S %p", "Monday, 02-Jan-2006 03:04:05 PM"},
		{"%m/%d/%y %R", "01/02/06 15:04"},
		{"%-d %B %Y %-I:%M%p %z", "2 January 2006 3:04PM -0700"},
		{"%Y-%j", "2006-002"},
		{"%FT%T.%g%z", "2006-01-02T15:04:05.000-0700"},
	} {
		l := mustLayout(t, tc.layout)
		for range 5_000 {
			micros := microsMin + r.Int64N(microsMax-microsMin)
			text := l.Append(nil, micros)
			if want := time.UnixMicro(micros).UTC().Format(tc.goLayout); string(text) != want {
				t.Fatalf("%q writes %q, time writes %q", tc.layout, text, want)
			}
			want, err := time.Parse(tc.goLayout, string(text))
			got, _, ok := l.ParseTimestamp(text)
			if err != nil || !ok {
				t.Fatalf("%q reads %q: %v; time: %v", tc.layout, text, ok, err)
			}
			if got != want.UnixMicro() {
				t.Fatalf("%q reads %q as %v, time as %v", tc.layout, text, time.UnixMicro(got).UTC(), want)
			}
		}
	}
}

func TestISOWeeksAgreeWithTime(t *testing.T) {
	l := mustLayout(t, "%G %V %u %j")
	back := mustLayout(t, "%G-%V-%u")
	for days := int64(DaysFromCivil(1890, 1, 1)); days < int64(DaysFromCivil(2110, 1, 1)); days++ {
		at := time.Unix(days*86400, 0).UTC()
		year, week := at.ISOWeek()
		want := fmt.Sprintf("%04d %02d %d %03d", year, week, (int(at.Weekday())+6)%7+1, at.YearDay())
		if got := string(l.Append(nil, days*MicrosPerDay)); got != want {
			t.Fatalf("%s has ISO week %s, want %s", at.Format(time.DateOnly), got, want)
		}
		text := back.Append(nil, days*MicrosPerDay)
		if got, _, ok := back.ParseTimestamp(text); !ok || got != days*MicrosPerDay {
			t.Fatalf("%s is read %d, %v; want %d", text, got, ok, days*MicrosPerDay)
		}
	}
}

// No layout and no text panics, and a moment that a layout holds whole comes
// back. Excluded is what loses by its nature: the century of a year of two
// digits, the zone and what it carries over, and numbers without padding, which
// may run together.
func FuzzLayout(f *testing.F) {
	for _, s := range [][2]string{
		{"%d/%m/%Y", "31/12/2020"}, {"%m/%d/%Y %I:%M:%S %p", "1/2/2020 3:04:05 PM"}, {"%s.%f", "-0.5"}, {"%G-W%V-%u", "2020-W53-7"},
		{"%a %b %d %H:%M:%S %z %Y", "Thu Jan 02 03:04:05 +0000 2020"}, {"%Y-%j", "2020-366"}, {"%-", ""},
	} {
		f.Add(s[0], []byte(s[1]))
	}
	f.Fuzz(func(t *testing.T, layout string, text []byte) {
		l, err := ParseLayout(layout)
		if err != nil {
			return
		}
		l.Append(nil, int64(len(text))*1_234_567_890_123)
		micros, _, ok := l.ParseTimestamp(text)
		if !ok || l.seen.any(setOf(fieldYear2, fieldOffset, fieldEpoch)) || strings.Contains(layout, "%-") {
			return
		}
		again := l.Append(nil, micros)
		if back, _, ok := l.ParseTimestamp(again); ok && back != micros {
			t.Fatalf("%q reads %q as %d, writes %q, reads %d", layout, text, micros, again, back)
		}
	})
}
