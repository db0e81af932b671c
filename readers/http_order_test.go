package readers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestURLsAreFetchedTogether(t *testing.T) {
	s, requests := server(t, func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(200 * time.Millisecond)
		_, _ = io.WriteString(w, r.URL.Path)
	})
	var args []string
	for i := range 100 {
		args = append(args, fmt.Sprintf("%s/%d", s.URL, i))
	}
	start := time.Now()
	o := quick()
	set := discover(t, o, args...)
	for i, in := range set.Inputs() {
		if got := mustContent(t, in); got != fmt.Sprintf("/%d", i) {
			t.Errorf("input %d is %q", i, got)
		}
	}
	took := time.Since(start)
	t.Logf("100 URLs of 200 ms in %v", took)
	if took > time.Second || requests.Load() != 100 {
		t.Errorf("took %v and %d requests", took, requests.Load())
	}
}

func TestURLConcurrencyIsBounded(t *testing.T) {
	var now, most atomic.Int64
	s, _ := server(t, func(w http.ResponseWriter, r *http.Request) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(5 * time.Millisecond)
	})
	var args []string
	for i := range 30 {
		args = append(args, fmt.Sprintf("%s/%d", s.URL, i))
	}
	o := quick()
	o.FetchConcurrency = 3
	if err := discover(t, o, args...).Wait(t.Context()); err != nil || most.Load() != 3 {
		t.Errorf("%d at once, %v", most.Load(), err)
	}
}

// The failure that is reported is the first in input order, however late it
// comes; downloads after it are given up.
func TestURLFirstFailure(t *testing.T) {
	s, requests := server(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/1":
			time.Sleep(100 * time.Millisecond)
			w.WriteHeader(410)
		case "/2":
			w.WriteHeader(404)
		case "/3":
			<-r.Context().Done()
		default:
			_, _ = io.WriteString(w, "fine")
		}
	})
	var args []string
	for i := range 100 {
		args = append(args, fmt.Sprintf("%s/%d", s.URL, i))
	}
	o := quick()
	o.FetchConcurrency = 4
	set := discover(t, o, args...)
	want := fmt.Sprintf("cannot fetch %q: HTTP 410 Gone (1 try)", s.URL+"/1")
	if err := set.Wait(t.Context()); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	for _, i := range []int{1, 3, 99} {
		if _, err := set.Inputs()[i].Open(t.Context()); err == nil || err.Error() != want {
			t.Errorf("input %d: %v", i, err)
		}
	}
	if got := mustContent(t, set.Inputs()[0]); got != "fine" {
		t.Errorf("input 0: %q", got)
	}
	if n := requests.Load(); n > 10 {
		t.Errorf("%d requests although the run had failed", n)
	}

	o.OnSourceError = Skip
	set = discover(t, o, args[0], args[1], args[2], args[4])
	if err := set.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	var got []string
	for _, in := range set.Inputs() {
		text, err := content(t.Context(), in)
		if err != nil && !errors.Is(err, ErrSkipped) {
			t.Error(err)
		}
		got = append(got, text)
	}
	if strings.Join(got, ",") != "fine,,,fine" {
		t.Errorf("got %q", got)
	}
	if f := set.Failures(); len(f) != 2 || f[0].Name != s.URL+"/1" || f[1].Name != s.URL+"/2" {
		t.Errorf("failures: %v", f)
	}
}

func TestURLCancelled(t *testing.T) {
	s, _ := server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/retry" {
			w.Header().Set("Retry-After", "3")
			w.WriteHeader(503)
			return
		}
		<-r.Context().Done()
	})
	for name, end := range map[string]func(*Set, context.CancelFunc){
		"the caller's context": func(_ *Set, cancel context.CancelFunc) { cancel() },
		"Close":                func(s *Set, _ context.CancelFunc) { _ = s.Close() },
	} {
		ctx, cancel := context.WithCancel(t.Context())
		set, err := Discover(ctx, []string{s.URL + "/a", s.URL + "/retry", s.URL + "/c"}, quick())
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(30*time.Millisecond, func() { end(set, cancel) })
		start := time.Now()
		for _, in := range set.Inputs() {
			if _, err := in.Open(t.Context()); !errors.Is(err, context.Canceled) && !errors.Is(err, os.ErrClosed) {
				t.Errorf("%s: %v", name, err)
			}
		}
		for range 2 {
			if err := set.Close(); err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("%s: took %v", name, took)
		}
		cancel()
	}
	// Waiting can be given up while the download goes on.
	set := discover(t, quick(), s.URL)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := set.Inputs()[0].Open(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestURLSpoolLimits(t *testing.T) {
	s, requests := server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/told" {
			w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		}
		_, _ = io.WriteString(w, body)
	})
	o := quick()
	o.OnSourceError = Skip // our own limits are no fault of the source
	o.Limits.SpoolBytes = 100_000
	for path, want := range map[string]string{
		"/told":   "cannot keep the data in a temporary file: 524288 bytes are more than the limit of 100000",
		"/untold": "cannot keep the data in a temporary file: the limit of 100000 bytes for all such data is reached",
	} {
		requests.Store(0)
		_, err := fetched(t, o, s.URL+path)
		if err == nil || !strings.HasSuffix(err.Error(), want) || requests.Load() != 1 || errors.Is(err, ErrSkipped) {
			t.Errorf("%s: %v", path, err)
		}
	}
	o = quick()
	o.TempDir = t.TempDir() + "/none"
	if _, err := fetched(t, o, s.URL); err == nil || !strings.HasSuffix(err.Error(), "choose another directory for temporary files") {
		t.Errorf("got %v", err)
	}
}
