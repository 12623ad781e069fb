package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// errStreamEnded ends an event stream or a WebSocket because the gate stops, or its
// token has expired.
var errStreamEnded = errors.New("the stream was ended by the gate")

// streams are the event streams and WebSockets that run. They may be silent for as long
// as they like, so that a drain would wait for them in vain: it ends them instead, and
// their clients connect again elsewhere.
type streams struct {
	mu      sync.Mutex
	open    map[*stream]struct{}
	stopped bool
}

// end ends all streams, and those that begin later.
func (s *streams) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	for running := range s.open {
		running.end()
	}
}

func (s *streams) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// isStream reports whether a response is an event stream or a WebSocket.
func isStream(answer *http.Response) bool {
	if answer.StatusCode == http.StatusSwitchingProtocols {
		return true
	}
	mediaType, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	return mediaType == "text/event-stream"
}

// watch puts a stream instead of the response's body. until is when it ends at the
// latest; zero is never. cancel cancels the request to the upstream.
func (s *streams) watch(answer *http.Response, until time.Time, cancel context.CancelCauseFunc) {
	running := &stream{ReadCloser: answer.Body, all: s, cancel: cancel}
	answer.Body = running
	if connection, ok := running.ReadCloser.(io.ReadWriteCloser); ok {
		answer.Body = &upgradedStream{running, connection}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[*stream]struct{}{}
	}
	s.open[running] = struct{}{}
	switch {
	case s.stopped:
		running.end()
	case !until.IsZero():
		running.expiry = time.AfterFunc(time.Until(until), running.end)
	}
}

// stream is a response's body that can be ended as if the upstream had ended it: the
// caller sees a whole response.
type stream struct {
	io.ReadCloser
	all    *streams
	cancel context.CancelCauseFunc
	expiry *time.Timer // nil: none
	ended  atomic.Bool
}

func (s *stream) end() {
	s.ended.Store(true)
	s.cancel(errStreamEnded)
}

// Read implements io.Reader.
func (s *stream) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	if err != nil && s.ended.Load() {
		err = io.EOF
	}
	return n, err
}

// Close implements io.Closer.
func (s *stream) Close() error {
	s.all.mu.Lock()
	delete(s.all.open, s)
	expiry := s.expiry
	s.all.mu.Unlock()
	if expiry != nil {
		expiry.Stop()
	}
	return s.ReadCloser.Close()
}

// upgradedStream is the stream of a connection that changed its protocol.
type upgradedStream struct {
	*stream
	connection io.ReadWriteCloser
}

// Write implements io.Writer.
func (s *upgradedStream) Write(p []byte) (int, error) { return s.connection.Write(p) }

// CloseWrite is what ReverseProxy looks for. Its error ends the other direction too.
func (s *upgradedStream) CloseWrite() error {
	if half, ok := s.connection.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return fmt.Errorf("CloseWrite: %w", http.ErrNotSupported)
}

// copyBuffers are the buffers in which responses are copied: ReverseProxy's own of
// 32 KiB would make 10,000 idle streams take 320 MiB.
type copyBuffers struct{ pool sync.Pool }

const copyBuffer = 8 << 10

// Get implements httputil.BufferPool.
func (b *copyBuffers) Get() []byte {
	if buffer, ok := b.pool.Get().(*[copyBuffer]byte); ok {
		return buffer[:]
	}
	return make([]byte, copyBuffer)
}

// Put implements httputil.BufferPool.
func (b *copyBuffers) Put(buffer []byte) { b.pool.Put((*[copyBuffer]byte)(buffer)) }
