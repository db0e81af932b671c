package main

import (
	"errors"
	"strconv"
	"strings"

	"csvloom/pipeline"
	"csvloom/readers/csv"

	"github.com/spf13/pflag"
)

// dialectFlags say how files are written. What is not given is found out for
// each file.
type dialectFlags struct {
	set                           *pflag.FlagSet
	delim, quote, escape, comment string
	header, noHeader              bool
}

func (f *dialectFlags) register(fs *pflag.FlagSet, o *csv.Options) {
	f.set = fs
	fs.StringVar(&f.delim, "delim", "", `delimiter, one character or a few: "||", ";", tab, space, \x1f`)
	fs.StringVar(&f.quote, "quote", "", "quote `character`, or none")
	fs.StringVar(&f.escape, "escape", "", "`character` that takes the meaning from the one behind it, such as \\; none: quotes are doubled and nothing is escaped")
	fs.StringVar(&f.comment, "comment", "", "`text` that starts a comment line, or none")
	fs.IntVar(&o.SkipLines, "skip", 0, "`lines` before the header to skip; 0: none are")
	fs.IntVar(&o.FooterLines, "footer", 0, "`lines` at the end to skip, blank ones not counted; 0: none are")
	fs.BoolVar(&f.header, "header", false, "the first record names the columns")
	fs.BoolVar(&f.noHeader, "no-header", false, "the first record is data; columns are called column_1, column_2 …")
	fs.StringVar(&o.LineEnd, "line-end", "", "what ends a line: lf, crlf, cr or mixed")
}

// settle turns the texts of the flags into options.
func (f *dialectFlags) settle(o *csv.Options) error {
	var errs []error
	o.Header, o.NoHeader = f.header, f.noHeader
	o.NoPreamble = f.set.Changed("skip") && o.SkipLines == 0
	o.NoFooter = f.set.Changed("footer") && o.FooterLines == 0
	character := func(flag, text string) byte {
		if len(text) != 1 {
			errs = append(errs, pipeline.Usagef("--%s %q: expected one ASCII character, or none", flag, text))
			return 0
		}
		return text[0]
	}
	switch {
	case f.quote == "none" || f.quote == "" && f.set.Changed("quote"):
		o.NoQuote = true
	case f.quote != "":
		o.Quote = character("quote", f.quote)
	}
	switch f.escape {
	case "":
	case "none":
		if o.Escape = o.Quote; o.Escape == 0 {
			o.Escape = '"'
		}
	default:
		o.Escape = character("escape", f.escape)
	}
	switch f.delim {
	case "tab":
		o.Delimiter = "\t"
	case "space":
		o.Delimiter = " "
	default:
		o.Delimiter = f.delim
		if strings.HasPrefix(f.delim, `\`) && len(f.delim) > 1 {
			if s, err := strconv.Unquote(`"` + f.delim + `"`); err == nil {
				o.Delimiter = s
			}
		}
	}
	if o.NoComment = f.comment == "none"; !o.NoComment {
		o.Comment = f.comment
	}
	return errors.Join(errs...)
}
