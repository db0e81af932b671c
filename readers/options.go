package readers

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"time"

	"csvloom/pipeline"
	"csvloom/pipeline/sqltype"
	"csvloom/readers/internal/charset"
	"csvloom/readers/internal/fetch"
)

// SourceErrorPolicy says what becomes of a run when an input cannot be read.
type SourceErrorPolicy int

const (
	// Fail ends the run with the first such input in input order.
	Fail SourceErrorPolicy = iota
	// Skip goes on without it; [Set.Failures] lists what was passed over.
	Skip
)

// Options says how inputs are found and read. The zero value is useful.
type Options struct {
	// OnSourceError is about inputs that are missing or cannot be read.
	OnSourceError SourceErrorPolicy
	// FetchConcurrency is how many downloads are under way at once, 1 to
	// 1024; zero means 64.
	FetchConcurrency int
	// Workers is how many goroutines may decompress one input at the same
	// time, where its format has parts that can be told apart (BGZF, zstd of
	// several frames), 1 to 1024; zero means GOMAXPROCS. Anything else is
	// decompressed by the one who reads. The content does not depend on it.
	Workers int
	// Encoding names the encoding that all inputs are in, unless one has a byte
	// order mark, which is certain. Empty means that UTF-16 and UTF-32 are told
	// by mark or by the places of zero bytes, and anything else is UTF-8. Names
	// are those of the WHATWG and of IANA. What the encoding does not define is
	// an error that names the byte.
	Encoding string
	// EncodingFallback names the encoding of those inputs that are not valid
	// UTF-8 and not told to be UTF-16 or UTF-32. Each input is read to its end to
	// see that, before its first row is. It excludes Encoding.
	EncodingFallback string
	// Digests has streams hash what they read; see [Stream.Digest].
	Digests bool
	// TempDir is where downloads and pipes are kept while the Set is open;
	// empty means the system's directory for temporary files.
	TempDir string
	// Stdin is what the argument "-" reads. An *os.File that is a regular
	// file is read in place; anything else is read once, by a goroutine,
	// into a temporary file. That goroutine ends with [Set.Close]: a read
	// that waits is ended where Stdin is an *os.File (not on Windows) or
	// where it is an io.Closer, which Close then closes; otherwise the
	// goroutine ends when its read does.
	Stdin io.Reader
	// StdinArchive has Discover wait for the first bytes of standard input, to
	// see whether it is an archive, and if so for all of it. Without, Discover
	// takes nothing from it, and it is an archive only where :: says so.
	StdinArchive bool
	// HTTP is about URLs.
	HTTP HTTPOptions
	// Limits bounds what inputs can make grow.
	Limits Limits
}

// HTTPOptions says how patiently URLs are fetched. Zero values stand for the
// defaults given.
type HTTPOptions struct {
	// Retries is how often a download is tried again without anything new
	// having come of it; zero means 5, negative means never. A try that
	// brought more of the file starts the count again.
	Retries int
	// RetryWaitMin is the pause before the first retry, doubling with each
	// further one up to RetryWaitMax, half of it at random; zero means
	// 250 ms and 15 s.
	RetryWaitMin, RetryWaitMax time.Duration
	// RetryAfterMax is the longest pause that a server may ask for
	// (Retry-After); zero means 2 minutes.
	RetryAfterMax time.Duration
	// IdleTimeout ends a try that has brought no byte for so long; zero
	// means 30 s.
	IdleTimeout time.Duration
	// Timeout ends a download, tries and pauses together; zero means 1 hour.
	Timeout time.Duration
	// Transport carries the requests; nil means one of the package's own,
	// which honours HTTP_PROXY, HTTPS_PROXY and NO_PROXY.
	Transport http.RoundTripper
	// Getenv reads the environment; nil means os.Getenv. See HeaderVariable.
	Getenv func(string) string
}

// HeaderVariable names the environment variable that holds credentials for
// URLs, one a line, each for one host ("example.org", or "example.org:8443" for
// that port only), such as
//
//	example.org Authorization: Bearer abc
//
// They are sent to that host only, not to where it redirects, and never shown.
// A user name and password can also stand in the URL itself.
const HeaderVariable = "CSVLOOM_HTTP_HEADER"

// Limits bounds what inputs can make grow. Zero values stand for the defaults
// given.
type Limits struct {
	// Inputs is how many inputs there may be; zero means 1,000,000.
	Inputs int
	// ListBytes is how long an @list file may be; zero means 64 MiB.
	ListBytes int64
	// SpoolBytes is how much all downloads and pipes together may take in
	// TempDir; zero means 1 TiB, in effect what the disk holds.
	SpoolBytes int64
	// ArchiveBytes is how much compressed tar files together may unpack to, in
	// TempDir; zero means 64 GiB. Members of zip and plain tar files are read
	// where they are.
	ArchiveBytes int64
	// ArchiveRatio is how many times its stored size a member of a zip file or
	// a compressed tar file may unpack to, once that is more than 64 MiB; zero
	// means 1,000. A compressed file by itself has no such limit: it is read as
	// a stream, and takes little memory whatever it unpacks to.
	ArchiveRatio int
	// ArchiveMembers is how many members one archive may have; zero means
	// 1,000,000.
	ArchiveMembers int
}

