package main

import (
	"errors"
	"strings"

	"csvloom/pipeline"
	"csvloom/sinks"
	"csvloom/sinks/arrowipc"
	"csvloom/sinks/parquet"

	"github.com/spf13/pflag"
)

// outputFlags say where the result goes and in what form.
type outputFlags struct {
	sinks       sinks.Options
	format      string
	compression string
	bloom       []string
	partitionBy string
}

func (f *outputFlags) register(fs *pflag.FlagSet) {
	o := &f.sinks
	fs.StringVarP(&o.Path, "output", "o", "", "`file` to write; - is standard output. Without it: a table on a terminal, CSV in a pipe")
	fs.StringVar(&f.format, "format", "", "`format` of the output, by default told by its extension: "+strings.Join(sinks.Formats(), ", "))
	fs.BoolVar(&o.Overwrite, "overwrite", false, "replace the output if it exists")
	fs.StringVar(&f.compression, "compression", "", "`codec`: zstd (default), snappy, gzip, lz4 or none for Parquet; zstd, lz4 or none for Arrow; gzip, zstd or none for text")
	fs.IntVar(&o.Parquet.Level, "compression-level", 0, "`level` of the Parquet codec: 1 to 22 for zstd, 1 to 9 for gzip")
	fs.IntVar(&o.Parquet.RowGroupRows, "row-group-size", 0, "`rows` in each Parquet row group")
	fs.BoolVar(&o.Parquet.NoDictionary, "no-dictionary", false, "write Parquet without dictionaries")
	fs.BoolVar(&o.Parquet.NoStatistics, "no-statistics", false, "write Parquet without minimum and maximum values")
	fs.StringSliceVar(&f.bloom, "bloom", nil, "Parquet `columns` that get a bloom filter")
	fs.StringVar(&f.partitionBy, "partition-by", "", "write one file for each value of the `columns`, in directories such as OUT/zone=12; OUT is Parquet unless --format says otherwise")
	fs.IntVar(&o.Partition.Max, "partitions-max", sinks.DefaultPartitionsMax, "how many `values` --partition-by takes before it is a mistake")
	fs.StringVar(&o.CSV.Null, "null-output", "", "`text` that NULL is written as in CSV")
}

// sink makes the sink. Mistakes are found here, before any work.
func (f *outputFlags) sink(t *terminal) (*sinks.Sink, error) {
	o := f.sinks
	o.Format = sinks.Format(f.format)
	o.Stdout, o.StdoutIsTerminal = t.stdout, t.stdoutIsTerminal
	o.Table.Color = color(t.stdoutIsTerminal)
	if t.stdoutIsTerminal {
		o.Table.WidthColumns = t.width()
	}
	o.Parquet.BloomColumns = f.bloom
	o.Parquet.CreatedBy = "csvloom version " + version()
	var errs []error
	if f.partitionBy != "" {
		o.Partition.By = splitColumns(f.partitionBy)
	}
	if o.Partition.By != nil && o.Partition.Max < 1 {
		return nil, pipeline.Usagef("--partitions-max %d: expected 1 or more", o.Partition.Max)
	}
	s, err := sinks.New(o) // to learn the format
	if err != nil {
		return nil, err
	}
	switch {
	case f.compression == "":
		return s, nil
	case s.Format() == sinks.Parquet:
		o.Parquet.Compression, err = parquet.ParseCodec(f.compression)
		if err != nil {
			errs = append(errs, pipeline.Usagef("--compression: %w", err))
		}
	case s.Format() == sinks.ArrowFile || s.Format() == sinks.ArrowStream:
		o.Arrow.Compression = arrowipc.Compression(f.compression)
	default:
		o.Compression = sinks.Compression(f.compression)
	}
	s, err = sinks.New(o)
	return s, errors.Join(append(errs, err)...)
}
