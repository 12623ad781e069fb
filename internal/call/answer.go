package call

import (
	"io"
	"net/http"
	"net/url"
	"time"
)

// Answer is what came back. Its body is read once, as a stream.
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
	// Attempts counts requests sent to the first address, retries included: at least 1.
	Attempts int
	// RemoteAddr is the address of the other end, the proxy's if there is one.
	RemoteAddr string
	// SentToken tells whether the request carried a bearer token.
	SentToken bool
	// ReceivedAt is when the header arrived, by the client's clock.
	ReceivedAt time.Time
	// Timing is complete once the body has been read.
	Timing Timing
}

// Timing tells how long the last attempt took, from its start.
type Timing struct {
	// Connect and TLS are zero where a connection was used again.
	Connect, TLS time.Duration
	// FirstByte is when the answer began; Total when its body ended.
	FirstByte, Total time.Duration
}

// StatusText returns the status as people write it, such as "403 Forbidden".
func (a *Answer) StatusText() string { return "" }

// WriteBody copies the rest of the body to w, unchanged. It keeps the beginning
// for Judge and Explain. Where the connection breaks the error is an
// *UnreachableError; what had come was written.
func (a *Answer) WriteBody(w io.Writer) error { return nil }

// Head returns the beginning of the body, reading it if need be: at most 64 KiB.
// complete tells whether that is all of it.
func (a *Answer) Head() (head []byte, complete bool) { return nil, false }

// BodySize is the number of bytes read so far.
func (a *Answer) BodySize() int64 { return 0 }

// Close gives the connection back. It may be called more than once.
func (a *Answer) Close() error { return nil }

// Judge holds the answer against what the request expected. It reads what is
// left of the body if an expectation is about it.
func (a *Answer) Judge() Outcome { return Outcome{} }
