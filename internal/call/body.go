package call

import (
	"bytes"
	"io"
	"sync"
)

// Body is the content of a request. The zero value is no content.
type Body struct {
	open       func() (io.ReadCloser, error)
	length     int64 // -1: unknown
	replayable bool
}

// BytesBody sends b, as often as needed.
func BytesBody(b []byte) Body {
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
	return Body{open: open, length: int64(len(b)), replayable: true}
}

// StreamBody sends what r yields, once: such a request is neither retried nor
// carried over a redirect.
func StreamBody(r io.Reader) Body {
	open := func() (io.ReadCloser, error) { return io.NopCloser(r), nil }
	return Body{open: open, length: -1}
}

// FileBody sends what open returns, which is called for each attempt. length
// is in bytes; -1 means unknown.
func FileBody(open func() (io.ReadCloser, error), length int64) Body {
	return Body{open: open, length: length, replayable: true}
}

// IsZero reports whether there is no content.
func (b Body) IsZero() bool { return b.open == nil }

// sentBody remembers why the content could not be read, which net/http reports
// as if the connection had failed. The transport reads it in a goroutine that
// may outlive the exchange.
type sentBody struct {
	io.ReadCloser
	mu  sync.Mutex
	err error
}

func (b *sentBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		b.mu.Lock()
		b.err = err
		b.mu.Unlock()
	}
	return n, err
}

// bodyFault returns what reading a request's content failed with, or nil.
func bodyFault(r io.Reader) error {
	b, ok := r.(*sentBody)
	if !ok {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}
