package serve_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// load is requests from several connections that never pause.
type load struct {
	tokens  atomic.Pointer[[]string] // they take turns
	answers chan int
	stop    func()
}

// startLoad begins with one token. Errors of a connection count as status 0.
func startLoad(t *testing.T, addr string, connections int, tokens ...string) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l := &load{answers: make(chan int)}
	l.use(tokens...)
	var workers sync.WaitGroup
	client := keepAlive(t, connections)
	for range connections {
		workers.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				tokens := *l.tokens.Load()
				got, _ := status(client, addr, tokens[i%len(tokens)])
				select {
				case l.answers <- got:
				case <-ctx.Done():
				}
			}
		})
	}
	l.stop = func() { cancel(); workers.Wait() }
	t.Cleanup(l.stop)
	return l
}

// use has the requests that follow carry these tokens.
func (l *load) use(tokens ...string) { l.tokens.Store(&tokens) }

// want reads so many answers.
func (l *load) want(t *testing.T, n, want int) {
	t.Helper()
	for range n {
		if got := <-l.answers; got != want {
			t.Fatalf("status %d under load, want %d", got, want)
		}
	}
}

// TestKeyRollUnderLoad rolls the keys three times while requests come without a
// pause: as Entra does, with the new key published when it first signs; with the
// old key gone from the set; and in an emergency, both at once. No request is
// rejected, those with tokens of vanished keys neither, and each roll costs one
// fetch.
func TestKeyRollUnderLoad(t *testing.T) {
	leaksNothing(t)
	l := newLogin(t)
	s := l.api(t)
	keys := signers()
	tokens := []string{l.token(t, keys[0], time.Hour)}
	running := startLoad(t, s.addr, 8, tokens...)
	running.want(t, 200, http.StatusOK)
	for i, roll := range []struct {
		set []signer
		by  signer
	}{
		{keys[:2], keys[1]},
		{keys[1:2], keys[1]},
		{keys[2:], keys[2]},
	} {
		l.publish(roll.set...)
		tokens = append(tokens, l.token(t, roll.by, time.Hour))
		running.use(slices.Clone(tokens)...)
		running.want(t, 200, http.StatusOK)
		if fetched, _ := l.counts(); fetched != []int{2, 2, 3}[i] {
			t.Errorf("%d fetches after roll %d, want %d", fetched, i+1, []int{2, 2, 3}[i])
		}
	}
	running.stop()
}

// TestRandomKeyIDs: 2,000 forged tokens, each with a key ID of its own, are
// rejected; they cost the issuer four fetches at most, and nobody with a good
// token is rejected meanwhile. Half a minute later a new key is found, however
// the flood goes on.
func TestRandomKeyIDs(t *testing.T) {
	leaksNothing(t)
	l := newLogin(t)
	s := l.api(t)
	good := startLoad(t, s.addr, 2, l.token(t, signers()[0], time.Hour))
	good.want(t, 1, http.StatusOK)
	forge := forger(t, l.token(t, signers()[0], time.Hour))
	answered := 0
	for ended := flood(t, s.addr, forge, 8, 250); ; answered++ {
		select {
		case got := <-good.answers:
			if got != http.StatusOK {
				t.Fatalf("a good token: %d, want 200", got)
			}
			continue
		case <-ended:
		}
		break
	}
	good.stop()
	if fetched, _ := l.counts(); fetched > 4 || answered == 0 {
		t.Errorf("%d fetches and %d good answers, want at most 4 fetches and some answers", fetched, answered)
	}
	l.publish(signers()[:2]...)
	l.pass(30 * time.Second)
	<-flood(t, s.addr, forge, 8, 10)
	wantStatus(t, s, l.token(t, signers()[1], time.Hour), http.StatusOK)
	if fetched, _ := l.counts(); fetched > 5 {
		t.Errorf("%d fetches half a minute later, want at most one more", fetched)
	}
}

// flood sends so many forged tokens over each connection.
func flood(t *testing.T, addr string, forge func() string, connections, each int) (ended chan struct{}) {
	client := keepAlive(t, connections)
	var workers sync.WaitGroup
	for range connections {
		workers.Go(func() {
			for range each {
				if got, err := status(client, addr, forge()); got != http.StatusUnauthorized {
					t.Errorf("a forged token: %d %v, want 401", got, err)
				}
			}
		})
	}
	ended = make(chan struct{})
	go func() { workers.Wait(); close(ended) }()
	return ended
}

// forger makes tokens like a good one, each with a key ID of its own and noise
// for a signature.
func forger(t *testing.T, token string) func() string {
	claims := strings.Split(token, ".")[1]
	return func() string {
		noise := make([]byte, 256)
		_, _ = rand.Read(noise)
		header := asJSON(t, map[string]any{"typ": "JWT", "alg": "RS256", "kid": b64(noise[:16])})
		return b64(header) + "." + claims + "." + b64(noise)
	}
}
