package directory

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"math/big"

	"m2m/internal/entra"
)

// NewGUID makes a random GUID (RFC 9562, version 4), as object and trace IDs are.
func NewGUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the program instead
	return formatGUID(b, 4)
}

// ObjectID returns the object ID of a client that has none in its file, always
// the same in one tenant (RFC 9562, version 8).
func ObjectID(tenant, client string) string {
	digest := sha256.Sum256(fmt.Appendf(nil, "%q", []string{tenant, client}))
	return formatGUID([16]byte(digest[:16]), 8)
}

func formatGUID(b [16]byte, version byte) string {
	b[6] = b[6]&0x0f | version<<4
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// randomBelow returns a random number in [0, n). n is positive.
func randomBelow(n int64) int64 {
	v, err := rand.Int(rand.Reader, big.NewInt(n))
	if err != nil {
		return 0 // rand.Reader does not fail
	}
	return v.Int64()
}

// SecretAlphabet is what Entra's secrets are made of.
const SecretAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

// NewClientSecret makes a secret of the form that Entra issues: 40 characters,
// three of them before "8Q~", such as abc8Q~…. It never has the form of a GUID,
// and begins with a letter or digit, so that no shell or option parser gives it a meaning.
func NewClientSecret() entra.Secret {
	const plain = len(SecretAlphabet) - len("-._~")
	head := randomText(3, SecretAlphabet[:plain])
	return entra.NewSecret(head + "8Q~" + randomText(34, SecretAlphabet))
}

func randomText(n int, alphabet string) string {
	text := make([]byte, n)
	for i := range text {
		text[i] = alphabet[randomBelow(int64(len(alphabet)))]
	}
	return string(text)
}
