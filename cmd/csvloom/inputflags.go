package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"csvloom/pipeline"
	"csvloom/readers"
	"csvloom/readers/csv"

	"github.com/spf13/pflag"
)

// inputFlags say what to read and how. Names follow DuckDB's reader options
// where it has one.
type inputFlags struct {
	csv           csv.Options
	readers       readers.Options
	dialect       dialectFlags
	types         []string
	infer         string
	onSourceError string
	again         map[string][]csv.RejectedRow // rows to read, by input; nil: all rows of all inputs
}

func (f *inputFlags) register(fs *pflag.FlagSet) {
	o := &f.csv
	f.dialect.register(fs, o)
	fs.StringArrayVar(&o.Nulls, "null", nil, "`text` that means NULL, beside the empty field (repeatable)")
	fs.StringArrayVar(&f.types, "types", nil, "`types` of columns, such as 'id:VARCHAR,price:DECIMAL(10,2)' (repeatable)")
	fs.BoolVar(&o.AllVarchar, "all-varchar", false, "read every column as VARCHAR")
	fs.StringArrayVar(&o.DateFormats, "date-format", nil, "strptime `format` of dates, such as %d/%m/%Y (repeatable, tried in order)")
	fs.StringArrayVar(&o.TimestampFormats, "timestamp-format", nil, "strptime `format` of timestamps (repeatable, tried in order)")
	fs.StringVar(&o.Numerals.Decimal, "decimal-separator", ".", "what stands before the fraction of a number: `.` or ,")
	fs.StringVar(&o.Numerals.Thousands, "thousands", "", "`character` that may stand between groups of three digits, such as , or .")
	fs.StringVar(&f.infer, "infer", "sample", "what types are inferred from: a `sample` of every file, or full files")
	fs.IntVar(&o.SampleBytes, "sample-bytes", 0, "size of the sample of every file in `bytes`; by default 2 KiB to 256 KiB, less the more files there are")
	fs.IntVar(&o.RowBytesMax, "max-row-bytes", csv.RowBytesMaxDefault, "longest record that is accepted, in `bytes`")
	fs.IntVar(&o.BlockBytes, "block-bytes", 0, "size of the parts that are decoded in parallel, in `bytes`; by default 1 MiB, less where --memory is less than 512 MiB")
	fs.StringVar(&f.readers.Encoding, "encoding", "", "`encoding` of the inputs, such as windows-1252, shift_jis or gb18030; by default UTF-8, or UTF-16 and UTF-32 where that is certain")
	fs.StringVar(&f.readers.EncodingFallback, "encoding-fallback", "", "`encoding` of inputs that are not valid UTF-8; each input is read once more to see that")
	limits := &f.readers.Limits
	fs.Int64Var(&limits.ArchiveBytes, "archive-bytes-max", 64<<30, "how many `bytes` compressed tar files together may unpack to, in --temp-dir")
	fs.IntVar(&limits.ArchiveRatio, "archive-ratio-max", 1000, "how many `times` its size a member of a zip file, or a compressed tar file, may unpack to, beyond 64 MiB")
	fs.IntVar(&limits.ArchiveMembers, "archive-members-max", 1_000_000, "how many `members` an archive may have")
	fs.IntVar(&f.readers.FetchConcurrency, "fetch-concurrency", 64, "`downloads` under way at once")
	fs.IntVar(&f.readers.HTTP.Retries, "fetch-retries", 5, "how many `times` a download is tried again")
	fs.DurationVar(&f.readers.HTTP.Timeout, "fetch-timeout", 0, "`time` that one download may take; by default 1h")
	fs.StringVar(&f.onSourceError, "on-source-error", "fail", "what an input that cannot be read does: `fail` the run, or skip: go on with a warning, exit code 4")
}

