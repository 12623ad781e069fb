package jwks

import (
	"context"
	"errors"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"m2m/internal/entra"
)

// An unknown key ID is remembered for one spacing, so that a client with an old
// token does not spend the budget that a new key may need; not longer, because
// Entra's front ends disagree for a while when a key is added.
const (
	missLimit = 256
	missAge   = spacing
)

// heldKey is a key and, once the issuer stopped listing it, since when.
type heldKey struct {
	key          *Key
	missingSince time.Time // zero: listed
}

// snapshot is one version's keys as of the last good answer. It never changes.
type snapshot struct {
	discovery
	discovered time.Time
	etag       string
	keys       map[string]heldKey
	skipped    int
	fetched    time.Time
}

// flight is one fetch that any number of callers wait for.
type flight struct {
	number uint64 // 1 for the first fetch
	done   chan struct{}
	err    error // set before done is closed
}

// feed keeps the keys of one version of one authority.
type feed struct {
	version entra.Version
	fetcher *fetcher
	now     func() time.Time
	grace   time.Duration
	stale   time.Duration
	renew   time.Duration // the age at which the discovery document is read again
	pin     *tenantPin    // of both versions

	current atomic.Pointer[snapshot] // nil before the first good answer

	mu         sync.Mutex
	flight     *flight
	budget     budget
	misses     map[string]time.Time
	lastErr    error
	fetches    uint64
	failures   uint64
	suppressed uint64
}

// snapshot returns the keys that may still be trusted; nil if there are none.
func (f *feed) snapshot() *snapshot {
	s := f.current.Load()
	if s == nil || f.now().Sub(s.fetched) > f.stale {
		return nil
	}
	return s
}

// find returns a key that was fetched before, or nil.
func (f *feed) find(s *snapshot, kid string) *Key {
	h, ok := s.keys[kid]
	if !ok || !h.missingSince.IsZero() && f.now().Sub(h.missingSince) > f.grace {
		return nil
	}
	return h.key
}

// lookup returns a key that was fetched before, else asks the issuer.
func (f *feed) lookup(ctx context.Context, kid string) (*Key, *snapshot, error) {
	s := f.snapshot()
	if s != nil {
		if k := f.find(s, kid); k != nil {
			return k, s, nil
		}
	}
	seen, err := f.request(ctx, kid)
	if seen > 0 && err == nil && f.isMissing(kid) {
		err = f.requestAgain(ctx, kid, seen)
	}
	s = f.snapshot()
	if s == nil {
		return nil, nil, err
	}
	if k := f.find(s, kid); k != nil {
		return k, s, nil
	}
	if err != nil {
		return nil, s, err
	}
	return nil, s, ErrKeyUnknown
}

// request fetches for an unknown key ID (or, while there are no keys, for any), if
// the budget allows. It returns the number of the fetch; 0 and nil where what was
// fetched before must do: the issuer was asked just now, or may not be asked again
// so soon.
func (f *feed) request(ctx context.Context, kid string) (seen uint64, err error) {
	f.mu.Lock()
	now, s, fl := f.now(), f.snapshot(), f.flight
	if f.answered(s, kid, now) {
		f.mu.Unlock()
		return 0, nil
	}
	if fl == nil {
		cold := s == nil
		wait, ok := f.budget.take(now, cold)
		if !ok {
			f.suppressed++
			err := f.lastErr
			f.mu.Unlock()
			if err == nil && cold {
				err = ErrKeysStale
			}
			if err != nil {
				return 0, &UnreachableError{wait, err}
			}
			return 0, nil
		}
		fl = f.start(ctx)
	}
	f.mu.Unlock()
	return fl.number, fl.wait(ctx)
}

// answered reports whether a fetch would bring nothing new: another caller's has
// just ended, or two in a row lacked this key ID a moment ago. Without an ID any
// key will do. f.mu is held.
func (f *feed) answered(s *snapshot, kid string, now time.Time) bool {
	if s == nil {
		return false
	}
	asked, ok := f.misses[kid]
	age := now.Sub(asked) // negative where the clock went back
	return kid == "" || f.find(s, kid) != nil || ok && 0 <= age && age < missAge
}

// start starts a fetch that goes on if its caller gives up, because others wait for
// it too. f.mu is held.
func (f *feed) start(ctx context.Context) *flight {
	fl := &flight{number: f.fetches + 1, done: make(chan struct{})}
	f.flight = fl
	go func() {
		s, err := f.fetch(context.WithoutCancel(ctx))
		f.finish(fl, s, err)
	}()
	return fl
}

func (f *feed) finish(fl *flight, s *snapshot, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fetches++
	f.lastErr = err
	if err != nil {
		f.failures++
		fl.err = &UnreachableError{coldSpacing, err}
	} else {
		if old := f.current.Load(); old == nil || !maps.Equal(old.keys, s.keys) {
			clear(f.misses)
		}
		f.current.Store(s)
	}
	f.flight = nil
	close(fl.done)
}

func (fl *flight) wait(ctx context.Context) error {
	select {
	case <-fl.done:
		return fl.err
	case <-ctx.Done():
		return &UnreachableError{0, context.Cause(ctx)}
	}
}

// refresh fetches outside the budget, or joins a fetch that is under way.
func (f *feed) refresh(ctx context.Context) error {
	f.mu.Lock()
	fl := f.flight
	if fl == nil {
		fl = f.start(ctx)
	}
	f.mu.Unlock()
	return fl.wait(ctx)
}

