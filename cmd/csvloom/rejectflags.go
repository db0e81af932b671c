package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"csvloom/pipeline"
	"csvloom/readers/csv"
	"csvloom/sinks/rejects"

	"github.com/spf13/pflag"
)

// rejectFlags say what becomes of rows that cannot be read.
type rejectFlags struct {
	onError string
	path    string
	max     string
	from    string

	badMax     int64   // rows; -1: any number
	badMaxPart float64 // of all rows; 0: any part
}

func (f *rejectFlags) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.onError, "on-error", "fail", "what a row that cannot be read does: `fail` the run, skip: be left out, or repair: NULL for the value, padded, cut")
	fs.StringVar(&f.path, "rejects", "", "write rows that were left out, repaired or odd to a CSV `file`")
	fs.StringVar(&f.max, "max-rejects", "", "fail, with exit code 3, when more `rows` than this are bad, such as 100 or 0.1%")
	fs.StringVar(&f.from, "from-rejects", "", "read the rejected rows of a rejects `file`, mended perhaps, in place of inputs")
}

// settle turns the texts of flags into options of the reader. output is where
// the result goes.
func (f *rejectFlags) settle(o *csv.Options, output string) error {
	var errs []error
	var err error
	if o.OnError, err = csv.ParseOnError(f.onError); err != nil {
		errs = append(errs, pipeline.Usagef("--on-error %w", err))
	}
	o.Account = f.path != ""
	f.badMax = -1
	if f.max != "" {
		if o.OnError == csv.Fail {
			errs = append(errs, pipeline.Usagef("--max-rejects needs --on-error skip or repair"))
		}
		if part, ok := strings.CutSuffix(f.max, "%"); ok {
			percent, err := strconv.ParseFloat(part, 64)
			if err != nil || !(percent > 0 && percent <= 100) {
				errs = append(errs, pipeline.Usagef("--max-rejects %q: expected more than 0%% and at most 100%%", f.max))
			}
			f.badMaxPart = percent / 100
		} else if f.badMax, err = strconv.ParseInt(f.max, 10, 64); err != nil || f.badMax < 0 {
			errs = append(errs, pipeline.Usagef("--max-rejects %q: expected a number of rows, or a part of them such as 0.1%%", f.max))
		}
	}
	if f.path != "" && output != "" && (f.path == output || sameFile(f.path, output)) {
		errs = append(errs, pipeline.Usagef("--rejects %s: that is the output; give the rejects a name of their own", f.path))
	}
	if f.path != "" && f.from != "" && (f.path == f.from || sameFile(f.path, f.from)) {
		errs = append(errs, pipeline.Usagef("--rejects %s: that is the file that --from-rejects reads; give another name", f.path))
	}
	return errors.Join(errs...)
}

// open begins the rejects file.
func (f *rejectFlags) open(overwrite bool) (*rejects.File, error) {
	file, err := rejects.Create(f.path, f.badMax, overwrite)
	if err != nil {
		return nil, &pipeline.UsageError{Err: fmt.Errorf("--rejects: %w", err)}
	}
	return file, nil
}

// args returns the inputs to read: args, or those of the rejects file, in the
// order in which it names them, with the rows to read of each.
func (f *rejectFlags) args(args []string) ([]string, map[string][]csv.RejectedRow, error) {
	if f.from == "" {
		return args, nil, nil
	}
	if len(args) > 0 {
		return nil, nil, pipeline.Usagef("--from-rejects names its inputs itself; leave %q out", args[0])
	}
	in, err := os.Open(f.from)
	if err != nil {
		return nil, nil, pipeline.Usagef("--from-rejects: %w", err)
	}
	defer in.Close()
	list, err := csv.ReadRejects(f.from, in)
	if err != nil {
		return nil, nil, err
	}
	rows := make(map[string][]csv.RejectedRow)
	for _, r := range list {
		name := r.File
		if !strings.Contains(name, "://") {
			name = filepath.Clean(name) // one file may be called by several names
		}
		if rows[name] == nil {
			args = append(args, name)
		}
		rows[name] = append(rows[name], r)
	}
	if len(args) == 0 {
		return nil, nil, pipeline.Usagef("--from-rejects %s: no row in it was rejected", f.from)
	}
	return args, rows, nil
}

// tooMany holds the part of --max-rejects that is known only when all rows have
// been read.
func (f *rejectFlags) tooMany(counters *pipeline.Counters, file *rejects.File) error {
	c := file.Counts()
	bad := c.Rejected + c.Repaired
	var rows int64
	for _, in := range counters.Inputs() {
		rows += in.RowsIn.Load()
	}
	if f.badMaxPart == 0 || float64(bad) <= f.badMaxPart*float64(rows) {
		return nil
	}
	return &rejects.TooManyError{Bad: bad, Limit: f.max, First: file.First()}
}

// tell says what became of bad rows.
func (f *rejectFlags) tell(m *messages, file *rejects.File) {
	c := file.Counts()
	for _, part := range []struct {
		rows   int64
		action string
	}{{c.Rejected, "left out"}, {c.Repaired, "repaired"}} {
		if part.rows == 0 {
			continue
		}
		were, they := "were", "they"
		if part.rows == 1 {
			were, they = "was", "it"
		}
		first := file.First()
		where := "; --rejects FILE keeps them"
		if f.path != "" {
			where = "; see " + f.path
		}
		m.warn("%s %s %s, because %s could not be read; the first is %s: %s%s", countOf(int(part.rows), "row"), were, part.action, they, first.Pos, first.Error, where)
	}
}
