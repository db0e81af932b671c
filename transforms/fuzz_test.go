package transforms

import (
	"testing"

	"csvloom/pipeline"
)

// FuzzSteps makes steps of any text: mistakes are errors, never a panic, and
// what binds once binds again to the columns it says it needs.
func FuzzSteps(f *testing.F) {
	for _, s := range []string{"a > 1", "*, * except (a)", "x = a + b", "a desc nulls last, b", "sum(a) / count(*) as r, max(b)",
		"string_agg(s, ',' order by a) filter (where b > 0)", "count(distinct s)", "approx_quantile(b, 0.5)", "sum(sum(a))", "first(s), a"} {
		f.Add(s)
	}
	in := table(f, "a BIGINT; b DOUBLE; s VARCHAR; d DATE", "")
	f.Fuzz(func(t *testing.T, src string) {
		stages := []func(string) (pipeline.Stage, error){Where, Select, Derive}
		for _, make := range stages {
			s, err := make(src)
			if err != nil {
				continue
			}
			b, err := s.Bind(in.schema)
			if err != nil {
				continue
			}
			wanted := pipeline.Columns{b.Schema().Field(0).Name: true}
			narrow := input{schema: narrowed(in, b.Needs(wanted))}
			if p, ok := b.(pipeline.Pruner); ok {
				s = p.Prune(wanted)
			}
			if _, err := s.Bind(narrow.schema); err != nil {
				t.Errorf("%s: binds to all columns, but not to those it needs: %v", s, err)
			}
		}
		reducers := []func(string) ([]pipeline.Step, error){
			func(src string) ([]pipeline.Step, error) { return Aggregate([]string{"s"}, src) },
			func(src string) ([]pipeline.Step, error) { return Aggregate([]string{src}, "count(*)") },
			func(src string) ([]pipeline.Step, error) {
				s, err := Sort(src)
				return []pipeline.Step{s}, err
			},
		}
		for _, make := range reducers {
			steps, err := make(src)
			if err != nil {
				continue
			}
			r := steps[0].(pipeline.Reducer)
			b, err := r.Bind(in.schema)
			if err != nil {
				continue
			}
			if len(steps) > 1 {
				_, _ = steps[1].(pipeline.Stage).Bind(b.Schema())
			}
			if _, err := r.Bind(narrowed(in, b.Needs(pipeline.Columns{}))); err != nil {
				t.Errorf("%s: binds to all columns, but not to those it needs: %v", r, err)
			}
		}
	})
}
