package token

import (
	"context"
	"fmt"
	"time"

	"m2m/internal/entra"
)

// Credential proves an application's identity. Its String names it for a
// trace, without revealing it. The kinds are made by NewClientSecret,
// LoadCertificate, NewFederatedFile, NewGitHub and NewManagedIdentity.
type Credential interface {
	fmt.Stringer
	// Kind is the credential's kind in words: "client secret".
	Kind() string

	// check says what is wrong with the request and this credential before
	// anything is sent.
	check(r Request, now time.Time) error
	// lasting returns the secret that cache entries are sealed with; empty if
	// the credential has none that outlives the process.
	lasting() entra.Secret
	// provider names who is asked, for a trace.
	provider(r Request) string
	// acquire asks the identity provider.
	acquire(ctx context.Context, c *Client, r Request) (Token, error)
}
