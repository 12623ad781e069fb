//go:build !msal

package token

import (
	"context"
	"errors"
	"time"

	"m2m/internal/entra"
)

// absent stands in for every credential in a build without MSAL, which is what
// a checkout gets until go.sum lists the modules that MSAL needs
// (github.com/google/uuid, github.com/kylelemons/godebug). It goes away then,
// and the build tag msal with it.
type absent struct{ kind string }

var errAbsent = errors.New("this build has no MSAL: build with -tags msal")

func (a absent) Kind() string                       { return a.kind }
func (a absent) String() string                     { return a.kind }
func (a absent) provider(Request) string            { return "nobody" }
func (a absent) lasting() entra.Secret              { return entra.Secret{} }
func (a absent) check(r Request, _ time.Time) error { return checkApplication(r) }
func (a absent) acquire(context.Context, *Client, Request) (Token, error) {
	return Token{}, errAbsent
}

// NewClientSecret returns the credential that is a client secret.
func NewClientSecret(entra.Secret) Credential { return absent{"client secret"} }

// LoadCertificate reads a certificate and its private key.
func LoadCertificate(string, entra.Secret, bool) (Credential, error) {
	return absent{"certificate"}, nil
}

// NewFederatedFile returns the credential that is a token of another issuer.
func NewFederatedFile(string) Credential { return absent{"federated token"} }

// NewManagedIdentity returns the credential that is a managed identity.
func NewManagedIdentity(string) Credential { return absent{"managed identity"} }

// NewGitHub returns the credential that is a job's identity in GitHub Actions.
func NewGitHub(GitHub) Credential { return absent{"GitHub Actions identity"} }

// GitHub is what GitHub Actions gives a job.
type GitHub struct {
	RequestURL   string
	RequestToken entra.Secret
	Audience     string
}
