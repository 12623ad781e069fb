package transport_test

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"m2m/internal/transport"
)

func TestCAFile(t *testing.T) {
	s := serveTLS(t, nil)
	good := caFile(t, s.Certificate())
	if err := get(t, transport.Config{CAFile: good}, s.URL); err != nil {
		t.Errorf("a good CA file: %v", err)
	}
	for name, file := range map[string]string{
		"a folder":       t.TempDir(),
		"not there":      "does-not-exist.pem",
		"no certificate": writeFile(t, "no certificate in here"),
		"endless":        endlessCAFile(t, good),
	} {
		t.Run(name, func(t *testing.T) {
			for _, err := range []error{
				get(t, transport.Config{CAFile: file}, s.URL),
				transport.New(transport.Config{CAFile: file}).Check(),
			} {
				var e *transport.CAFileError
				if !errors.As(err, &e) || !errors.Is(err, transport.ErrCAFile) || e.Path != file {
					t.Fatalf("error = %v, want a CAFileError", err)
				}
				if strings.Count(e.Error(), file) != 1 {
					t.Errorf("error = %q, want the file named once", e)
				}
			}
		})
	}
	if err := transport.New(transport.Config{CAFile: "does-not-exist.pem"}).Check(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error = %v, want fs.ErrNotExist in it", err)
	}
	if err := new(transport.Transport).Check(); err != nil {
		t.Errorf("no CA file: %v", err)
	}
}

// TestCAFileAsPeopleHaveIt: other forms of the same certificate are read too; a block
// that cannot be read is a warning, and named again where a server is not trusted.
func TestCAFileAsPeopleHaveIt(t *testing.T) {
	s := serveTLS(t, nil)
	good, err := os.ReadFile(caFile(t, s.Certificate()))
	if err != nil {
		t.Fatal(err)
	}
	sound := string(good)
	lines := strings.SplitAfter(sound, "\n")
	cut := strings.Join(append(lines[:3:3], lines[4:]...), "")
	for name, content := range map[string]string{
		"DER":             string(s.Certificate().Raw),
		"byte order mark": "\ufeff" + sound,
		"one line":        strings.ReplaceAll(sound, "\n", " "),
		"trusted":         strings.ReplaceAll(sound, "CERTIFICATE", "TRUSTED CERTIFICATE"),
		"after a bad one": cut + sound,
	} {
		var warnings []string
		config := transport.Config{CAFile: writeFile(t, content), Warn: func(line string) { warnings = append(warnings, line) }}
		if err := get(t, config, s.URL); err != nil || (len(warnings) > 0) != strings.Contains(name, "bad") {
			t.Errorf("%s: %v, warnings %q", name, err, warnings)
		}
	}
	other := issue(t, "other", true, time.Now().Add(time.Hour), nil)
	otherPEM, err := os.ReadFile(caFile(t, other.cert))
	if err != nil {
		t.Fatal(err)
	}
	err = get(t, transport.Config{CAFile: writeFile(t, string(otherPEM)+cut)}, s.URL)
	found := transport.Diagnose("", err)
	if found == nil || found.Fault != transport.FaultUnknownCA ||
		!strings.Contains(found.Error(), "block CERTIFICATE at line "+strconv.Itoa(1+strings.Count(string(otherPEM), "\n"))) {
		t.Errorf("error = %v, want the line of the block", found)
	}
	err = get(t, transport.Config{CAFile: writeFile(t, cut)}, s.URL)
	if !errors.Is(err, transport.ErrCAFile) || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("error = %v, want the line of the block", err)
	}
}

// endlessCAFile would do, if somebody read all of it.
func endlessCAFile(t *testing.T, good string) string {
	t.Helper()
	certificate, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	return writeFile(t, string(certificate)+strings.Repeat("x", 4<<20))
}

// TestBodyIsClosed: a RoundTripper closes the body of a request that it cannot
// send, too.
func TestBodyIsClosed(t *testing.T) {
	body := &closeable{Reader: strings.NewReader("x")}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://api.example.org", body)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := transport.New(transport.Config{CAFile: "does-not-exist.pem"}).RoundTrip(req); !errors.Is(err,
		transport.ErrCAFile) {
		t.Fatalf("error = %v", err)
	}
	if !body.closed {
		t.Error("the body is still open")
	}
}

// closeable remembers that it was closed.
type closeable struct {
	io.Reader
	closed bool
}

func (c *closeable) Close() error { c.closed = true; return nil }

func TestDirectPassesTheProxyBy(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(noContent))
	defer s.Close()
	var seen []transport.Exchange
	own := transport.New(transport.Config{
		Proxy: through(closedPort(t)),
		Trace: func(e transport.Exchange) { seen = append(seen, e) },
	})
	direct, err := own.Direct(time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer direct.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := own.Traced(direct).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if len(seen) != 1 || seen[0].Status != http.StatusNoContent {
		t.Errorf("trace %v, want the one exchange", seen)
	}
	if _, err := own.RoundTrip(req); transport.Diagnose("", err).Fault != transport.FaultProxy {
		t.Errorf("without Direct: %v, want a fault of the proxy", err)
	}
}

func TestTraceIsRedacted(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(noContent))
	defer s.Close()
	var lines []string
	trace := func(e transport.Exchange) { lines = append(lines, e.String()) }
	if err := get(t, transport.Config{Trace: trace},
		strings.Replace(s.URL, "://", "://user:hidden@", 1)+"/path?sig=hidden#hidden"); err != nil {
		t.Fatal(err)
	}
	nowhere := "http://" + closedPort(t)
	if err := get(t, transport.Config{Trace: trace}, nowhere+"/?sig=hidden"); err == nil {
		t.Fatal("something answered on a closed port")
	}
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "GET "+s.URL+"/path?[redacted]: 204 after ") ||
		!strings.HasPrefix(lines[1], "GET "+nowhere+"/?[redacted]: no answer after ") {
		t.Errorf("trace %q", lines)
	}
	if all := strings.Join(lines, ""); strings.Contains(all, "hidden") {
		t.Errorf("the trace holds a secret: %s", all)
	}
}

// FuzzTrace stops every request at the proxy, so that nothing is sent.
func FuzzTrace(f *testing.F) {
	f.Add("https://login.example/path?client_secret=hidden")
	f.Add("https://user:hidden@login.example/%2f?#")
	stop := errors.New("stopped here")
	f.Fuzz(func(t *testing.T, address string) {
		u, err := url.Parse(address)
		if err != nil {
			return
		}
		var traced transport.Exchange
		own := transport.New(transport.Config{
			Proxy: func(*http.Request) (*url.URL, error) { return nil, stop },
			Trace: func(e transport.Exchange) { traced = e },
		})
		_, err = own.RoundTrip(&http.Request{Method: http.MethodGet, URL: u, Header: http.Header{}})
		if err == nil {
			t.Fatal("it was sent")
		}
		shown, err := url.Parse(traced.URL)
		if err == nil && (shown.User != nil && u.Opaque == "" || shown.RawQuery != "" && shown.RawQuery != "[redacted]" ||
			shown.Fragment != "") {
			t.Errorf("%q is traced as %q", address, traced.URL)
		}
	})
}
