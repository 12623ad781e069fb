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

	"m2m/internal/probe/forge"
	"m2m/internal/transport"
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
	rpcError  bool  // a 2xx answer with an error of JSON-RPC in it
}

// ok reports whether the request got through.
func (a answer) ok() bool { return a.status/100 == 2 && !a.rpcError }

// exchange sends one request over a connection of its own. The context and the
// time limit bound it; what fails is part of the answer.
func (p *run) exchange(ctx context.Context, r forge.Request) answer {
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
	a := sendOn(conn, r, p.config.Now)
	a.rpcError = p.config.MCP && a.status/100 == 2 && isRPCError(a.body)
	return a
}

// sendOn writes a request and reads the answer at the same time: a server may
// answer a large request, and close, before it has read all of it.
func sendOn(conn net.Conn, r forge.Request, now func() time.Time) answer {
	message, start := r.Bytes(), now()
	written := make(chan time.Time, 1)
	go func() {
		_, _ = conn.Write(message) // an error shows in the reading
		if len(message) > largeRequest {
			written <- now()
		}
	}()
	a := readAnswer(conn, r.Method)
	end := now()
	if a.err != nil {
		_ = conn.Close() // ends the goroutine that still writes
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
			return answer{err: fmt.Errorf("the answer has the status %03d, which does not exist", resp.StatusCode)}
		case resp.StatusCode < 200:
			continue
		}
		body, err := readBody(resp)
		a := answer{status: resp.StatusCode, header: resp.Header, body: bytes.TrimSpace(body)}
		if isTimeout(err) {
			a.timedOut = true // a body that ends early otherwise is evaluated by what came
		}
		return a
	}
	return answer{err: errors.New("nothing but informational answers")}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

const (
	// maxRetryAfter bounds the wait that a rate limit asks for.
	maxRetryAfter = 30 * time.Second
	// limitedWait is the wait for a rate limit that names no time.
	limitedWait = 2 * time.Second
	// maxLimited is how often one request is sent while it is answered with 429.
	maxLimited = 3
)

// send sends a request when its turn has come, and once more if the API says
// that there were too many. The error is a *StopError (ErrLimited), or that of
// the context.
func (p *run) send(ctx context.Context, r forge.Request) (answer, error) {
	for try := 1; ; try++ {
		if err := p.turn(ctx); err != nil {
			return answer{}, err
		}
		a := p.exchange(ctx, r)
		switch {
		case ctx.Err() != nil:
			return a, context.Cause(ctx)
		case a.status != http.StatusTooManyRequests:
			return a, nil
		case try == maxLimited:
			return a, stop(ErrLimited, []Advice{SlowDown, LiftLimit},
				"the API answers 429 (too many requests), also after a pause")
		}
		if err := p.sleep(ctx, p.limitPause(a.header)); err != nil {
			return a, err
		}
	}
}

// turn waits until the rate, if there is one, allows the next request.
func (p *run) turn(ctx context.Context) error {
	if p.config.Rate <= 0 {
		return ctx.Err()
	}
	now := p.config.Now()
	wait := p.next.Sub(now)
	p.next = now.Add(max(0, wait)).Add(time.Duration(float64(time.Second) / p.config.Rate))
	if wait <= 0 {
		return ctx.Err()
	}
	return p.sleep(ctx, wait)
}

// sleep waits; the error is the cause of the context's end.
func (p *run) sleep(ctx context.Context, d time.Duration) error {
	err := p.config.Sleep(ctx, d)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// limitPause is how long to wait after an answer that says there were too many
// requests.
func (p *run) limitPause(h http.Header) time.Duration {
	wait, ok := transport.RetryAfter(h, p.config.Now())
	if !ok {
		return limitedWait
	}
	return min(wait, maxRetryAfter)
}
