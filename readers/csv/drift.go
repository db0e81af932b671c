package csv

import (
	"fmt"
	"strings"

	"csvloom/pipeline/sqltype"
)

// DriftAction is what a header that differs from the others does to a run.
type DriftAction uint8

const (
	// DriftUnset leaves the choice to the schema file or the default.
	DriftUnset DriftAction = iota
	// DriftEvolve goes on without a word: columns are matched by name, and
	// the table has those of all inputs.
	DriftEvolve
	// DriftWarn does the same, with a warning for each distinct header.
	DriftWarn
	// DriftFail stops before anything is read.
	DriftFail
)

var driftActions = [...]string{DriftEvolve: "evolve", DriftWarn: "warn", DriftFail: "fail"}

// String is the action as users write it; "" when it is unset.
func (a DriftAction) String() string { return driftActions[a] }

// Drift says what to do about each way in which the header of a file can differ
// from the reference: the columns of the schema file or, without one, the
// header of the first input that has any.
type Drift struct {
	New     DriftAction // a column that the reference lacks
	Missing DriftAction // a column that only the reference has
	Reorder DriftAction // columns in another order
	// Retype is about a column whose values do not fit its type: that of the
	// schema file or, without one, that of the first input with values in it.
	Retype DriftAction
}

// driftEvents are the names of Drift's fields, in the order they are written.
var driftEvents = [...]string{"new", "missing", "reorder", "retype"}

func (d *Drift) event(i int) *DriftAction {
	return [...]*DriftAction{&d.New, &d.Missing, &d.Reorder, &d.Retype}[i]
}

// DriftAccepted accepts everything.
var DriftAccepted = Drift{DriftEvolve, DriftEvolve, DriftEvolve, DriftEvolve}

// Defaults: without a schema file, files differ as they please; with one, what
// would change the table's columns or types stops the run.
var (
	driftDefault       = DriftAccepted
	driftDefaultSchema = Drift{DriftFail, DriftWarn, DriftEvolve, DriftFail}
)

// Over returns d with what it leaves unset taken from o.
func (d Drift) Over(o Drift) Drift {
	for i := range driftEvents {
		if a := d.event(i); *a == DriftUnset {
			*a = *o.event(i)
		}
	}
	return d
}

func parseDriftAction(text string) (DriftAction, error) {
	for a, name := range driftActions {
		if name == text && name != "" {
			return DriftAction(a), nil
		}
	}
	return DriftUnset, fmt.Errorf("found %q, expected evolve, warn or fail", text)
}

// ParseDrift reads `warn`, which is meant for every event, or a list such as
// `new=fail,missing=warn`; events are new, missing, reorder and retype, and
// what is not named is left unset. Both can be combined: `warn,new=fail`.
func ParseDrift(text string) (d Drift, err error) {
	if strings.TrimSpace(text) == "" {
		return d, nil
	}
	var all DriftAction
	for part := range strings.SplitSeq(text, ",") {
		name, value, named := strings.Cut(strings.TrimSpace(part), "=")
		if !named {
			if all != DriftUnset {
				return d, fmt.Errorf("%q: an action for all events is given twice", text)
			}
			if all, err = parseDriftAction(name); err != nil {
				return d, err
			}
			continue
		}
		a := d.named(name)
		if a == nil {
			return d, unknownDriftEvent(name)
		}
		if *a != DriftUnset {
			return d, fmt.Errorf("%q: %s is given twice", text, name)
		}
		if *a, err = parseDriftAction(value); err != nil {
			return d, fmt.Errorf("%s: %w", name, err)
		}
	}
	return d.Over(Drift{all, all, all, all}), nil
}

func (d *Drift) named(name string) *DriftAction {
	for i, e := range driftEvents {
		if e == name {
			return d.event(i)
		}
	}
	return nil
}

func unknownDriftEvent(name string) error {
	err := fmt.Errorf("found %q, expected new, missing, reorder or retype", name)
	if near := sqltype.Suggest(name, driftEvents[:]); near != "" {
		err = fmt.Errorf("%w; did you mean %s?", err, near)
	}
	return err
}
