package issuer

import (
	"crypto/sha256"
	"crypto/subtle"
	"time"

	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/refusal"
)

// checkSecret says whether value is one of the client's secrets at a moment.
// It compares digests, all of them, so that the time it takes tells neither
// how much of a guess was right nor which secret it resembled.
func checkSecret(c *directory.Client, value string, now time.Time) *refusal.Refusal {
	sent := sha256.Sum256([]byte(value))
	var matched, current int
	for _, s := range c.Secrets {
		want := sha256.Sum256([]byte(s.Value.Reveal()))
		same := subtle.ConstantTimeCompare(sent[:], want[:])
		matched |= same
		if s.Expires.IsZero() || now.Before(s.Expires) {
			current |= same
		}
	}
	switch {
	case current == 1:
		return nil
	case matched == 1:
		return refusal.ExpiredSecret.With(c.ID)
	}
	return refusal.WrongSecret.With(c.ID)
}
