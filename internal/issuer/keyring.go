package issuer

import (
	"errors"
	"slices"
	"sync"
	"time"
)

// KeySetMode is what the keys' address answers with.
type KeySetMode string

// The modes. Entra's own sets flap while a key is added or retired: its front
// ends do not all learn of it at once.
const (
	KeySetWhole    KeySetMode = "whole"    // every published key
	KeySetFlapping KeySetMode = "flapping" // every other answer lacks the newest key, the first one too
	KeySetEmpty    KeySetMode = "empty"    // no key at all
)

// keyring holds the keys that the tenant publishes: the one that signs, and
// others. Entra always publishes several.
//
// A key takes 50 to 300 ms to make, so both are begun in the background, and
// waited for by whoever needs them first: a token needs only the one that signs.
type keyring struct {
	signing func() (*signingKey, error)
	standby func() (*signingKey, error)

	mu        sync.Mutex
	keys      []*signingKey // the signing one first; empty until both are made
	withdrawn []*signingKey // the latest first
	mode      KeySetMode
	answers   int // since the mode was set
	limit     int // after so many answers the set is whole again; 0: never
}

func newKeyring(now time.Time) *keyring {
	begin := func() func() (*signingKey, error) {
		key := sync.OnceValues(func() (*signingKey, error) { return newSigningKey(now) })
		go func() { _, _ = key() }() // ends by itself; the error comes back to whoever asks
		return key
	}
	return &keyring{signing: begin(), standby: begin(), mode: KeySetWhole}
}

// published returns the keys, the signing one first. The slice is not changed
// afterwards.
func (r *keyring) published() ([]*signingKey, error) {
	signing, err := r.signing()
	standby, standbyErr := r.standby()
	if err := errors.Join(err, standbyErr); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keys == nil {
		r.keys = []*signingKey{signing, standby}
	}
	return r.keys, nil
}

// answer returns what the keys' address says now.
func (r *keyring) answer() ([]*signingKey, error) {
	keys, err := r.published()
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.limit > 0 && r.answers >= r.limit {
		r.mode, r.limit = KeySetWhole, 0
	}
	r.answers++
	switch {
	case r.mode == KeySetEmpty:
		return nil, nil
	case r.mode == KeySetFlapping && r.answers%2 == 1:
		return keys[1:], nil
	}
	return keys, nil
}

// current returns the key that signs.
func (r *keyring) current() (*signingKey, error) {
	r.mu.Lock()
	keys := r.keys
	r.mu.Unlock()
	if len(keys) > 0 {
		return keys[0], nil
	}
	return r.signing()
}

// roll puts a new key first.
func (r *keyring) roll(now time.Time) (*signingKey, error) {
	if _, err := r.published(); err != nil {
		return nil, err
	}
	next, err := newSigningKey(now)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys = append([]*signingKey{next}, r.keys...)
	return next, nil
}

// withdraw leaves only the key that signs.
func (r *keyring) withdraw() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.keys) > 1 {
		r.withdrawn = slices.Concat(r.keys[1:], r.withdrawn)
		r.keys = r.keys[:1:1]
	}
}

// lastWithdrawn returns the key that was withdrawn last; nil if none was.
func (r *keyring) lastWithdrawn() *signingKey {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.withdrawn) == 0 {
		return nil
	}
	return r.withdrawn[0]
}

// setMode changes what the keys' address answers with, for so many answers; 0
// is for good.
func (r *keyring) setMode(mode KeySetMode, times int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mode, r.answers, r.limit = mode, 0, times
}

// fault returns the fault that the mode is, and how many requests met it; the
// zero Fault if it is none.
func (r *keyring) fault() (f Fault, answered int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	kind := map[KeySetMode]FaultKind{KeySetFlapping: FaultFlap, KeySetEmpty: FaultEmpty}[r.mode]
	if kind == "" || r.limit > 0 && r.answers >= r.limit {
		return Fault{}, 0
	}
	return Fault{Place: PlaceKeys, Kind: kind, Times: r.limit, RetryAfter: noRetryAfter}, r.answers
}

func (r *keyring) state() (keys []KeyState, mode KeySetMode) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for n, key := range r.keys {
		keys = append(keys, KeyState{KeyID: key.id, Published: true, Signs: n == 0})
	}
	for _, key := range r.withdrawn {
		keys = append(keys, KeyState{KeyID: key.id})
	}
	return keys, r.mode
}
