package main

// report is everything that was measured; --json writes it.
type report struct {
	Machine  machine          `json:"machine"`
	Rounds   int              `json:"rounds"`
	Csvloom  string           `json:"csvloom"`
	Peers    []peerTitle      `json:"peers"`
	Works    []*workResult    `json:"works"`
	Measures []*measureResult `json:"measures"`
}

type peerTitle struct {
	Name   string `json:"name"`
	Title  string `json:"title"`
	Absent string `json:"absent,omitempty"` // why it is not there
}

// workResult is a row of the comparison.
type workResult struct {
	Name     string        `json:"name"`
	Title    string        `json:"title"`
	Data     string        `json:"data,omitempty"`
	Goal     float64       `json:"goal"`
	Converts bool          `json:"converts,omitempty"`
	Missing  string        `json:"missing,omitempty"` // why nothing was run
	Answers  string        `json:"answers,omitempty"`
	Unequal  bool          `json:"unequal,omitempty"`
	Tools    []*toolResult `json:"tools,omitempty"`
}

// toolResult is what one tool took for a work.
type toolResult struct {
	Tool    string   `json:"tool"`
	Mode    string   `json:"mode,omitempty"`
	Failure string   `json:"failure,omitempty"`
	Absent  bool     `json:"absent,omitempty"` // did not take part, as Failure says
	Samples []sample `json:"samples,omitempty"`
}

// measureResult is what csvloom is measured at alone.
type measureResult struct {
	Name    string  `json:"name"`
	Title   string  `json:"title"`
	Value   float64 `json:"value"`
	Unit    string  `json:"unit"`
	Goal    string  `json:"goal"`
	Reached bool    `json:"reached"`
	Detail  string  `json:"detail,omitempty"`
	Missing string  `json:"missing,omitempty"` // why there is no value
	Failed  bool    `json:"failed,omitempty"`  // csvloom did, as Missing says
}

// seconds is the time that counts: of the whole process, but for peers of the
// query alone.
func (s sample) seconds() float64 {
	if s.WorkSeconds > 0 {
		return s.WorkSeconds
	}
	return s.WallSeconds
}

func (t *toolResult) lastSeconds() float64 {
	if len(t.Samples) == 0 {
		return 0
	}
	return t.Samples[len(t.Samples)-1].seconds()
}

// each returns a number of every sample.
func (t *toolResult) each(of func(sample) float64) []float64 {
	var values []float64
	for _, s := range t.Samples {
		values = append(values, of(s))
	}
	return values
}

// worked reports whether there are times.
func (t *toolResult) worked() bool {
	return t != nil && t.Failure == "" && len(t.Samples) > 0
}

func (t *toolResult) medianSeconds() float64 { return median(t.each(sample.seconds)) }

// peakBytes is the most memory over all rounds.
func (t *toolResult) peakBytes() (peak int64) {
	for _, s := range t.Samples {
		peak = max(peak, s.PeakBytes)
	}
	return peak
}

// outputBytes is the size of the last output.
func (t *toolResult) outputBytes() int64 {
	return t.Samples[len(t.Samples)-1].OutputBytes
}

// tool returns the result of a tool, nil if it was not asked.
func (w *workResult) tool(name string) *toolResult {
	for _, t := range w.Tools {
		if t.Tool == name {
			return t
		}
	}
	return nil
}

// ratio is how many times as fast as the best peer csvloom is.
func (w *workResult) ratio() (ratio float64, ok bool) {
	ours := w.tool(csvloomTool)
	best := 0.0
	for _, t := range w.Tools {
		if t.Tool != csvloomTool && t.worked() && (best == 0 || t.medianSeconds() < best) {
			best = t.medianSeconds()
		}
	}
	if !ours.worked() || best == 0 || ours.medianSeconds() == 0 {
		return 0, false
	}
	return best / ours.medianSeconds(), true
}

// sizeRatio is the size of csvloom's output to the smallest of the peers'.
func (w *workResult) sizeRatio() (ratio float64, ok bool) {
	ours := w.tool(csvloomTool)
	var smallest int64
	for _, t := range w.Tools {
		if t.Tool != csvloomTool && t.worked() && (smallest == 0 || t.outputBytes() < smallest) {
			smallest = t.outputBytes()
		}
	}
	if !ours.worked() || smallest == 0 {
		return 0, false
	}
	return float64(ours.outputBytes()) / float64(smallest), true
}

// sound reports whether csvloom did all that it can do, and rightly.
func (r *report) sound() bool {
	for _, w := range r.Works {
		ours := w.tool(csvloomTool)
		if w.Unequal || ours != nil && ours.Failure != "" && !ours.Absent {
			return false
		}
	}
	for _, m := range r.Measures {
		if m.Failed {
			return false
		}
	}
	return true
}