const (
	fetchConcurrencyMax = 1024
	workersMax          = 1024
)

// Validate returns what is wrong with o, all of it together.
func (o Options) Validate() error {
	var errs []error
	if o.OnSourceError != Fail && o.OnSourceError != Skip {
		errs = append(errs, fmt.Errorf("OnSourceError is %d, expected Fail or Skip", o.OnSourceError))
	}
	if o.FetchConcurrency < 0 || o.FetchConcurrency > fetchConcurrencyMax {
		errs = append(errs, fmt.Errorf("fetch concurrency is %d, expected 1 to %d", o.FetchConcurrency, fetchConcurrencyMax))
	}
	if o.Workers < 0 || o.Workers > workersMax {
		errs = append(errs, fmt.Errorf("the number of decompressing workers is %d, expected 1 to %d", o.Workers, workersMax))
	}
	errs = append(errs, o.validateEncodings())
	for _, n := range []struct {
		name  string
		value int64
	}{
		{"HTTP.RetryWaitMin", int64(o.HTTP.RetryWaitMin)},
		{"HTTP.RetryWaitMax", int64(o.HTTP.RetryWaitMax)},
		{"HTTP.RetryAfterMax", int64(o.HTTP.RetryAfterMax)},
		{"HTTP.IdleTimeout", int64(o.HTTP.IdleTimeout)},
		{"HTTP.Timeout", int64(o.HTTP.Timeout)},
		{"Limits.Inputs", int64(o.Limits.Inputs)},
		{"Limits.ListBytes", o.Limits.ListBytes},
		{"Limits.SpoolBytes", o.Limits.SpoolBytes},
		{"Limits.ArchiveBytes", o.Limits.ArchiveBytes},
		{"Limits.ArchiveRatio", int64(o.Limits.ArchiveRatio)},
		{"Limits.ArchiveMembers", int64(o.Limits.ArchiveMembers)},
	} {
		if n.value < 0 {
			errs = append(errs, fmt.Errorf("%s is negative", n.name))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return &pipeline.UsageError{Err: err}
	}
	return nil
}

func (o Options) validateEncodings() error {
	var errs []error
	for _, e := range []struct{ option, name string }{{"encoding", o.Encoding}, {"encoding fallback", o.EncodingFallback}} {
		if e.name == "" || charset.Lookup(e.name) != nil {
			continue
		}
		err := fmt.Errorf("%s %q is not known", e.option, e.name)
		if near := sqltype.Suggest(e.name, charset.Names()); near != "" {
			err = fmt.Errorf("%w; did you mean %s?", err, near)
		} else {
			err = fmt.Errorf("%w; known are %s", err, strings.Join(charset.Names(), ", "))
		}
		errs = append(errs, err)
	}
	if o.Encoding != "" && o.EncodingFallback != "" {
		errs = append(errs, fmt.Errorf("encoding %s leaves nothing for the encoding fallback %s to do; give one of them", o.Encoding, o.EncodingFallback))
	}
	return errors.Join(errs...)
}

// withDefaults returns o with defaults in the place of zeros.
func (o Options) withDefaults() Options {
	setDefault(&o.FetchConcurrency, 64)
	setDefault(&o.Workers, runtime.GOMAXPROCS(0))
	setDefault(&o.HTTP.Retries, 5)
	setDefault(&o.HTTP.RetryWaitMin, 250*time.Millisecond)
	setDefault(&o.HTTP.RetryWaitMax, max(15*time.Second, o.HTTP.RetryWaitMin))
	setDefault(&o.HTTP.RetryAfterMax, 2*time.Minute)
	setDefault(&o.HTTP.IdleTimeout, 30*time.Second)
	setDefault(&o.HTTP.Timeout, time.Hour)
	setDefault(&o.Limits.Inputs, 1_000_000)
	setDefault(&o.Limits.ListBytes, 64<<20)
	setDefault(&o.Limits.SpoolBytes, 1<<40)
	setDefault(&o.Limits.ArchiveBytes, 64<<30)
	setDefault(&o.Limits.ArchiveRatio, 1000)
	setDefault(&o.Limits.ArchiveMembers, 1_000_000)
	if o.HTTP.Getenv == nil {
		o.HTTP.Getenv = os.Getenv
	}
	return o
}

func setDefault[T int | int64 | time.Duration](value *T, fallback T) {
	if *value == 0 {
		*value = fallback
	}
}

// fetchConfig returns the settings of the HTTP client.
func (o Options) fetchConfig() fetch.Config {
	return fetch.Config{
		Transport:     o.HTTP.Transport,
		Retries:       max(0, o.HTTP.Retries),
		WaitMin:       o.HTTP.RetryWaitMin,
		WaitMax:       o.HTTP.RetryWaitMax,
		RetryAfterMax: o.HTTP.RetryAfterMax,
		IdleTimeout:   o.HTTP.IdleTimeout,
		Timeout:       o.HTTP.Timeout,
		Connections:   o.FetchConcurrency,
	}
}
