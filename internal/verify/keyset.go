package verify

import (
	"context"

	"m2m/internal/entra"
)

// KeySetOptions say whose keys a [KeySet] holds. With none of them the issuer
// check is unknown and nothing is believed.
type KeySetOptions struct {
	// Issuer is the exact iss; {tenantid} in it stands for the token's tid.
	Issuer string
	// Authority gives the issuers of v1.0 and v2.0 tokens of an Entra tenant.
	Authority entra.Authority
	// AnyIssuer switches the issuer check off. It costs: whoever holds one of
	// these keys can speak for every issuer.
	AnyIssuer bool
}

// KeySet is a [KeySource] of keys that are given once, as from a file.
type KeySet struct{}

// NewKeySet reads a JSON Web Key Set (RFC 7517). Keys that are not usable are
// skipped; if none is left the error says why.
func NewKeySet(jwks []byte, o KeySetOptions) (*KeySet, error) { panic("TODO") }

// Lookup implements [KeySource].
func (s *KeySet) Lookup(_ context.Context, v entra.Version, kid string) (*Key, Issuer, error) {
	panic("TODO")
}

// Admits implements [KeySource].
func (s *KeySet) Admits(v entra.Version, issuer string) bool { panic("TODO") }

// Vouches implements [KeySource].
func (s *KeySet) Vouches(_ entra.Version, k *Key) bool { panic("TODO") }
