package keyring

import (
	"errors"
	"slices"
	"sync"
	"time"
)

// Mode is what the keys' address answers with.
type Mode string

// The modes. Entra's own sets flap while a key is added or retired: its front
// ends do not all learn of it at once.
const (
	Whole    Mode = "whole"    // every published key
	Flapping Mode = "flapping" // every other answer lacks the newest key, the first one too
	Empty    Mode = "empty"    // no key at all
)

// Ring holds the keys of a tenant: the one that signs, others that are
// published with it, as Entra always does, and those that were withdrawn. Make
// one with New. It may be used by many goroutines at once.
//
// A key takes 50 to 300 ms to make, so the two that are published first are
// begun in the background, and waited for by the first caller that needs them.
type Ring struct {
	signing, standby     maker
	stranger, neverKnown maker

	mu        sync.Mutex
	keys      []*Key // the signing one first; empty until both are made
	withdrawn []*Key // the latest first
	mode      Mode
	answers   int // since the mode was set
	limit     int // after so many answers the set is whole again; 0: never
}

// maker returns a key, which the first call makes.
type maker func() (*Key, error)

// New begins to make keys that are valid from now on.
func New(now time.Time) *Ring {
	later := func() maker { return sync.OnceValues(func() (*Key, error) { return newKey(now) }) }
	r := &Ring{signing: later(), standby: later(), stranger: later(), neverKnown: later(), mode: Whole}
	for _, begin := range []maker{r.signing, r.standby} {
		go func() { _, _ = begin() }() // ends by itself; the error comes back to the caller that needs the key
	}
	return r
}

// Published returns the keys, the signing one first. The slice is not changed
// afterwards.
func (r *Ring) Published() ([]*Key, error) {
	signing, err := r.signing()
	standby, standbyErr := r.standby()
	if err := errors.Join(err, standbyErr); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keys == nil {
		r.keys = []*Key{signing, standby}
	}
	return r.keys, nil
}

// Answer returns what the keys' address answers with now, and counts the answer.
func (r *Ring) Answer() ([]*Key, error) {
	keys, err := r.Published()
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.limit > 0 && r.answers >= r.limit {
		r.mode, r.limit = Whole, 0
	}
	r.answers++
	switch {
	case r.mode == Empty:
		return nil, nil
	case r.mode == Flapping && r.answers%2 == 1:
		return keys[1:], nil
	}
	return keys, nil
}

// Current returns the key that signs.
func (r *Ring) Current() (*Key, error) {
	r.mu.Lock()
	keys := r.keys
	r.mu.Unlock()
	if len(keys) > 0 {
		return keys[0], nil
	}
	return r.signing()
}

// Roll makes a new key, publishes it together with the old ones, and signs
// with it from now on.
func (r *Ring) Roll(now time.Time) error {
	if _, err := r.Published(); err != nil {
		return err
	}
	next, err := newKey(now)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys = append([]*Key{next}, r.keys...)
	return nil
}

// Withdraw stops publishing every key but the one that signs, as in an
// emergency: tokens signed with the others can no longer be verified.
func (r *Ring) Withdraw() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.keys) > 1 {
		r.withdrawn = slices.Concat(r.keys[1:], r.withdrawn)
		r.keys = r.keys[:1:1]
	}
}

// Withdrawn returns the key that was withdrawn last, or where none was, one
// that was never published.
func (r *Ring) Withdrawn() (*Key, error) {
	r.mu.Lock()
	withdrawn := r.withdrawn
	r.mu.Unlock()
	if len(withdrawn) == 0 {
		return r.neverKnown()
	}
	return withdrawn[0], nil
}

// Stranger returns a key that is not the tenant's, always the same one.
func (r *Ring) Stranger() (*Key, error) { return r.stranger() }

// SetMode changes what the keys' address answers with, for so many answers; 0
// is for good.
func (r *Ring) SetMode(mode Mode, times int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mode, r.answers, r.limit = mode, 0, times
}

// Mode returns the mode in force, for how many answers it was set, and how many
// it has had. A mode that has had all of its answers is Whole.
func (r *Ring) Mode() (mode Mode, times, answered int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.limit > 0 && r.answers >= r.limit {
		return Whole, 0, 0
	}
	return r.mode, r.limit, r.answers
}

// State is one key that still exists.
type State struct {
	KeyID string `json:"kid"`
	// Published: the key is in the tenant's set. Signs: new tokens are signed with
	// it.
	Published bool `json:"published"`
	Signs     bool `json:"signs"`
}

// State lists all keys that still exist, the signing one first.
func (r *Ring) State() (keys []State) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for n, key := range r.keys {
		keys = append(keys, State{KeyID: key.ID, Published: true, Signs: n == 0})
	}
	for _, key := range r.withdrawn {
		keys = append(keys, State{KeyID: key.ID})
	}
	return keys
}
