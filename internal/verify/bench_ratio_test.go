package verify_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"m2m/internal/explain"
	"m2m/internal/jwks/issuertest"
	"m2m/internal/verify"
)

// BenchmarkOverRSA tells what strict verification costs in signatures: x-rsa is
// the median ratio of Verify to rsa.VerifyPKCS1v15 alone on the same token. The
// two take turns, some 40 ms each, so that whatever else the machine
// does meets both alike; -benchtime 100000x is a good length. The bar is 1.25.
func BenchmarkOverRSA(b *testing.B) {
	v, token := verifier(b, policy(), issuertest.Keys(b)), issuertest.Valid()
	b.Run("Verify", func(b *testing.B) {
		overRSA(b, func() bool { _, err := v.Verify(b.Context(), token); return err == nil })
	})
	b.Run("Judge", func(b *testing.B) {
		overRSA(b, func() bool { return explain.Report(v.Report(b.Context(), token)).Verdict == verify.Valid })
	})
	parse := parseOf()
	b.Run("Parse", func(b *testing.B) {
		overRSA(b, func() bool { _, err := parse(token); return err == nil })
	})
}

func overRSA(b *testing.B, believed func() bool) {
	bare := bareRSA(issuertest.Valid())
	ratios := []float64{}
	for range max(1, b.N/1000) {
		alone := timed(b, bare)
		ratios = append(ratios, float64(timed(b, believed))/float64(alone))
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "x-rsa")
	b.ReportMetric(0, "ns/op") // of both together: it says nothing
}

func timed(b *testing.B, believed func() bool) time.Duration {
	start := time.Now()
	for range 1000 {
		if !believed() {
			b.Fatal("not believed")
		}
	}
	return time.Since(start)
}

// bareRSA verifies the signature of a token and nothing else, not even its hash.
func bareRSA(token string) func() bool {
	i := strings.LastIndexByte(token, '.')
	signature, _ := base64.RawURLEncoding.DecodeString(token[i+1:])
	sum := sha256.Sum256([]byte(token[:i]))
	public := &issuertest.Pairs()[0].Private.PublicKey
	return func() bool { return rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], signature) == nil }
}
