package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

func manyConnections(_ context.Context, t *trial) (string, error) {
	const connections, tokens, share = 2000, 10_000, 10_000 / 2000
	all := t.issuer.Tokens(tokens)
	conns, err := dial(t.server.address, connections)
	defer hangUp(conns)
	if err != nil {
		return "", err
	}
	answers := each(connections, connections, func(k int) int {
		r := bufio.NewReader(conns[k])
		for n := range 2 * share { // its share of new tokens, then the known ones of another
			status := exchange(conns[k], r, get(all[(k*share+n+n/share*share)%tokens]))
			if status != http.StatusOK {
				return status
			}
		}
		return http.StatusOK
	})
	seen := fmt.Sprintf("10 requests over each of %d connections that are all open: %s", connections, answers)
	return seen, answers.only(http.StatusOK)
}

// dial opens so many connections.
func dial(address string, n int) (conns []net.Conn, err error) {
	for range n {
		c, err := net.Dial("tcp", address)
		if err != nil {
			return conns, err
		}
		conns = append(conns, c)
	}
	return conns, nil
}

func hangUp(conns []net.Conn) {
	for _, c := range conns {
		_ = c.Close()
	}
}

func get(token string) string {
	return "GET /secure-data HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + token + "\r\n\r\n"
}

// exchange sends a request and reads its answer; 0 means none.
func exchange(c net.Conn, r *bufio.Reader, request string) (status int) {
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(c, request); err != nil {
		return 0
	}
	response, err := http.ReadResponse(r, nil)
	if err != nil {
		return 0
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return 0
	}
	return response.StatusCode
}

func slowloris(_ context.Context, t *trial) (string, error) {
	const connections, longest = 500, 6 * time.Second
	good := startLoad(t.server, 4, t.token)
	conns, err := dial(t.server.address, connections)
	defer hangUp(conns)
	if err != nil {
		return "", err
	}
	var (
		all    sync.WaitGroup
		mu     sync.Mutex
		oldest time.Duration
	)
	for _, c := range conns {
		all.Go(func() {
			began := time.Now()
			_, err := io.WriteString(c, "GET /secure-data HTTP/1.1\r\nHost: a\r\nX-Slow: ")
			for err == nil && time.Since(began) < 2*longest {
				time.Sleep(100 * time.Millisecond)
				_, err = io.WriteString(c, "a")
			}
			mu.Lock()
			oldest = max(oldest, time.Since(began))
			mu.Unlock()
		})
	}
	all.Wait()
	answers := good.stop()
	seen := fmt.Sprintf("closed after %.1f s at the latest; good: %s, the slowest in %s", oldest.Seconds(), answers,
		good.slowest.Round(time.Millisecond))
	err = answers.only(http.StatusOK)
	if oldest > longest {
		err = errors.Join(err, fmt.Errorf("a connection was open for %s", oldest))
	}
	return seen, err
}

func hugeHeaders(_ context.Context, t *trial) (string, error) {
	token := strings.Repeat("a", 1<<20)
	answers := each(200, 32, func(int) int { return t.pour(get(token), "").status })
	return answers.String(), answers.only(http.StatusRequestHeaderFieldsTooLarge)
}

// poured is what became of a request without an end.
type poured struct {
	status int
	sent   int  // bytes that the system took, its buffers included
	open   bool // the server had not hung up after 20 s
}

