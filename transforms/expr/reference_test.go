package expr

import (
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"pgregory.net/rapid"

	"csvloom/pipeline/sqltype"
)

// LIKE agrees with the regular expression that says the same.
func TestLikeAgreesWithRegexp(t *testing.T) {
	letters := rapid.SampledFrom([]string{"a", "b", "A", "é", "É", "語", "%", "_", `\%`, `\_`, `\\`})
	subject := rapid.SampledFrom([]string{"a", "b", "A", "é", "É", "語", "%", "_", `\`})
	rapid.Check(t, func(t *rapid.T) {
		pattern := strings.Join(rapid.SliceOfN(letters, 0, 8).Draw(t, "pattern"), "")
		text := strings.Join(rapid.SliceOfN(subject, 0, 10).Draw(t, "text"), "")
		anyCase := rapid.Bool().Draw(t, "any case")
		p, err := compileLike(pattern, `\`, anyCase)
		if err != nil {
			t.Fatalf("%q: %v", pattern, err)
		}
		var re strings.Builder
		re.WriteString("(?s)")
		if anyCase {
			re.WriteString("(?i)")
		}
		re.WriteString("^")
		for i := 0; i < len(pattern); i++ {
			switch c := pattern[i]; c {
			case '%':
				re.WriteString(".*")
			case '_':
				re.WriteString(".")
			case '\\':
				i++
				re.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
			default:
				re.WriteByte(c)
			}
		}
		re.WriteString("$")
		s := []byte(text)
		if anyCase {
			s = appendFolded(nil, s)
		}
		if got, want := p.matches(s), regexp.MustCompile(re.String()).MatchString(text); got != want {
			t.Fatalf("%q LIKE %q (any case %t) is %t, expected %t", text, pattern, anyCase, got, want)
		}
	})
}

// Whatever the bytes, text functions do not panic.
func FuzzLike(f *testing.F) {
	f.Add("a%b_", "axxbé", true)
	f.Add("\xff_%", "\xff\xc3", false)
	f.Fuzz(func(t *testing.T, pattern, text string, anyCase bool) {
		p, err := compileLike(pattern, `\`, anyCase)
		if err != nil {
			return
		}
		s := []byte(text)
		if anyCase {
			s = appendFolded(nil, s)
		}
		if got := p.matches(s); pattern == "%" && !got {
			t.Errorf("%q is not like %%", text)
		}
	})
}

func drawTime(t *rapid.T) time.Time {
	return time.UnixMicro(rapid.Int64Range(-62135596800000000, 253402300799999999).Draw(t, "micros")).UTC()
}

// Fields and units agree with package time.
func TestDatesAgreeWithTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := drawTime(t)
		days, ofDay := splitMicros(at.UnixMicro())
		isoYear, isoWeek := at.ISOWeek()
		for name, want := range map[string]int{
			"year": at.Year(), "month": int(at.Month()), "day": at.Day(), "hour": at.Hour(), "minute": at.Minute(), "second": at.Second(),
			"quarter": (int(at.Month())-1)/3 + 1, "dayofweek": int(at.Weekday()), "isodow": (int(at.Weekday())+6)%7 + 1, "dayofyear": at.YearDay(),
			"week": isoWeek, "isoyear": isoYear, "century": (at.Year() + 99) / 100, "millennium": (at.Year() + 999) / 1000, "decade": at.Year() / 10,
			"millisecond": at.Second()*1000 + at.Nanosecond()/1e6, "microsecond": at.Second()*1e6 + at.Nanosecond()/1e3,
		} {
			if got := findDatePart(name).of(days, ofDay); got != int64(want) {
				t.Fatalf("%s of %s is %d, expected %d", name, at, got, want)
			}
		}
		y, m, d := at.Date()
		monday := time.Date(y, m, d-(int(at.Weekday())+6)%7, 0, 0, 0, 0, time.UTC)
		for unit, want := range map[string]time.Time{
			"day": time.Date(y, m, d, 0, 0, 0, 0, time.UTC), "month": time.Date(y, m, 1, 0, 0, 0, 0, time.UTC),
			"quarter": time.Date(y, (m-1)/3*3+1, 1, 0, 0, 0, 0, time.UTC), "year": time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC),
			"decade": time.Date(y/10*10, 1, 1, 0, 0, 0, 0, time.UTC), "week": monday,
		} {
			if got := int64(truncDay[unit](days)) * 86400; got != want.Unix() {
				t.Fatalf("the %s of %s starts at %s, expected %s", unit, at, time.Unix(got, 0).UTC(), want)
			}
		}
	})
}

// Adding an interval agrees with package time but for the end of months, which
// is clipped.
func TestAddIntervalAgreesWithTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := drawTime(t)
		months, days := rapid.IntRange(-5000, 5000).Draw(t, "months"), rapid.IntRange(-50000, 50000).Draw(t, "days")
		micros := rapid.Int64Range(-1e15, 1e15).Draw(t, "time")
		got, ok := addInterval(at.UnixMicro(), arrow.MonthDayNanoInterval{Months: int32(months), Days: int32(days), Nanoseconds: micros * 1000}, 1)
		first := time.Date(at.Year(), at.Month(), 1, at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), time.UTC).AddDate(0, months, 0)
		last := first.AddDate(0, 1, -1).Day()
		want := first.AddDate(0, 0, min(at.Day(), last)-1+days).UnixMicro() + micros
		if !ok || got != want {
			t.Fatalf("%s and %d months %d days %d µs is %s (%t), expected %s", at, months, days, micros, time.UnixMicro(got).UTC(), ok, time.UnixMicro(want).UTC())
		}
	})
}

// What age says is between two moments leads from one to the other, but for
// the days that months of different lengths swallow.
func TestAgeLeadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawTime(t).UnixMicro(), drawTime(t).UnixMicro()
		if a < b {
			a, b = b, a
		}
		age := ageBetween(a, b)
		if age.Months < 0 || age.Days < 0 || age.Days > 30 || age.Nanoseconds < 0 || age.Nanoseconds >= nanosPerDay {
			t.Fatalf("age is %+v", age)
		}
		got, ok := addInterval(b, age, 1)
		if !ok || abs64(got-a) > 3*microsPerDay {
			t.Fatalf("%d and %+v is %d, expected %d", b, age, got, a)
		}
		if back := ageBetween(b, a); back.Months != -age.Months || back.Days != -age.Days || back.Nanoseconds != -age.Nanoseconds {
			t.Fatalf("age the other way is %+v, expected the opposite of %+v", back, age)
		}
	})
}

// A bucket starts at or before its moment, the next one after it.
func TestBucketsHoldTheirMoments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := drawTime(t).UnixMicro()
		width := arrow.MonthDayNanoInterval{Days: int32(rapid.IntRange(0, 400).Draw(t, "days")), Nanoseconds: rapid.Int64Range(1, 1e9).Draw(t, "µs") * 1000}
		origin := bucketOrigin
		if rapid.Bool().Draw(t, "months") {
			width = arrow.MonthDayNanoInterval{Months: int32(rapid.IntRange(1, 500).Draw(t, "months wide"))}
			origin = bucketOriginMonth
		}
		start, err := bucketStart(width, at, origin)
		if err != nil {
			t.Fatal(err)
		}
		end, ok := addInterval(start, width, 1)
		if start > at || ok && end <= at {
			t.Fatalf("%d is not in the bucket from %d to %d", at, start, end)
		}
		if again, err := bucketStart(width, start, origin); err != nil || again != start {
			t.Fatalf("the bucket of a bucket's start %d is %d", start, again)
		}
	})
}

// round(DOUBLE, places) rounds the shortest decimal, half away from zero.
func TestRoundPlacesAgreesWithDigits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Float64().Draw(t, "x")
		if rapid.Bool().Draw(t, "short") {
			x = float64(rapid.Int64Range(-1e7, 1e7).Draw(t, "digits")) / math.Pow10(rapid.IntRange(0, 6).Draw(t, "places of x"))
		}
		places := rapid.IntRange(-5, 12).Draw(t, "places")
		got := roundPlaces(x, int64(places))
		if x-x != 0 {
			return
		}
		// As a fraction: the shortest decimal, scaled, plus a half, floored.
		exact, ok := new(big.Rat).SetString(strconv.FormatFloat(math.Abs(x), 'g', -1, 64))
		if !ok {
			t.Fatal("no fraction")
		}
		scale := new(big.Rat).SetInt(tenTo(int32(max(places, -places))))
		if places < 0 {
			scale.Inv(scale)
		}
		scaled := new(big.Rat).Add(new(big.Rat).Mul(exact, scale), big.NewRat(1, 2))
		whole := new(big.Int).Quo(scaled.Num(), scaled.Denom())
		want, _ := new(big.Rat).Quo(new(big.Rat).SetInt(whole), scale).Float64()
		if math.Abs(got) != want {
			t.Fatalf("round(%v, %d) is %v, expected %v", x, places, got, want)
		}
	})
}

// A DOUBLE that is cast to DECIMAL is its shortest text, rounded.
func TestDoubleToDecimalAgreesWithText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := float64(rapid.Int64Range(-1e15, 1e15).Draw(t, "digits")) / math.Pow10(rapid.IntRange(0, 20).Draw(t, "places"))
		scale := int32(rapid.IntRange(0, 20).Draw(t, "scale"))
		got, ok := doubleToDecimal(x, 38, scale)
		want, wantOK := parseDecimalRounding([]byte(strconv.FormatFloat(x, 'f', -1, 64)), 38, scale)
		if ok != wantOK && len(strconv.FormatFloat(math.Abs(x), 'f', -1, 64)) < 38 || ok && wantOK && got != want {
			t.Fatalf("%v as DECIMAL(38,%d) is %s, expected %s", x, scale, sqltype.AppendDecimal(nil, got, scale), sqltype.AppendDecimal(nil, want, scale))
		}
		back := decimalToDouble(got, scale)
		if wantBack, err := strconv.ParseFloat(string(sqltype.AppendDecimal(nil, got, scale)), 64); err != nil || back != wantBack {
			t.Fatalf("%s as DOUBLE is %v, expected %v", sqltype.AppendDecimal(nil, got, scale), back, wantBack)
		}
	})
}

// The examples in the functions' documentation are true.
func TestFunctionExamples(t *testing.T) {
	groups := map[string]bool{}
	for _, f := range Functions() {
		groups[f.Group] = true
		if f.Doc == "" || !strings.HasSuffix(f.Doc, ".") || len(f.Signatures) == 0 {
			t.Errorf("%s lacks documentation: %+v", f.Name, f)
		}
		if f.Example == "" {
			if f.Name != "now" && f.Name != "current_date" && f.Name != "date_part" {
				t.Errorf("%s has no example", f.Name)
			}
			continue
		}
		src, want, ok := strings.Cut(f.Example, ") = ")
		if !ok {
			if got := evalText(t, f.Example); got != "BOOLEAN true" {
				t.Errorf("%s is %s", f.Example, got)
			}
			continue
		}
		_, got, _ := strings.Cut(evalText(t, src+")"), " ")
		if got != want {
			t.Errorf("%s is %s", f.Example, got)
		}
	}
	if len(groups) != 5 {
		t.Errorf("the groups are %v", groups)
	}
	if len(registry()) < 80 {
		t.Errorf("%d names of functions", len(registry()))
	}
	for name, f := range registry() {
		if aggregates[name] {
			t.Errorf("%s is a function and an aggregate", name)
		}
		if _, err := Parse(fmt.Sprintf("%s(1)", name)); err != nil {
			t.Errorf("%s does not parse as a call: %v", f.name, err)
		}
	}
}
