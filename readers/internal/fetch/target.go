package fetch

import (
	"bufio"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
)

// Target is a URL to download, taken apart so that what is secret in it can be
// used and not be shown.
type Target struct {
	name    string      // as it may be shown
	url     *url.URL    // without userinfo and fragment
	headers http.Header // credentials; sent to the URL's own host only
	secrets []string    // texts that no message may contain
}

// ErrURL is all that is told about a URL that does not parse: any part of it
// may be a password that was not escaped.
var ErrURL = errors.New("not a valid URL; percent-encode special characters (a @ or / in a password is %40 or %2F)")

// ParseTarget reads an http or https URL. Userinfo becomes a Basic
// Authorization header; headers for the host are taken from credentials.
func ParseTarget(raw string, credentials Credentials) (*Target, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Opaque != "" || u.Hostname() == "" {
		return nil, ErrURL
	}
	u.Scheme = strings.ToLower(u.Scheme)
	if u.Scheme != "http" && u.Scheme != "https" {
		return nil, ErrURL
	}
	if u.User != nil && strings.Contains(u.EscapedPath(), "@") {
		// Probably a password that holds an @ and a /, of which the path
		// would show a part.
		return nil, ErrURL
	}
	t := &Target{headers: make(http.Header)}
	for name, values := range credentials.forHost(u) {
		t.headers[name] = values
		for _, v := range values {
			t.addSecret(v)
			if _, token, ok := strings.Cut(v, " "); ok { // Bearer x
				t.addSecret(token)
			}
		}
	}
	if u.User != nil {
		password, _ := u.User.Password()
		r := http.Request{Header: t.headers}
		r.SetBasicAuth(u.User.Username(), password)
		t.addSecret(u.User.Username(), password, u.User.String(), t.headers.Get("Authorization"))
		_, encoded, _ := strings.Cut(t.headers.Get("Authorization"), " ")
		t.addSecret(encoded)
	}
	for _, pair := range strings.FieldsFunc(u.RawQuery, func(r rune) bool { return r == '&' || r == ';' }) {
		key, value, hasValue := strings.Cut(pair, "=")
		if !hasValue {
			value = key
		}
		t.addSecret(value)
		if plain, err := url.QueryUnescape(value); err == nil {
			t.addSecret(plain)
		}
	}
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	t.url = u
	t.name = Masked(u)
	return t, nil
}

// Name returns the URL without userinfo and with the values of its query
// masked.
func (t *Target) Name() string { return t.name }

// Path is the URL's path, decoded.
func (t *Target) Path() string { return t.url.Path }

// secretBytesMin is the length from which a text is looked for in messages;
// replacing every "a" would hide nothing and spoil the message.
const secretBytesMin = 4

func (t *Target) addSecret(texts ...string) {
	for _, s := range texts {
		if len(s) >= secretBytesMin {
			t.secrets = append(t.secrets, s)
		}
	}
}

// mask stands for what is not shown.
const mask = "***"

// scrub removes secrets from a message that somebody else wrote.
func (t *Target) scrub(message string) string {
	for _, s := range t.secrets {
		message = strings.ReplaceAll(message, s, mask)
	}
	return message
}

// Masked returns u as it may be shown: no userinfo, no fragment, query values
// masked. A query part without "=" is masked whole, since it may be a token.
func Masked(u *url.URL) string {
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	s := shown.String()
	if u.RawQuery == "" {
		return s
	}
	pairs := strings.Split(u.RawQuery, "&")
	for i, pair := range pairs {
		if key, _, hasValue := strings.Cut(pair, "="); hasValue && !strings.Contains(key, ";") {
			pairs[i] = key + "=" + mask
		} else {
			pairs[i] = mask
		}
	}
	return s + "?" + strings.Join(pairs, "&")
}

// Credentials are headers by host: "example.org" (any port) or
// "example.org:8443".
type Credentials map[string]http.Header

func (c Credentials) forHost(u *url.URL) http.Header {
	headers := make(http.Header)
	for _, host := range []string{u.Hostname(), u.Host} {
		for name, values := range c[strings.ToLower(host)] {
			headers[name] = values
		}
	}
	return headers
}

// ParseCredentials reads lines of the form
//
//	example.org Authorization: Bearer abc
//
// that is, a host (with a port, if only that one is meant), a space and a
// header. Blank lines and lines that start with # are skipped. Errors name the
// line and do not show it.
func ParseCredentials(text string) (Credentials, error) {
	credentials := make(Credentials)
	lines := bufio.NewScanner(strings.NewReader(text))
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		host, header, _ := strings.Cut(line, " ")
		name, value, ok := strings.Cut(header, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || !isHeaderName(name) || value == "" || strings.ContainsAny(host, "/:@") && !isHostPort(host) {
			return nil, fmt.Errorf("line %d does not read HOST NAME: VALUE, such as example.org Authorization: Bearer abc", number)
		}
		host = strings.ToLower(host)
		if credentials[host] == nil {
			credentials[host] = make(http.Header)
		}
		credentials[host].Add(name, value)
	}
	if lines.Err() != nil {
		return nil, errors.New("a line is too long")
	}
	return credentials, nil
}

func isHostPort(s string) bool {
	u, err := url.Parse("http://" + s)
	return err == nil && u.Host == s && u.User == nil
}

// isHeaderName reports whether s is a token of RFC 9110, section 5.6.2.
func isHeaderName(s string) bool {
	for _, c := range []byte(s) {
		alnum := c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
		if !alnum && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return s != "" && textproto.CanonicalMIMEHeaderKey(s) != "Host"
}
