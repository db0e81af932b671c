package ordered

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// square is a job: the square of n.
type square struct{ n, result int }

// Results come in order, whichever worker is the fastest, and no more jobs are
// made than there are places.
func TestOrder(t *testing.T) {
	const jobs = 500
	for _, workers := range []int{0, 1, 2, 8} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			var made, working, most atomic.Int32
			var got []int
			p := New(Stages[*square]{
				New: func() *square { made.Add(1); return new(square) },
				Work: func(s *square) error {
					now := working.Add(1)
					for was := most.Load(); now > was && !most.CompareAndSwap(was, now); was = most.Load() {
					}
					for range s.n % 3 {
						runtime.Gosched()
					}
					s.result = s.n * s.n
					working.Add(-1)
					return nil
				},
				Emit: func(s *square) error { got = append(got, s.result); return nil },
			}, Limits{Workers: workers})
			for i := range jobs {
				s, err := p.Next(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if again, _ := p.Next(t.Context()); again != s {
					t.Fatal("Next returns another job before the first is submitted")
				}
				s.n = i
				p.Submit(t.Context(), 1)
				p.Submit(t.Context(), 1) // does nothing
			}
			if err := p.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			if len(got) != jobs {
				t.Fatalf("%d results", len(got))
			}
			for i, v := range got {
				if v != i*i {
					t.Fatalf("result %d is %d", i, v)
				}
			}
			if n := int(made.Load()); n > max(workers, 1)+2 {
				t.Errorf("%d jobs were made", n)
			}
			if n := int(most.Load()); n > max(workers, 1) {
				t.Errorf("%d jobs were worked on at a time", n)
			}
			if p.Err() == nil {
				t.Error("a closed pool has no error")
			}
		})
	}
}

// Jobs wait for those before them to be emitted once they hold too much.
func TestBytes(t *testing.T) {
	var onWay atomic.Int64
	p := New(Stages[*square]{
		New:  func() *square { return new(square) },
		Work: func(*square) error { return nil },
		Emit: func(*square) error { onWay.Add(-1); return nil },
	}, Limits{Workers: 8, Bytes: 100})
	for range 50 {
		if _, err := p.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
		// With 60 bytes each there may be two: 60 is less than 100.
		if n := onWay.Add(1); n > 2 {
			t.Fatalf("%d jobs are on their way", n)
		}
		p.Submit(t.Context(), 60)
	}
	if err := p.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// The first error of a stage ends everything, and every job is dropped.
func TestErrors(t *testing.T) {
	broken := errors.New("broken")
	for _, stage := range []string{"work", "emit"} {
		for at := range 12 {
			dropped, made := 0, 0
			fails := func(of string) func(*square) error {
				return func(s *square) error {
					if of == stage && s.n == at {
						return broken
					}
					return nil
				}
			}
			p := New(Stages[*square]{
				New:  func() *square { made++; return new(square) },
				Work: fails("work"),
				Emit: fails("emit"),
				Drop: func(*square) { dropped++ },
			}, Limits{Workers: 3})
			var err error
			for i := 0; i < 12; i++ {
				var s *square
				if s, err = p.Next(t.Context()); err != nil {
					break
				}
				s.n = i
				p.Submit(t.Context(), 1)
			}
			if err != nil && !errors.Is(err, broken) {
				t.Fatalf("%s %d: Next = %v", stage, at, err)
			}
			if err := p.Close(t.Context()); !errors.Is(err, broken) {
				t.Fatalf("%s %d: Close = %v", stage, at, err)
			}
			if _, err := p.Next(t.Context()); !errors.Is(err, broken) {
				t.Fatalf("%s %d: Next after Close = %v", stage, at, err)
			}
			p.Abort()
			if dropped != made {
				t.Errorf("%s %d: %d of %d jobs were dropped", stage, at, dropped, made)
			}
		}
	}
}

// A context that ends, of the first Submit, of Next or of Close, ends the wait
// with its cause.
func TestCancel(t *testing.T) {
	reason := errors.New("enough")
	for _, where := range []string{"submit", "next", "close"} {
		t.Run(where, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			gate := make(chan struct{})
			p := New(Stages[*square]{
				New:  func() *square { return new(square) },
				Work: func(*square) error { <-gate; return nil },
				Emit: func(*square) error { return nil },
			}, Limits{Workers: 1})
			of := func(s string) context.Context {
				if s == where {
					return ctx
				}
				return t.Context()
			}
			time.AfterFunc(10*time.Millisecond, func() { cancel(reason) })
			for range 3 {
				if _, err := p.Next(t.Context()); err != nil {
					t.Fatal(err)
				}
				p.Submit(of("submit"), 1)
			}
			if where != "close" {
				if _, err := p.Next(of("next")); !errors.Is(err, reason) {
					t.Errorf("Next = %v", err)
				}
			}
			<-ctx.Done()
			close(gate)
			if err := p.Close(of("close")); !errors.Is(err, reason) {
				t.Errorf("Close = %v", err)
			}
		})
	}
}
