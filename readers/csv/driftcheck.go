package csv

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"csvloom/pipeline"
)

// CheckDrift does what d, then the schema file, then the default says about
// headers that differ: it returns warnings, and the errors about the first
// input that is not accepted. Schema does the same with Options.Drift.
func (s *Source) CheckDrift(ctx context.Context, t *pipeline.Task, d Drift) (warnings []string, err error) {
	if given := s.options.Schema; given != nil {
		d = d.Over(given.Drift).Over(driftDefaultSchema)
	} else {
		d = d.Over(driftDefault)
	}
	if d == driftDefault {
		return nil, nil
	}
	headers, err := s.Headers(ctx, t)
	if err != nil {
		return nil, err
	}
	r := s.reference()
	warned := 0
	for i := range headers {
		h := &headers[i]
		if err := s.driftError(h, &d, r); err != nil {
			return warnings, err
		}
		for _, text := range driftWarnings(h, &d, r) {
			if warned++; warned <= driftWarningsMax {
				warnings = append(warnings, text)
			}
		}
	}
	if warned > driftWarningsMax {
		warnings = append(warnings, fmt.Sprintf("%d more warnings about headers; csvloom schema shows them all", warned-driftWarningsMax))
	}
	return warnings, nil
}

// driftWarningsMax bounds the warnings about headers.
const driftWarningsMax = 20

func positionText(file string, line int64) string {
	return pipeline.Position{File: file, Line: line}.String()
}

func sharedBy(h *Header) string {
	if h.Inputs == 1 {
		return ""
	}
	return fmt.Sprintf(" (%d inputs, the last is %s)", h.Inputs, h.Last)
}

// driftWarnings tells the events that are to be warned of: in one warning what
// the header says, in another what its columns hold.
func driftWarnings(h *Header, d *Drift, r *reference) (warnings []string) {
	var parts []string
	add := func(a DriftAction, names []string, one, several string) {
		if a != DriftWarn || len(names) == 0 {
			return
		}
		what := several
		if len(names) == 1 {
			what = one
		}
		parts = append(parts, what+" "+nameList(names))
	}
	add(d.New, h.New, "new column", "new columns")
	add(d.Missing, h.Missing, "it lacks column", "it lacks columns")
	add(d.Reorder, h.Moved, "another place for column", "another order of columns")
	if len(parts) > 0 {
		if d.New == DriftWarn || d.Missing == DriftWarn {
			for _, r := range h.Renamed {
				parts = append(parts, fmt.Sprintf("perhaps %s is now called %s", pipeline.Excerpt(r.From), pipeline.Excerpt(r.To)))
			}
		}
		warnings = append(warnings, fmt.Sprintf("%s differs from %s: %s%s", positionText(h.First, h.Line), r.name, strings.Join(parts, "; "), sharedBy(h)))
	}
	if d.Retype != DriftWarn || len(h.Retyped) == 0 {
		return warnings
	}
	parts = nil
	for i := range h.Retyped {
		if i == namesShown {
			parts = append(parts, fmt.Sprintf("and %s more", count(len(h.Retyped)-i, "column")))
			break
		}
		t := &h.Retyped[i]
		parts = append(parts, fmt.Sprintf("column %s is %s instead of %s", pipeline.Excerpt(t.Column), t.Found, t.Type))
	}
	first := &h.Retyped[0]
	at := pipeline.Position{File: first.Input, Line: first.Line}
	if first.Err != nil {
		at = first.Err.Pos
	}
	return append(warnings, fmt.Sprintf("%s: %s", at, strings.Join(parts, "; ")))
}

// namesShown is how many names a message lists.
const namesShown = 10

func nameList(names []string) string {
	var s strings.Builder
	for i, n := range names {
		if i == namesShown {
			fmt.Fprintf(&s, " and %d more", len(names)-i)
			break
		}
		if i > 0 {
			s.WriteString(", ")
		}
		s.WriteString(pipeline.Excerpt(n))
	}
	return s.String()
}

// driftError returns the errors about a header that the settings do not accept,
// all of them together.
func (s *Source) driftError(h *Header, d *Drift, r *reference) error {
	var errs []error
	ways := "accept it with --drift %s=evolve or %[1]s=warn"
	if s.options.Schema != nil {
		ways = "change " + s.options.Schema.Name + ", or " + ways
	}
	add := func(a DriftAction, names []string, event, problem string) {
		if a != DriftFail || len(names) == 0 {
			return
		}
		advice := fmt.Sprintf(ways, event)
		if i := slices.IndexFunc(h.Renamed, func(r Rename) bool { return r.From == names[0] || r.To == names[0] }); i >= 0 {
			advice = fmt.Sprintf("perhaps %s is now called %s: a schema file can rename it; or %s",
				pipeline.Excerpt(h.Renamed[i].From), pipeline.Excerpt(h.Renamed[i].To), advice)
		}
		if len(names) > 1 {
			problem += fmt.Sprintf(", and so with %s", nameList(names[1:]))
		}
		errs = append(errs, &pipeline.InputError{
			Pos: pipeline.Position{File: h.First, Line: h.Line}, Column: names[0],
			Problem: problem + sharedBy(h), Advice: advice,
		})
	}
	add(d.New, h.New, "new", "the column is new: "+r.name+" does not have it")
	add(d.Missing, h.Missing, "missing", "the column is missing, which "+r.name+" has")
	add(d.Reorder, h.Moved, "reorder", "the column has another place than in "+r.name)
	if d.Retype == DriftFail {
		for i := range h.Retyped {
			t := &h.Retyped[i]
			if t.Err != nil {
				e := *t.Err
				e.Problem = fmt.Sprintf("%s as %s has it", e.Problem, r.name)
				e.Advice = "mend the value, or " + fmt.Sprintf(ways, "retype")
				errs = append(errs, &e)
				continue
			}
			errs = append(errs, &pipeline.InputError{
				Pos: pipeline.Position{File: t.Input, Line: t.Line}, Column: t.Column,
				Problem: fmt.Sprintf("its values are %s, and %s before", t.Found, t.Type), Advice: fmt.Sprintf(ways, "retype"),
			})
		}
	}
	return errors.Join(errs...)
}