// settle turns the texts of flags into options.
func (f *inputFlags) settle() error {
	var errs []error
	o := &f.csv
	if err := f.dialect.settle(o); err != nil {
		errs = append(errs, err)
	}
	for _, t := range f.types {
		types, err := csv.ParseTypes(t)
		if err != nil {
			errs = append(errs, pipeline.Usagef("--types: %w", err))
		}
		o.Types = append(o.Types, types...)
	}
	switch f.infer {
	case "sample":
	case "full":
		o.InferFull = true
	default:
		errs = append(errs, pipeline.Usagef("--infer %q: expected sample or full", f.infer))
	}
	switch f.onSourceError {
	case "fail":
	case "skip":
		f.readers.OnSourceError = readers.Skip
	default:
		errs = append(errs, pipeline.Usagef("--on-source-error %q: expected fail or skip", f.onSourceError))
	}
	o.Unreadable = func(_ int, err error) error {
		if errors.Is(err, readers.ErrSkipped) {
			return nil
		}
		return err
	}
	return errors.Join(errs...)
}

// inputs are what a command reads, and what tells how far reading has come.
type inputs struct {
	set    *readers.Set
	source *csv.Source
	sizes  []int64 // raw bytes; -1: not known
	raw    *rawProgress
	wholes wholeFiles
	notes  []string
}

// open finds the inputs that args name.
func (f *inputFlags) open(ctx context.Context, args []string, t *terminal, tempDir, output string, workers int) (*inputs, error) {
	if err := f.settle(); err != nil {
		return nil, err
	}
	if f.readers.HTTP.Retries == 0 {
		f.readers.HTTP.Retries = -1 // zero means the default there
	}
	f.readers.Stdin, f.readers.StdinArchive = t.stdin, true
	f.readers.Workers = workers
	f.readers.TempDir = tempDir
	set, err := readers.Discover(ctx, args, f.readers)
	if err != nil {
		return nil, err
	}
	in := &inputs{set: set, raw: newRawProgress(len(set.Inputs())), wholes: make(wholeFiles, len(set.Inputs()))}
	var list []csv.Input
	for _, input := range set.Inputs() {
		if sameFile(input.Path(), output) {
			if slices.Contains(args, input.Name) {
				return nil, errors.Join(pipeline.Usagef("%s is an input and the output: write to another file", input.Name), set.Close())
			}
			in.notes = append(in.notes, input.Name+" is the output and is not read as an input")
			continue
		}
		i := len(list)
		list = append(list, csv.Input{Name: input.Name, Open: func(ctx context.Context) (csv.Stream, error) {
			stream, err := input.Open(ctx)
			if err != nil {
				return nil, err
			}
			in.raw.opened(i, stream)
			return stream, nil
		}, Again: f.again[input.Name]})
		if path, size, ok := input.Plain(); ok {
			list[i].Path, list[i].Bytes, list[i].Modified = path, size, input.Modified()
			if f.readers.Digests {
				list[i].Whole = func(file []byte) { in.wholes.read(i, file) }
			}
		}
		in.sizes = append(in.sizes, input.SizeHint())
	}
	if err := f.foundAgain(list); err != nil {
		return nil, errors.Join(err, set.Close())
	}
	if in.source, err = csv.NewSource(list, f.csv); err != nil {
		return nil, errors.Join(err, set.Close())
	}
	return in, nil
}

// foundAgain holds that the inputs are just those that a rejects file names, so
// that each of its rows is read, and no other.
func (f *inputFlags) foundAgain(inputs []csv.Input) error {
	if f.again == nil {
		return nil
	}
	found := make(map[string]bool)
	for _, in := range inputs {
		if f.again[in.Name] == nil {
			return pipeline.Usagef("--from-rejects: %s is not one of the files that the rejects file names: a directory or a list is no file", in.Name)
		}
		found[in.Name] = true
	}
	for name := range f.again {
		if !found[name] {
			return pipeline.Usagef("--from-rejects: %s is not read under that name; put the name of a file there", name)
		}
	}
	return nil
}

// sameFile reports whether two paths name one file that exists. Files of another
// base name are not looked at: there may be very many.
func sameFile(a, b string) bool {
	if a == "" || b == "" || filepath.Base(a) != filepath.Base(b) {
		return false
	}
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

func (in *inputs) close() error { return in.set.Close() }
