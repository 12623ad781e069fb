package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"time"

	"bench/stage"
)

// load is what clients do during one measurement.
type load struct {
	tokens      string // a file of the issuer's, by name
	warm        string // the tokens that are sent before, so that they are known
	connections int
}

// result is what one measurement showed.
type result struct {
	perSecond float64
	p50, p99  time.Duration
	cpu       float64 // milliseconds for 1,000 requests
	memory    float64 // MiB, at most
}

// errNotNew says that tokens were sent a second time where each was to be new.
var errNotNew = errors.New("the new tokens ran out")

// measure starts a system, warms it, and puts it under load.
func (b *bench) measure(ctx context.Context, system string, l load) (result, error) {
	s, err := b.start(ctx, system)
	if err != nil {
		return result{}, err
	}
	defer s.stop()
	if err := b.warm(ctx, s, l); err != nil {
		return result{}, fmt.Errorf("%s, warming: %w", system, err)
	}
	before := s.cpu()
	r, requests, err := b.wrk(ctx, s, l.tokens, l.connections, b.duration)
	if err != nil {
		return result{}, fmt.Errorf("%s: %w", system, err)
	}
	if l.tokens != l.warm && int(requests) > b.issuer.written[l.tokens] {
		return result{}, fmt.Errorf("%s: %w: %.0f requests, %d tokens; give -new more", system, errNotNew, requests, b.issuer.written[l.tokens])
	}
	r.cpu = (s.cpu() - before) / requests * 1000
	r.memory = stage.Peak(s.process.Process)
	if b.verbose {
		fmt.Fprintf(os.Stderr, "%-30s %-5s %5d connections: %7.0f/s p50 %s p99 %s %4.0f ms %4.0f MiB\n",
			system, l.tokens, l.connections, r.perSecond, r.p50, r.p99, r.cpu, r.memory)
	}
	return r, nil
}

// warm sends every token at least once.
func (b *bench) warm(ctx context.Context, s *server, l load) error {
	for d := 2 * time.Second; ; d *= 2 {
		_, requests, err := b.wrk(ctx, s, l.warm, l.connections, d)
		if err != nil || int(requests) > b.issuer.written[l.warm] {
			return err
		}
	}
}

var (
	perSecond = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)
	total     = regexp.MustCompile(`([0-9]+) requests in`)
	median    = regexp.MustCompile(`(?m)^\s+50%\s+(\S+)`)
	percent99 = regexp.MustCompile(`(?m)^\s+99%\s+(\S+)`)
	failed    = regexp.MustCompile(`(?m)^\s*(Non-2xx or 3xx responses: .*|Socket errors: .*)$`)
)

// wrk runs on core 1. An answer other than 2xx, or a broken connection, makes
// the measurement void.
func (b *bench) wrk(ctx context.Context, s *server, tokens string, connections int, d time.Duration) (r result, requests float64,
	err error) {
	out, err := exec.CommandContext(ctx, "taskset", "-c", "1", "wrk", "--latency", "-t1", "-c", strconv.Itoa(connections),
		"-d", d.String(), "--timeout", "10s", "-s", "tokens.lua", s.url, "--", b.issuer.tokenFile(tokens)).CombinedOutput()
	if err != nil {
		return r, 0, fmt.Errorf("wrk: %w\n%s", err, out)
	}
	if bad := failed.FindSubmatch(out); bad != nil {
		log, _ := os.ReadFile(s.log.Name())
		return r, 0, fmt.Errorf("%s\n%.2000s", bad[1], log)
	}
	if r.perSecond, err = number(perSecond, out); err != nil {
		return r, 0, err
	}
	if requests, err = number(total, out); err != nil {
		return r, 0, err
	}
	r.p50, _ = latency(median, out)
	r.p99, err = latency(percent99, out)
	return r, requests, err
}

var errNoFigure = errors.New("wrk printed no such figure")

func number(e *regexp.Regexp, out []byte) (float64, error) {
	found := e.FindSubmatch(out)
	if found == nil {
		return 0, fmt.Errorf("%w: %s", errNoFigure, e)
	}
	return strconv.ParseFloat(string(found[1]), 64)
}

func latency(e *regexp.Regexp, out []byte) (time.Duration, error) {
	found := e.FindSubmatch(out)
	if found == nil {
		return 0, fmt.Errorf("%w: %s", errNoFigure, e)
	}
	return time.ParseDuration(string(found[1]))
}
