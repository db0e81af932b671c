package main

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"csvloom/readers"
)

// rawProgress knows how much of each compressed input has been read, in bytes
// as stored: that is what can be compared with its size.
type rawProgress struct {
	streams []atomic.Pointer[readers.Stream]
}

func newRawProgress(inputs int) *rawProgress {
	return &rawProgress{streams: make([]atomic.Pointer[readers.Stream], inputs)}
}

// opened notes that an input is being read from its start.
func (p *rawProgress) opened(input int, s *readers.Stream) { p.streams[input].Store(s) }

// progressEvery is how often the progress line is drawn.
const progressEvery = 200 * time.Millisecond

// progress draws one line on a terminal: inputs, bytes, speed, time left.
type progress struct {
	job   *job
	start time.Time
	drawn bool // guarded by messages.mu
	done  chan struct{}
	wait  sync.WaitGroup
}

// startProgress starts to draw when stderr is a terminal and messages are text.
func startProgress(j *job) *progress {
	p := &progress{job: j, start: time.Now(), done: make(chan struct{})}
	m := j.cli.messages
	if !j.cli.stderrIsTerminal || j.cli.quiet || m.json != nil {
		return p
	}
	m.mu.Lock()
	m.onWrite = p.clear
	m.mu.Unlock()
	p.wait.Go(func() {
		tick := time.NewTicker(progressEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				p.draw()
			case <-p.done:
				return
			}
		}
	})
	return p
}

// stop ends drawing and clears the line.
func (p *progress) stop() {
	close(p.done)
	p.wait.Wait()
	m := p.job.cli.messages
	m.mu.Lock()
	defer m.mu.Unlock()
	p.clear()
	m.onWrite = nil
}

// clear is called with messages.mu held.
func (p *progress) clear() {
	if p.drawn {
		fmt.Fprint(p.job.cli.messages.w, "\r\x1b[K")
		p.drawn = false
	}
}

func (p *progress) draw() {
	line := p.line(time.Now())
	m := p.job.cli.messages
	m.mu.Lock()
	defer m.mu.Unlock()
	fmt.Fprintf(m.w, "\r%.*s\x1b[K", p.job.cli.width()-1, line)
	p.drawn = true
}

// line says how far the run has come.
func (p *progress) line(now time.Time) string {
	in := p.job.inputs
	var done, bytes, known, total int64
	sized := true
	counters := p.job.counters.Inputs()
	for i, size := range in.sizes {
		if size < 0 {
			sized = false
		}
		known += max(size, 0)
		if i >= len(counters) {
			continue
		}
		c := counters[i]
		total += c.Bytes.Load()
		switch s := in.raw.streams[i].Load(); {
		case c.Done():
			done++
			bytes += max(size, 0)
		case s != nil && s.Compression() != "":
			bytes += s.RawBytes()
		default:
			bytes += c.Bytes.Load()
		}
	}
	if len(counters) == 0 {
		if ended, urls, fetched := in.set.FetchProgress(); ended < urls {
			return fmt.Sprintf("fetching: %d of %d URLs, %s", ended, urls, binaryBytes(fetched))
		}
		return fmt.Sprintf("looking at %s", countOf(len(in.sizes), "input"))
	}
	elapsed := now.Sub(p.start)
	var s strings.Builder
	fmt.Fprintf(&s, "%d of %s, %s, %s/s", done, countOf(len(in.sizes), "input"), binaryBytes(total), binaryBytes(int64(float64(total)/elapsed.Seconds())))
	if sized && bytes > 0 && known > 0 {
		part := min(float64(bytes)/float64(known), 1)
		left := time.Duration(float64(elapsed) * (1 - part) / part).Round(time.Second)
		fmt.Fprintf(&s, ", %d %%, %s left", int(100*part), left)
	}
	return s.String()
}
