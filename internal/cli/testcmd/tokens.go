package testcmd

import (
	"context"
	"sync"
	"time"

	"m2m/internal/cli"
	"m2m/internal/entra"
	"m2m/internal/suite"
)

// tokens holds the token of each client of a suite, and renews it before it expires.
// It implements suite.Tokens.
type tokens struct {
	run *suiteRun

	mu   sync.Mutex
	held map[string]heldToken
}

type heldToken struct {
	access   entra.Secret
	acquired time.Time
	expires  time.Time // zero: not known, as of a token that was given
}

// acquireAll acquires a token for each client that a request is sent as. A client
// without one ends the run before the first request.
func (r *suiteRun) acquireAll(ctx context.Context) error {
	r.tokens = &tokens{run: r, held: map[string]heldToken{}}
	for _, q := range r.plan.Requests {
		if q.As == suite.AsNone {
			continue
		}
		if _, err := r.tokens.Token(ctx, q.As); err != nil {
			return err
		}
	}
	return nil
}

// Token implements suite.Tokens.
func (t *tokens) Token(ctx context.Context, client string) (entra.Secret, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	held, ok := t.held[client]
	if ok && !held.isEnding(t.run.env.Now()) {
		return held.access, nil
	}
	return t.acquire(ctx, client, ok)
}

// Renew implements suite.Tokens. Another request may have renewed the token already.
func (t *tokens) Renew(ctx context.Context, client string, rejected entra.Secret) (entra.Secret, bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	held := t.held[client]
	if held.access.Reveal() != rejected.Reveal() {
		return held.access, true, nil
	}
	if held.expires.IsZero() || t.run.env.Now().Before(held.expires.Add(-clockDifference)) {
		return entra.Secret{}, false, nil
	}
	access, err := t.acquire(ctx, client, true)
	return access, err == nil, err
}

// clockDifference is how far the clock of an API may be ahead of ours.
const clockDifference = 5 * time.Second

// isEnding reports whether a token should be replaced before it is used again: in the
// last fifth of its life, or its last minute if that is shorter.
func (h heldToken) isEnding(now time.Time) bool {
	if h.expires.IsZero() {
		return false
	}
	return h.expires.Sub(now) < min(time.Minute, h.expires.Sub(h.acquired)/5)
}

func (t *tokens) acquire(ctx context.Context, client string, again bool) (entra.Secret, error) {
	r := t.run
	session := &cli.Session{Env: r.env, Settings: r.clients[client], Command: r.cmd, Transport: r.transport}
	o := r.as(client)
	if again {
		o.How = o.How.Renewed()
	}
	held := heldToken{acquired: r.env.Now()}
	var err error
	if o.NoToken || o.TokenFile != "" {
		held.access, err = session.Token(ctx, o)
	} else {
		got, failed := session.Acquire(ctx, o.How)
		held.access, held.expires, err = got.Access, got.ExpiresOn, failed
	}
	if err != nil {
		return entra.Secret{}, r.ofClient(client, err)
	}
	t.held[client] = held
	return held.access, nil
}
