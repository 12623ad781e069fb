package serve_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"m2m/internal/entra"
	"m2m/internal/jwks"
	"m2m/internal/serve"
)

// unreachableKeys is a source of keys that cannot be reached.
type unreachableKeys struct {
	jwks.Source
	err error
}

func (s unreachableKeys) Lookup(context.Context, entra.Version, string, string) (*jwks.Key, jwks.Issuer, error) {
	return nil, jwks.Issuer{}, &jwks.UnreachableError{RetryAfter: time.Second, Err: s.err}
}

// TestCauseIsNotCut: what is wrong often stands at the end of an error, after long
// addresses; the log has it whole.
func TestCauseIsNotCut(t *testing.T) {
	cause := "dial tcp: lookup " + strings.Repeat("a.long.name.", 20) + "example on 10.0.0.10:53: no such host"
	s := raise(t, serve.Config{Verifier: newVerifier(t, demoPolicy(), unreachableKeys{staticKeys(t), errors.New(cause)})})
	if got := s.get(t, s.token(t, appClaims(nil))); got.status != http.StatusServiceUnavailable {
		t.Fatalf("%d, want 503", got.status)
	}
	lines := s.log.lines(t, "request rejected")
	if len(lines) != 1 || !strings.HasSuffix(lines[0]["cause"].(string), "no such host") {
		t.Errorf("log lines %v, want one whose cause ends with %q", lines, "no such host")
	}
}
