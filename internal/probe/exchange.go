package probe

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// maxAnswer bounds what is read of an answer, head and body together, in bytes.
const maxAnswer = 1 << 20

// largeRequest is the size from which the time to send a request is left out of
// the time that the answer takes, in bytes: a slow line is not a slow API.
const largeRequest = 64 << 10

// maxInformational bounds the 1xx answers before the real one.
const maxInformational = 8

// answer is what came back.
type answer struct {
	status    int // 0: no answer
	header    http.Header
	body      []byte
	took      time.Duration // from the end of the request to the end of the answer
	unreached bool          // no connection could be made
	timedOut  bool
	err       error // why there was no answer
}

func (a answer) ok() bool     { return a.status/100 == 2 }
func (a answer) broken() bool { return a.status/100 == 5 }

// exchange sends one request over a connection of its own. The context and the
// time limit bound it; what fails is part of the answer.
func (p *prober) exchange(ctx context.Context, r request) answer {
	ctx, cancel := context.WithTimeout(ctx, p.config.Timeout)
	defer cancel()
	p.report.Requests++
	conn, err := p.config.Dial(ctx)
	if err != nil {
		return answer{unreached: true, timedOut: isTimeout(err), err: err}
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) }) // long past: whatever waits ends
	defer stop()
	return converse(conn, r, p.config.Now)
}

// converse writes a request and reads the answer at the same time: a server may
// answer a large request, and close, before it has read all of it.
func converse(conn net.Conn, r request, now func() time.Time) answer {
	message, start := r.bytes(), now()
	written := make(chan time.Time, 1)
	go func() {
		_, _ = conn.Write(message) // a fault shows in the reading
		if len(message) > largeRequest {
			written <- now()
		}
	}()
	a := readAnswer(conn, r.method)
	end := now()
	if a.err != nil {
		_ = conn.Close() // frees a writer that nobody listens to
	}
	select {
	case start = <-written:
	default: // small, or still writing: counted from the beginning
	}
	a.took = max(0, end.Sub(start))
	return a
}

// readAnswer reads the final answer to a request with this method.
func readAnswer(r io.Reader, method string) answer {
	reader := bufio.NewReader(io.LimitReader(r, maxAnswer))
	for range maxInformational {
		resp, err := http.ReadResponse(reader, &http.Request{Method: method})
		if err != nil {
			return answer{timedOut: isTimeout(err), err: err}
		}
		switch {
		case resp.StatusCode < 100: // net/http reads any three digits (RFC 9110 section 15)
			return answer{err: fmt.Errorf("the answer has the status %03d, which is none", resp.StatusCode)}
		case resp.StatusCode < 200:
			continue
		}
		body, err := io.ReadAll(resp.Body)
		a := answer{status: resp.StatusCode, header: resp.Header, body: bytes.TrimSpace(body)}
		if isTimeout(err) {
			a.timedOut = true // a body that ends early otherwise is judged by what came
		}
		return a
	}
	return answer{err: errors.New("nothing but informational answers")}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}
