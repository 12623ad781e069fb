package call

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"m2m/internal/entra"
	"m2m/internal/transport"
)

const (
	// headSize is how much of a body is kept for explaining.
	headSize = 64 << 10
	// discardSize is how much of an unwanted body is read to keep its connection.
	discardSize = 64 << 10
)

// ErrBodyRead says that a body was read already and is not there any more.
var ErrBodyRead = errors.New("the body was read already")

// Answer is what came back. Its body is read once, as a stream. An Answer is
// for one goroutine.
type Answer struct {
	// Method and URL are those of the last request, after redirects.
	Method string
	URL    *url.URL
	// Status is the code, such as 403, and Proto the protocol, such as HTTP/1.1.
	Status int
	Proto  string
	Header http.Header
	// Redirects lists what was seen, in order. The last one may not have been followed.
	Redirects []Redirect
	// Attempts counts how often the request was begun: at least 1.
	Attempts int
	// RemoteAddr is the address of the other end, the proxy's if there is one.
	RemoteAddr string
	// ReceivedAt is when the header arrived, by the client's clock.
	ReceivedAt time.Time
	// Timing is complete once the body has been read.
	Timing Timing

	body     io.ReadCloser
	token    entra.Secret // what was sent: Request.Token, or that of a header
	watch    *stopwatch
	expect   Expect
	texts    []*textSearch
	kept     keptBody // only for an expression, or with keepJSON
	keepJSON bool
	head     []byte // the first headSize bytes of what was read
	size     int64  // read so far
	written  int64  // handed to WriteBody
	readErr  error  // io.EOF at the end
}

func newAnswer(resp *http.Response, req Request, h hop, watch *stopwatch) *Answer {
	a := &Answer{
		Method: h.method, URL: h.url,
		Status: resp.StatusCode, Proto: resp.Proto, Header: resp.Header,
		Attempts: 1, ReceivedAt: watch.now(),
		body: resp.Body, token: sentToken(resp.Request), watch: watch, expect: req.Expect, keepJSON: req.KeepJSON,
	}
	a.RemoteAddr, a.Timing = watch.read()
	for _, text := range req.Expect.Body {
		a.texts = append(a.texts, newTextSearch(text))
	}
	return a
}

func sentToken(r *http.Request) entra.Secret {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return entra.Secret{}
	}
	return entra.NewSecret(token)
}

// SentToken reports whether the request carried a bearer token.
func (a *Answer) SentToken() bool { return !a.token.IsZero() }

// Redact takes the token that was sent, and whatever looks like one, out of what
// the API answered.
func (a *Answer) Redact(s string) string { return Redact(s, a.token) }

// Challenges returns what the WWW-Authenticate fields of the answer say, with the
// token and what looks like one taken out. A claims challenge, which is base64 of
// JSON as the parts of a token are, loses only the token that was sent.
func (a *Answer) Challenges() []Challenge {
	challenges := ParseChallenges(a.Header.Values("WWW-Authenticate"))
	for i, c := range challenges {
		_, isClaims := c.ClaimsChallenge()
		params := map[string]string{}
		for name, value := range c.Params {
			if name == "claims" && isClaims {
				params[name] = withoutSent(value, a.token)
			} else {
				params[a.Redact(name)] = a.Redact(value)
			}
		}
		challenges[i] = Challenge{a.Redact(c.Scheme), a.Redact(c.Token68), params, a.Redact(c.Rest)}
	}
	return challenges
}

// StatusText returns the status as people write it, such as "403 Forbidden".
func (a *Answer) StatusText() string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", a.Status, http.StatusText(a.Status)))
}

// read is the one place where the body is read.
func (a *Answer) read(p []byte) (int, error) {
	if a.readErr != nil {
		return 0, a.readErr
	}
	n, err := a.body.Read(p)
	a.head = append(a.head, p[:min(n, headSize-len(a.head))]...)
	a.size += int64(n)
	for _, text := range a.texts {
		text.write(p[:n])
	}
	if len(a.expect.JQ) > 0 || a.keepJSON {
		a.kept.write(p[:n])
	}
	if err != nil {
		a.readErr = a.readFault(err)
		a.Timing.Total = a.watch.elapsed()
	}
	return n, a.readErr
}

func (a *Answer) readFault(err error) error {
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	fault := unreachable(a.URL, err, a.Attempts)
	fault.Partial = true
	if fault.Cause.Fault == transport.FaultOther {
		fault.Cause.Fault = transport.FaultClosed
	}
	return fault
}

// WriteBody copies the body to w, unchanged, except that the transport may have
// undone a compression that it asked for itself. Where the connection breaks the
// error is an *UnreachableError; what had come was written. A fault of w's is
// returned wrapped. It comes before Evaluate; afterwards the error is ErrBodyRead.
func (a *Answer) WriteBody(w io.Writer) error {
	if a.written > 0 || a.size > int64(len(a.head)) {
		return ErrBodyRead
	}
	if err := a.writeTo(w, a.head); err != nil {
		return err
	}
	buffer := make([]byte, 32<<10)
	for {
		n, err := a.read(buffer)
		if werr := a.writeTo(w, buffer[:n]); werr != nil {
			return werr
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (a *Answer) writeTo(w io.Writer, p []byte) error {
	if len(p) == 0 {
		return nil
	}
	a.written += int64(len(p))
	if _, err := w.Write(p); err != nil {
		return fmt.Errorf("writing the body: %w", err)
	}
	return nil
}

// Head returns the beginning of the body, reading it if need be: at most 64 KiB.
// complete reports whether that is all of it. WriteBody still writes everything.
func (a *Answer) Head() (head []byte, complete bool) {
	buffer := make([]byte, 4<<10)
	for a.readErr == nil && len(a.head) < headSize {
		_, _ = a.read(buffer[:min(len(buffer), headSize-len(a.head))])
	}
	return a.head, errors.Is(a.readErr, io.EOF) && a.size == int64(len(a.head))
}

// Close gives the connection back. It may be called more than once.
func (a *Answer) Close() error {
	if a.readErr == nil {
		a.readErr = ErrBodyRead
	}
	return a.body.Close()
}

// drain reads the rest of the body for the sake of the expectations about it.
func (a *Answer) drain() {
	buffer := make([]byte, 32<<10)
	for a.readErr == nil {
		_, _ = a.read(buffer)
	}
}

// discard closes an answer that is not returned, and keeps its connection if that
// is cheap.
func (a *Answer) discard() {
	_, _ = io.CopyN(io.Discard, a.body, discardSize)
	_ = a.Close()
}
