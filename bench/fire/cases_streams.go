package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// idleStreams is how many event streams are open at once and silent, and streamsEach how
// many of them one connection of HTTP/2 carries: the server allows 100.
const (
	idleStreams = 10_000
	streamsEach = 100
)

// silentUpstream begins an event stream for every request to /stream and then writes
// nothing until the request ends.
func silentUpstream() (address string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/stream" {
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})}
	go func() { _ = server.Serve(listener) }()
	return "http://" + listener.Addr().String(), func() { _ = server.Close() }, nil
}

// idleStreamsOpen opens silent event streams, asks for /healthz meanwhile, and then tells
// the server to stop: each stream must end in order, with a last chunk.
func idleStreamsOpen(_ context.Context, t *trial) (string, error) {
	bodies := make([]io.ReadCloser, 0, idleStreams)
	defer func() {
		for _, body := range bodies {
			_ = body.Close()
		}
	}()
	for range idleStreams / streamsEach {
		client := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: anyCertificate.Clone()}}
		for range streamsEach {
			response, err := t.server.get(client, "/stream", t.token)
			if err != nil {
				return "", fmt.Errorf("stream %d: %w", len(bodies)+1, err)
			}
			bodies = append(bodies, response.Body)
			if response.StatusCode != http.StatusOK || response.ProtoMajor != 2 {
				return "", fmt.Errorf("stream %d: %s %s", len(bodies), response.Proto, response.Status)
			}
		}
	}
	began := time.Now()
	if status, err := t.server.status(oneConnection(), "/healthz", ""); err != nil || status != http.StatusOK {
		return "", fmt.Errorf("/healthz: HTTP %d, %w", status, err)
	}
	health := time.Since(began)
	memory := t.server.peak()
	began = time.Now()
	if err := t.server.terminate(); err != nil {
		return "", err
	}
	var all sync.WaitGroup
	errs := make([]error, len(bodies))
	for n, body := range bodies {
		all.Go(func() { _, errs[n] = io.Copy(io.Discard, body) })
	}
	all.Wait()
	<-t.server.ended
	seen := fmt.Sprintf("%d streams over %d connections, %.0f MiB at most; /healthz in %s; all ended in order, and the process, %s after SIGTERM",
		len(bodies), idleStreams/streamsEach, memory, health.Round(time.Millisecond), time.Since(began).Round(100*time.Millisecond))
	return seen, errors.Join(errs...)
}
