package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// load is good requests from several connections that never pause.
type load struct {
	client *http.Client
	tokens atomic.Pointer[[]string] // they take turns
	ended  atomic.Bool
	all    sync.WaitGroup

	mu      sync.Mutex
	answers tally
	slowest time.Duration
}

// tally counts answers by their status, and failed connections as 0.
type tally map[int]int

func (t tally) String() string {
	var words []string
	for _, status := range slices.Sorted(maps.Keys(t)) {
		words = append(words, fmt.Sprintf("%d × %d", t[status], status))
	}
	return strings.Join(words, ", ")
}

// only says whether every answer has that status, and that there are some.
func (t tally) only(status int) error {
	if len(t) != 1 || t[status] == 0 {
		return fmt.Errorf("answers: %s; expected %d alone", t, status)
	}
	return nil
}

// startLoad begins with one token and goes on until stop.
func startLoad(s *server, connections int, tokens ...string) *load {
	l := &load{client: keepAlive(connections), answers: tally{}}
	l.use(tokens...)
	for range connections {
		l.all.Go(func() {
			for i := 0; !l.ended.Load(); i++ {
				tokens := *l.tokens.Load()
				began := time.Now()
				status, _ := s.ask(l.client, tokens[i%len(tokens)])
				l.count(status, time.Since(began))
			}
		})
	}
	return l
}

func (l *load) use(tokens ...string) { l.tokens.Store(&tokens) }

func (l *load) count(status int, took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answers[status]++
	l.slowest = max(l.slowest, took)
}

// stop ends the load and returns what it was answered.
func (l *load) stop() tally {
	l.ended.Store(true)
	l.all.Wait()
	l.client.CloseIdleConnections()
	return l.answers
}

// each calls do n times, from so many goroutines, and counts what it returns.
func each(n, workers int, do func(k int) int) tally {
	var (
		mu   sync.Mutex
		next atomic.Int64
		all  sync.WaitGroup
		seen = tally{}
	)
	for range workers {
		all.Go(func() {
			for k := next.Add(1) - 1; k < int64(n); k = next.Add(1) - 1 {
				status := do(int(k))
				mu.Lock()
				seen[status]++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return seen
}
