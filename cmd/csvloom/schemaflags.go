package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"csvloom/pipeline"
	"csvloom/readers/csv"

	"github.com/spf13/pflag"
)

// schemaFlags bind a run to a schema file and say what headers that differ do.
type schemaFlags struct {
	path  string
	drift string
	file  string
	line  string

	settled csv.Drift // what drift says
	later   bool      // headers are compared after reading, by the command
}

func (f *schemaFlags) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.path, "schema", "", "schema `file` (see csvloom schema --write): its names, order and types are binding")
	fs.StringVar(&f.drift, "drift", "", "what a header does that differs from the schema file or the first input: `evolve`, warn or fail; or for each event, such as new=fail,missing=warn,reorder=evolve,retype=fail. By default evolve; with a schema file what that says")
	f.registerLineage(fs)
}

// registerLineage adds the flags of columns that tell where rows were read.
func (f *schemaFlags) registerLineage(fs *pflag.FlagSet) {
	fs.StringVar(&f.file, "with-file", "", "add a column, called _file or `name`, with the input that each row is from")
	fs.Lookup("with-file").NoOptDefVal = "_file"
	fs.StringVar(&f.line, "with-line", "", "add a column, called _line or `name`, with the line of the input on which each row starts")
	fs.Lookup("with-line").NoOptDefVal = "_line"
}

// settle puts the flags into the options of the reader.
func (f *schemaFlags) settle(o *csv.Options) error {
	var errs []error
	drift, err := csv.ParseDrift(f.drift)
	if err != nil {
		errs = append(errs, pipeline.Usagef("--drift: %w", err))
	}
	o.FileColumn, o.LineColumn = f.file, f.line
	if f.file != "" && f.file == f.line {
		errs = append(errs, pipeline.Usagef("--with-file and --with-line are both called %s; give one another name", f.file))
	}
	f.settled, o.Drift = drift, drift
	if f.later {
		o.Drift = csv.DriftAccepted
	}
	if f.path != "" {
		if o.AllVarchar {
			errs = append(errs, pipeline.Usagef("--all-varchar and --schema contradict each other; say one of them"))
		}
		if o.Schema, err = readSchemaFile(f.path); err != nil {
			errs = append(errs, &pipeline.UsageError{Err: err})
		}
	}
	return errors.Join(errs...)
}

func readSchemaFile(path string) (*csv.SchemaFile, error) {
	text, err := readUpTo(path, csv.SchemaFileBytesMax+1)
	if err != nil {
		return nil, fmt.Errorf("--schema: %w", err)
	}
	return csv.ParseSchemaFile(path, text)
}

// readUpTo reads a file, but no more of it than bytesMax.
func readUpTo(path string, bytesMax int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, bytesMax))
}
