package jwks

import "time"

// How often strangers' key IDs may make us call the issuer. 100 forged tokens
// cost at most 3 fetches at once and one for every 30 s after that; three, so
// that one forger cannot hide a new key from an honest caller.
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

// take asks for one attempt. While there are no usable keys (cold) nobody can
// be believed, so attempts follow each other faster. wait is how long until the
// next one is allowed.
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

// since is the time from the last attempt. Where the clock went back it begins
// anew: a wait until the clock is there again could take days.
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
