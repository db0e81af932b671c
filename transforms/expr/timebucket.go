package expr

import (
	"errors"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline/sqltype"
)

// Buckets are counted from a Monday, so that weeks begin on one, and buckets
// of months from a January, as in DuckDB and TimescaleDB.
var (
	bucketOrigin      = int64(sqltype.DaysFromCivil(2000, 1, 3)) * microsPerDay
	bucketOriginMonth = int64(sqltype.DaysFromCivil(2000, 1, 1)) * microsPerDay
)

func timebucketFunctions() []function {
	f := function{
		name: "time_bucket", group: "date",
		doc:     "The start of the bucket of a width that a moment is in, counted from 2000-01-03 (buckets of months: 2000-01-01) or from a given moment.",
		example: "time_bucket(INTERVAL '15 minutes', TIMESTAMP '2024-05-06 07:08:09') = 2024-05-06 07:00:00",
	}
	for _, k := range []kind{kTimestamp, kDate, kTimestampTZ} {
		f.overloads = append(f.overloads,
			fn(k, bucketKernel(k), kInterval, k), fn(k, bucketKernel(k), kInterval, k, k))
	}
	return []function{f}
}

var (
	errBucketWidth = errors.New("time_bucket: the width must be above 0")
	errBucketMixed = errors.New("time_bucket: the width is either of months or of days and time, not of both")
	errBucketRange = errors.New("time_bucket: the start of the bucket is beyond the type")
)

func bucketKernel(k kind) kernel {
	micros := func(v *vector, i int) (int64, bool) {
		if k == kDate {
			return joinMicros(int64(v.i32[v.at(i)]), 0)
		}
		return v.i64[v.at(i)], true
	}
	return func(n int, live bitmap, args []*vector, out *vector) error {
		if k == kDate {
			out.makeInt32(n)
		} else {
			out.makeInt64(n)
		}
		for i := range live.rows(n) {
			width := args[0].iv[args[0].at(i)]
			t, ok := micros(args[1], i)
			origin := bucketOrigin
			if width.Months != 0 {
				origin = bucketOriginMonth
			}
			if ok && len(args) == 3 {
				origin, ok = micros(args[2], i)
			}
			if !ok {
				return &fault{Row: i, Err: errBucketRange}
			}
			start, err := bucketStart(width, t, origin)
			if err != nil {
				return &fault{Row: i, Err: err}
			}
			if k == kDate {
				out.i32[i], _ = splitMicros(start)
			} else {
				out.i64[i] = start
			}
		}
		return nil
	}
}

// bucketStart returns the start of the bucket of t.
func bucketStart(width arrow.MonthDayNanoInterval, t, origin int64) (int64, error) {
	if width.Months != 0 {
		if width.Days != 0 || width.Nanoseconds != 0 {
			return 0, errBucketMixed
		}
		return monthBucket(int64(width.Months), t, origin)
	}
	micros, ok := joinMicros(int64(width.Days), width.Nanoseconds/nanosPerMicro)
	if !ok || micros <= 0 {
		return 0, errBucketWidth
	}
	since, ok := subChecked(t, origin)
	if !ok {
		return 0, errBucketRange
	}
	bucket, ok := mulChecked(floorDiv(since, micros), micros)
	if ok {
		bucket, ok = addChecked(bucket, origin)
	}
	if !ok {
		return 0, errBucketRange
	}
	return bucket, nil
}

// monthBucket counts buckets in calendar months from the origin's day and time.
func monthBucket(months, t, origin int64) (int64, error) {
	if months < 0 {
		return 0, errBucketWidth
	}
	tDays, _ := splitMicros(t)
	oDays, oTime := splitMicros(origin)
	ty, tm, _ := sqltype.CivilFromDays(tDays)
	oy, om, _ := sqltype.CivilFromDays(oDays)
	between := int64(ty-oy)*12 + int64(tm-om)
	// The month of t may begin, counted from the origin's day, after t.
	for bucket := floorDiv(between, months) * months; ; bucket -= months {
		day, ok := addMonths(oDays, bucket)
		start := int64(0)
		if ok {
			start, ok = joinMicros(int64(day), oTime)
		}
		if !ok {
			return 0, errBucketRange
		}
		if start <= t {
			return start, nil
		}
	}
}
