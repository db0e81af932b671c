package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// tolerance is how far apart, as a part of their size, numbers may be that were
// added in different orders: some ten times what adding millions of doubles one
// by one loses.
const tolerance = 1e-11

// near reports whether two numbers are equal but for the order of additions.
// size is that of what was added, 1 if that is less: a mean near zero is no more
// exact for it.
func near(a, b, size float64) bool {
	return math.Abs(a-b) <= tolerance*math.Max(math.Abs(size), 1)
}

// checkCommand compares a CSV file that csvloom wrote with the groups computed
// here. run starts it as a process of its own: on Linux a child's peak memory
// counts from that of the process that started it, so that run must stay small.
func checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "check DIR WORK RESULT.csv",
		Short:  "Compare the result of a group-by with one computed in Go",
		Args:   cobra.ExactArgs(3),
		Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			w := workByName(args[1])
			if w == nil || w.groups == nil {
				return fmt.Errorf("%s: there is no such group-by", args[1])
			}
			groups, err := w.groups.of(cmd.Context(), setByName(w.set), args[0])
			if err != nil {
				return err
			}
			f, err := os.Open(args[2])
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, f.Close()) }()
			return w.groups.compare(groups, f)
		},
	}
}

func workByName(name string) *work {
	for _, w := range works {
		if w.name == name {
			return w
		}
	}
	return nil
}

// compare returns how the CSV text differs from the groups, nil if it does not.
// Its columns are the keys, then the values.
func (g *grouping) compare(groups map[string]*group, text io.Reader) error {
	r := csv.NewReader(text)
	r.ReuseRecord = true
	r.FieldsPerRecord = len(g.keys) + len(g.values)
	if _, err := r.Read(); err != nil {
		return fmt.Errorf("the header of the result: %w", err)
	}
	seen := 0
	for {
		record, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		seen++
		key := strings.Join(record[:len(g.keys)], string(keySeparator))
		want, ok := groups[key]
		if !ok {
			return fmt.Errorf("group %q is not in the data", record[:len(g.keys)])
		}
		for i := range g.values {
			found, err := strconv.ParseFloat(record[len(g.keys)+i], 64)
			expected := g.value(want, i)
			if err != nil || !near(found, expected, expected) {
				return fmt.Errorf("group %q: value %d is %s, expected %v", record[:len(g.keys)], i+1, record[len(g.keys)+i], expected)
			}
		}
	}
	if seen != len(groups) {
		return fmt.Errorf("%d groups, expected %d", seen, len(groups))
	}
	return nil
}
