package expr

import (
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
)

func dateformatFunctions() []function {
	return []function{
		{name: "strftime", group: "date", doc: "A date or timestamp written by a format, such as '%d.%m.%Y %H:%M'.",
			example: "strftime(DATE '2024-05-06', '%d.%m.%Y') = '06.05.2024'",
			overloads: []overload{
				{params: []kind{kTimestamp, kVarchar}, result: kVarchar, make: makeStrftime(kTimestamp, 0, 1)},
				{params: []kind{kDate, kVarchar}, result: kVarchar, make: makeStrftime(kDate, 0, 1)},
				{params: []kind{kTimestampTZ, kVarchar}, result: kVarchar, make: makeStrftime(kTimestampTZ, 0, 1)},
				{params: []kind{kVarchar, kTimestamp}, result: kVarchar, make: makeStrftime(kTimestamp, 1, 0)},
				{params: []kind{kVarchar, kDate}, result: kVarchar, make: makeStrftime(kDate, 1, 0)},
				{params: []kind{kVarchar, kTimestampTZ}, result: kVarchar, make: makeStrftime(kTimestampTZ, 1, 0)},
			}},
		{name: "strptime", group: "date", doc: "Text read as a timestamp by a format; TIMESTAMPTZ if the format has a zone. Text of another form is an error.",
			example:   "strptime('06.05.2024', '%d.%m.%Y') = 2024-05-06 00:00:00",
			overloads: []overload{{params: []kind{kVarchar, kVarchar}, result: kTimestamp, typ: strptimeType, make: makeStrptime(false)}}},
		{name: "try_strptime", group: "date", doc: "As strptime, but text of another form is NULL.",
			example:   "try_strptime('?', '%Y') IS NULL",
			overloads: []overload{{params: []kind{kVarchar, kVarchar}, result: kTimestamp, typ: strptimeType, make: makeStrptime(true)}}},
	}
}

var errFormatConstant = errors.New("the format must be a text constant, such as '%Y-%m-%d'")

// layoutConstant reads the format of a call, which must be a constant since it
// decides the type; nil if it is NULL.
func layoutConstant(x bound) (*sqltype.Layout, error) {
	c, ok := x.(*constant)
	switch {
	case !ok:
		return nil, errFormatConstant
	case c.v.null:
		return nil, nil
	}
	return sqltype.ParseLayout(string(c.v.text(0)))
}

func makeStrftime(k kind, value, format int) func([]bound) (kernel, int, error) {
	return func(args []bound) (kernel, int, error) {
		layout, err := layoutConstant(args[format])
		if err != nil {
			return nil, format, err
		}
		return func(n int, live bitmap, args []*vector, out *vector) error {
			out.makeText(n)
			a := args[value]
			for i := range live.rows(n) {
				var micros int64
				if k == kDate {
					var ok bool
					if micros, ok = joinMicros(int64(a.i32[a.at(i)]), 0); !ok {
						return faultf(i, "strftime: the date is beyond TIMESTAMP")
					}
				} else {
					micros = a.i64[a.at(i)]
				}
				start := len(out.own.data)
				out.own.data = layout.Append(out.own.data, micros)
				if err := out.put(i, start); err != nil {
					return err
				}
			}
			return nil
		}, 0, nil
	}
}

func strptimeType(args []bound) arrow.DataType {
	if layout, err := layoutConstant(args[1]); err == nil && layout != nil && layout.HasZone() {
		return sqltype.TimestampTZ
	}
	return sqltype.Timestamp
}

func makeStrptime(try bool) func([]bound) (kernel, int, error) {
	return func(args []bound) (kernel, int, error) {
		layout, err := layoutConstant(args[1])
		if err == nil && layout != nil {
			err = layout.Readable()
		}
		if err != nil {
			return nil, 1, err
		}
		return func(n int, live bitmap, args []*vector, out *vector) error {
			dst := out.makeInt64(n)
			for i := range live.rows(n) {
				s := args[0].text(i)
				micros, _, ok := layout.ParseTimestamp(s)
				switch {
				case ok:
					dst[i] = micros
				case try:
					out.setNull(i, n)
				default:
					return &fault{Row: i, Err: fmt.Errorf("strptime: %s is not of the form %s; try_strptime makes it NULL", pipeline.Excerpt(string(s)), textLiteral(layout.String()))}
				}
			}
			return nil
		}, 0, nil
	}
}