// pour sends start, and then rest until the server hangs up; without a rest it
// sends start and waits for the answer.
func (t *trial) pour(start, rest string) (p poured) {
	c, err := net.Dial("tcp", t.server.address)
	if err != nil {
		return p
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	status := make(chan int)
	go func() {
		defer close(status)
		if response, err := http.ReadResponse(bufio.NewReader(c), nil); err == nil {
			status <- response.StatusCode
		}
	}()
	p.sent, err = io.WriteString(c, start)
	for n := 0; err == nil && rest != ""; p.sent += n {
		n, err = io.WriteString(c, rest)
	}
	timeout := net.Error(nil)
	p.open = errors.As(err, &timeout) && timeout.Timeout()
	p.status = <-status
	return p
}

func endlessBodies(_ context.Context, t *trial) (string, error) {
	const host, chunked = "Host: a\r\n", "Transfer-Encoding: chunked\r\n"
	chunk := "4000\r\n" + strings.Repeat("a", 0x4000) + "\r\n"
	var words []string
	var errs []error
	for _, kind := range []struct {
		name, start string
		want        int
	}{
		{"1 GB", "POST /secure-data HTTP/1.1\r\n" + host + "Content-Length: 1000000000\r\n\r\n", 413},
		{"endless, no token", "GET /secure-data HTTP/1.1\r\n" + host + chunked + "\r\n", 401},
		{"endless form, no token",
			"GET /secure-data HTTP/1.1\r\n" + host + "Content-Type: application/x-www-form-urlencoded\r\n" + chunked + "\r\n", 401},
		{"endless, good token", strings.TrimSuffix(get(t.token), "\r\n") + chunked + "\r\n", 200},
	} {
		open, most, mu := 0, 0, sync.Mutex{}
		answers := each(50, 16, func(int) int {
			p := t.pour(kind.start, chunk)
			mu.Lock()
			defer mu.Unlock()
			most = max(most, p.sent)
			if p.open {
				open++
			}
			return p.status
		})
		words = append(words, fmt.Sprintf("%s: %s, cut after %d KiB at most", kind.name, answers, most>>10))
		errs = append(errs, answers.only(kind.want))
		if open > 0 {
			errs = append(errs, fmt.Errorf("%s: %d connections were not cut", kind.name, open))
		}
	}
	return strings.Join(words, "; "), errors.Join(errs...)
}

func clientsGone(_ context.Context, t *trial) (string, error) {
	whole := get(t.token)
	places := []string{
		"", "GE", whole[:40], whole[:len(whole)-2], whole, strings.Repeat(whole, 10),
		"POST /secure-data HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf",
		"POST /secure-data HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf",
	}
	resets := each(2000, 64, func(k int) int {
		c, err := net.Dial("tcp", t.server.address)
		if err != nil {
			return 0
		}
		_, err = io.WriteString(c, places[k%len(places)])
		_ = c.(*net.TCPConn).SetLinger(0) // a reset, not an orderly end
		if err = errors.Join(err, c.Close()); err != nil {
			return 0
		}
		return 1
	})
	began := time.Now()
	err := t.want(http.StatusOK, t.token)
	seen := fmt.Sprintf("%d resets; the next caller was answered in %s", resets[1], time.Since(began).Round(time.Millisecond))
	if resets[0] > 0 {
		err = errors.Join(err, fmt.Errorf("%d connections failed before their reset", resets[0]))
	}
	return seen, err
}

// fewDescriptors is the limit of the server that is to run out of them.
const fewDescriptors = 100

func descriptorsExhausted(_ context.Context, t *trial) (string, error) {
	held := startLoad(t.server, 1, t.token)
	time.Sleep(100 * time.Millisecond)
	conns, err := dial(t.server.address, 300)
	defer hangUp(conns)
	if err != nil {
		return "", err
	}
	time.Sleep(3 * time.Second)
	open := t.server.descriptors()
	hangUp(conns)
	began := time.Now()
	err = t.want(http.StatusOK, t.token)
	took, answers := time.Since(began), held.stop()
	lines := strings.Count(t.server.logged(), "too many open files")
	seen := fmt.Sprintf("none left for 3 s; the connection it had: %s; a new one after %.1f s; %d lines in the log", answers, took.Seconds(),
		lines)
	if open < fewDescriptors || took > 2*time.Second || lines == 0 || lines > 40 {
		err = errors.Join(err, errors.New("not as promised"))
	}
	return seen, errors.Join(err, answers.only(http.StatusOK))
}