// fetch reads the keys and, when it is due, the discovery document.
func (f *feed) fetch(ctx context.Context) (*snapshot, error) {
	old := f.current.Load()
	if old == nil {
		old = &snapshot{}
	}
	next := &snapshot{discovery: old.discovery, discovered: old.discovered, etag: old.etag}
	if now := f.now(); old.keysAddress == "" || now.Sub(old.discovered) >= f.renew || f.failed() {
		d, err := f.fetcher.discover(ctx, f.version)
		if err == nil {
			err = f.pin.check(f.version, d.issuer)
		}
		if err != nil {
			return nil, err
		}
		if d.issuer != old.issuer || d.cloud != old.cloud {
			old = &snapshot{} // the same key is another one, which no earlier result rests on
		}
		if d.keysAddress != old.keysAddress {
			next.etag = ""
		}
		next.discovery, next.discovered = d, now
	}
	body, etag, err := f.fetcher.get(ctx, next.keysAddress, next.etag)
	if err != nil {
		return nil, err
	}
	next.etag, next.fetched = etag, f.now()
	if body == nil {
		next.skipped = old.skipped
		next.keys = f.merge(old.keys, listed(old.keys), next.fetched)
		return next, nil
	}
	keys, skipped, err := readKeys(body)
	if err != nil {
		return nil, err
	}
	next.skipped = skipped
	next.keys = f.merge(old.keys, keys, next.fetched)
	return next, nil
}

func (f *feed) failed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return errors.Is(f.lastErr, ErrStatus) || errors.Is(f.lastErr, ErrKeySet) || errors.Is(f.lastErr, ErrNoUsableKey)
}

// merge keeps keys that vanished for as long as the grace lasts, and the
// identity of those that did not change.
func (f *feed) merge(old map[string]heldKey, keys map[string]*Key, now time.Time) map[string]heldKey {
	merged := make(map[string]heldKey, len(keys))
	for id, h := range old {
		if h.missingSince.IsZero() || h.missingSince.After(now) { // after: the clock went back
			h.missingSince = now
		}
		if now.Sub(h.missingSince) <= f.grace && f.grace > 0 {
			merged[id] = h
		}
	}
	for id, k := range keys {
		if h, ok := old[id]; ok && sameKey(h.key, k) {
			k = h.key
		}
		merged[id] = heldKey{key: k}
	}
	return merged
}

func sameKey(a, b *Key) bool {
	return a.Fingerprint == b.Fingerprint && a.Issuer == b.Issuer && a.Cloud == b.Cloud
}

func listed(all map[string]heldKey) map[string]*Key {
	keys := make(map[string]*Key, len(all))
	for id, h := range all {
		if h.missingSince.IsZero() {
			keys[id] = h.key
		}
	}
	return keys
}

// requestAgain asks once more for a key that the fetch numbered seen lacked.
// Entra's front ends disagree while a key is added, and one answer of one of them
// is too little to reject a valid token by. All who miss a key at one time wait for
// the same second answer. It leaves an attempt for the next key ID: forged ones
// must not use them all up.
func (f *feed) requestAgain(ctx context.Context, kid string, seen uint64) error {
	if fl := f.secondFetch(ctx, seen); fl != nil {
		if err := fl.wait(ctx); err != nil {
			return err
		}
	}
	if f.isMissing(kid) {
		f.noteMiss(kid)
	}
	return nil
}

// secondFetch returns the fetch after the one numbered seen; nil if that has
// succeeded already, or if the budget has none to spare.
func (f *feed) secondFetch(ctx context.Context, seen uint64) *flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.flight != nil || f.fetches > seen && f.lastErr == nil {
		return f.flight
	}
	now := f.now()
	if !f.budget.hasSpare(now) {
		return nil
	}
	f.budget.take(now, false)
	return f.start(ctx)
}

// isMissing reports whether there are keys and none of that ID.
func (f *feed) isMissing(kid string) bool {
	s := f.snapshot()
	return s != nil && f.find(s, kid) == nil
}

// noteMiss remembers an ID that two answers did not hold.
func (f *feed) noteMiss(kid string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.misses == nil || len(f.misses) >= missLimit {
		f.misses = make(map[string]time.Time)
	}
	f.misses[kid] = f.now()
}

// How often unknown key IDs may make us call the issuer. 100 forged tokens
// cost at most 3 fetches at once and one for every 30 s after that; three, so that
// one forger cannot keep a new key from other callers.
const (
	spacing     = 30 * time.Second
	burst       = 3
	coldSpacing = time.Second // while there are no keys at all
)

// budget is a token bucket. Its owner locks it.
type budget struct {
	spent float64   // 0 to burst
	last  time.Time // of the last attempt
}

// take asks for one attempt. While there are no usable keys (cold) no token can be
// validated, so attempts follow each other faster. wait is how long until the next
// one is allowed.
func (b *budget) take(now time.Time, cold bool) (wait time.Duration, ok bool) {
	since := b.since(now)
	if cold {
		if wait := coldSpacing - since; !b.last.IsZero() && wait > 0 {
			return wait, false
		}
		b.spent, b.last = b.remaining(since), now
		return 0, true
	}
	spent := b.remaining(since)
	if spent > burst-1 {
		return time.Duration((spent - (burst - 1)) * float64(spacing)), false
	}
	b.spent, b.last = spent+1, now
	return 0, true
}

// hasSpare reports whether one attempt could be made and another be left.
func (b *budget) hasSpare(now time.Time) bool { return b.remaining(b.since(now)) <= burst-2 }

// since is the time from the last attempt. It starts again where the clock went
// back: to wait until the clock is there again could take days.
func (b *budget) since(now time.Time) time.Duration {
	if now.Before(b.last) {
		b.last = now
	}
	return now.Sub(b.last)
}

// remaining is what is still spent after a time without attempts.
func (b *budget) remaining(since time.Duration) float64 {
	return max(0, b.spent-float64(since)/float64(spacing))
}
