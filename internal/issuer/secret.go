package issuer

import (
	"crypto/sha256"
	"crypto/subtle"
	"time"

	"m2m/internal/entra"
	"m2m/internal/tenant/refusal"
)

// secretAlphabet is what Entra's secrets are made of.
const secretAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

// NewClientSecret makes a secret of the form that Entra issues: 40 characters,
// three of them before "8Q~", such as abc8Q~…. It never has the form of a GUID,
// and begins with a letter or digit, so that no shell or option parser minds.
func NewClientSecret() entra.Secret {
	const plain = len(secretAlphabet) - len("-._~")
	head := randomText(3, secretAlphabet[:plain])
	return entra.NewSecret(head + "8Q~" + randomText(34, secretAlphabet))
}

func randomText(n int, alphabet string) string {
	text := make([]byte, n)
	for i := range text {
		text[i] = alphabet[randomBelow(int64(len(alphabet)))]
	}
	return string(text)
}

// checkSecret says whether value is one of the client's secrets at a moment.
// It compares digests, all of them, so that the time it takes tells neither
// how much of a guess was right nor which secret it resembled.
func (c *Client) checkSecret(value string, now time.Time) *refusal.Refusal {
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
