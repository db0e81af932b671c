package main

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"csvloom/pipeline"
	"csvloom/transforms"

	"github.com/spf13/pflag"
)

// stepFlags say what is done with the rows. Steps run in the order of SQL,
// whatever the order of the flags: where, derive, sample, by and agg, having,
// select, distinct, sort, limit.
type stepFlags struct {
	where    []string
	derive   []string
	sample   string
	seed     uint64
	by       []string
	agg      []string
	having   string
	selects  string
	distinct string
	sort     string
	limit    int64
	offset   int64

	flags *pflag.FlagSet
}

// distinctRows is the value of --distinct without columns.
const distinctRows = "*"

func (f *stepFlags) register(fs *pflag.FlagSet) {
	f.flags = fs
	fs.StringArrayVar(&f.where, "where", nil, "keep the rows for which the `condition` holds (repeatable: all must hold)")
	fs.StringArrayVar(&f.derive, "derive", nil, "add a column: `name = expression` (repeatable; later ones see earlier ones)")
	fs.StringVar(&f.sample, "sample", "", "keep a random `part` of the rows: a percentage such as 1%, or a number of rows")
	fs.Uint64Var(&f.seed, "seed", 0, "seed of --sample: the same seed keeps the same rows")
	fs.StringArrayVar(&f.by, "by", nil, "group by `expressions`, such as 'country, year(day) as year' (repeatable)")
	fs.StringArrayVar(&f.agg, "agg", nil, "`aggregates` of each group, such as 'count(*) as n, sum(price)' (repeatable)")
	fs.StringVar(&f.having, "having", "", "keep the groups for which the `condition` holds")
	fs.StringVar(&f.selects, "select", "", "the `columns` of the result, such as 'a, b*2 as c' or '* except (d)'")
	fs.StringVar(&f.distinct, "distinct", "", "drop repeated rows; with --distinct=`columns`, keep the first row for each value of those")
	fs.Lookup("distinct").NoOptDefVal = distinctRows
	fs.StringVar(&f.sort, "sort", "", "sort by `expressions`, such as 'day desc, name'; rows that are equal keep their order")
	fs.Int64Var(&f.limit, "limit", 0, "keep the first `rows` only")
	fs.Int64Var(&f.offset, "offset", 0, "leave out so many `rows` first")
}

// steps returns what the flags ask for. All mistakes are reported together.
func (f *stepFlags) steps() ([]pipeline.Step, error) {
	var steps []pipeline.Step
	var errs []error
	add := func(flag string, s pipeline.Step, err error) {
		if err != nil {
			errs = append(errs, pipeline.Usagef("--%s: %w", flag, err))
			return
		}
		steps = append(steps, s)
	}
	for _, w := range f.where {
		s, err := transforms.Where(w)
		add("where", s, err)
	}
	for _, d := range f.derive {
		s, err := transforms.Derive(d)
		add("derive", s, err)
	}
	if f.sample != "" {
		s, err := f.sampleStep()
		add("sample", s, err)
	}
	if len(f.by)+len(f.agg) > 0 {
		s, err := transforms.Aggregate(f.by, strings.Join(f.agg, ", "))
		if err != nil {
			errs = append(errs, &pipeline.UsageError{Err: err})
		}
		steps = append(steps, s...)
	}
	if f.having != "" {
		if len(f.by)+len(f.agg) == 0 {
			errs = append(errs, pipeline.Usagef("--having is about groups: give --by or --agg too, or say --where"))
		}
		s, err := transforms.Where(f.having)
		add("having", s, err)
	}
	if f.selects != "" {
		s, err := transforms.Select(f.selects)
		add("select", s, err)
	}
	if f.distinct != "" {
		var columns []string
		if f.distinct != distinctRows {
			columns = splitColumns(f.distinct)
		}
		s, err := transforms.Distinct(columns)
		add("distinct", s, err)
	}
	limited := f.flags.Changed("limit")
	if f.limit < 0 || f.offset < 0 {
		errs = append(errs, pipeline.Usagef("--limit and --offset: expected 0 or more"))
	}
	if f.sort != "" {
		s, err := f.sortStep(limited)
		add("sort", s, err)
	}
	if limited || f.offset > 0 {
		limit := int64(math.MaxInt64)
		if limited {
			limit = f.limit
		}
		steps = append(steps, transforms.Limit(limit, f.offset))
	}
	return steps, errors.Join(errs...)
}

// sortRowsMax is up to how many rows a sort with a limit keeps just those rows
// instead of sorting all.
const sortRowsMax = 1 << 20

func (f *stepFlags) sortStep(limited bool) (pipeline.Reducer, error) {
	if limited && f.limit >= 0 && f.offset >= 0 && f.limit <= sortRowsMax && f.offset <= sortRowsMax {
		return transforms.SortLimit(f.sort, f.limit+f.offset)
	}
	return transforms.Sort(f.sort)
}

func (f *stepFlags) sampleStep() (pipeline.Step, error) {
	if percent, ok := strings.CutSuffix(f.sample, "%"); ok {
		p, err := strconv.ParseFloat(percent, 64)
		if err != nil || !(p >= 0 && p <= 100) {
			return nil, pipeline.Usagef("%q: expected a percentage from 0%% to 100%%", f.sample)
		}
		return transforms.SampleFraction(p/100, f.seed)
	}
	n, err := strconv.ParseInt(f.sample, 10, 64)
	if err != nil || n < 0 {
		return nil, pipeline.Usagef("%q: expected a percentage such as 1%%, or a number of rows", f.sample)
	}
	return transforms.SampleRows(n, f.seed)
}

// splitColumns splits a list of columns at its commas; names with a comma can
// be quoted.
func splitColumns(list string) (columns []string) {
	quoted, from := false, 0
	for i := range len(list) + 1 {
		if i < len(list) && list[i] == '"' {
			quoted = !quoted
		}
		if i == len(list) || list[i] == ',' && !quoted {
			name := strings.TrimSpace(list[from:i])
			if n := len(name); n > 1 && name[0] == '"' && name[n-1] == '"' {
				name = strings.ReplaceAll(name[1:n-1], `""`, `"`)
			}
			columns = append(columns, name)
			from = i + 1
		}
	}
	return columns
}
