package verify

import (
	"context"
	"time"
)

// askAgain asks once more for a key that the fetch numbered seen lacked. Entra's
// front ends disagree while a key is added, and one answer of one of them is too
// little to refuse a good token by. All who miss a key at one time wait for the
// same second answer. It leaves an attempt for the next key ID: a stranger's
// must not use them all up.
func (f *feed) askAgain(ctx context.Context, kid string, seen uint64) error {
	if fl := f.second(ctx, seen); fl != nil {
		if err := fl.wait(ctx); err != nil {
			return err
		}
	}
	if f.lacks(kid) {
		f.remember(kid)
	}
	return nil
}

// second returns the fetch after the one numbered seen; nil if that has ended
// well already, or if there is none to spare.
func (f *feed) second(ctx context.Context, seen uint64) *flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.flight != nil || f.fetches > seen && f.lastErr == nil {
		return f.flight
	}
	now := f.now()
	if !f.budget.spare(now) {
		return nil
	}
	f.budget.take(now, false)
	return f.launch(ctx)
}

// lacks reports whether there are keys and none of that ID.
func (f *feed) lacks(kid string) bool {
	s := f.snapshot()
	return s != nil && f.find(s, kid) == nil
}

// remember notes an ID that good answers did not hold.
func (f *feed) remember(kid string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.misses == nil || len(f.misses) >= missLimit {
		f.misses = make(map[string]time.Time)
	}
	f.misses[kid] = f.now()
}
