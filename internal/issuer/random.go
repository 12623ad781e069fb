package issuer

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/big"
)

// newGUID makes a random GUID (RFC 9562, version 4), as trace IDs are.
func newGUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the program instead
	return formatGUID(b, 4)
}

// derivedGUID makes a GUID that is always the same for the same names
// (RFC 9562, version 8).
func derivedGUID(names ...string) string {
	digest := sha256.Sum256(fmt.Appendf(nil, "%q", names))
	return formatGUID([16]byte(digest[:16]), 8)
}

func formatGUID(b [16]byte, version byte) string {
	b[6] = b[6]&0x0f | version<<4
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// opaque returns n random bytes in base64url: the form of the claims that are
// Microsoft's own bookkeeping.
func opaque(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// randomBelow returns a random number in [0, n). n is positive.
func randomBelow(n int64) int64 {
	v, err := rand.Int(rand.Reader, big.NewInt(n))
	if err != nil {
		return 0 // rand.Reader does not fail
	}
	return v.Int64()
}
