package verify

import (
	"time"

	gojwt "github.com/golang-jwt/jwt/v5"

	"m2m/internal/entra"
)

// Kind is what a token is, judged by its claims alone.
type Kind string

// The kinds of token that Entra issues.
const (
	App   Kind = "app"   // an access token that an app got for itself
	User  Kind = "user"  // an access token that an app got for a user
	ID    Kind = "id"    // an ID token: for the client that asked, never for an API
	Other Kind = "other" // none of these
)

// Token is what a token says of itself. It is read-only: a believed token may
// be shared through the cache. It does not hold the token's text.
type Token struct {
	// Header and Claims are all that the token has, in its order.
	Header, Claims Object

	// Has says which members are there, whatever their values are.
	Has Members

	Version      entra.Version // the ver claim; empty if absent or neither 1.0 nor 2.0
	VersionClaim string        // the ver claim as it is written; empty if absent
	Kind         Kind

	// Plain says that Reader.PlainIssuer issued the token, and not in one of
	// Entra's versions: ClientID, Scopes and Kind are then those of RFC 9068.
	Plain bool

	IssuedAt, NotBefore, ExpiresAt time.Time // zero if absent

	KeyID     string // kid
	Algorithm string // alg
	Type      string // typ of the header

	Issuer   string
	Audience string // empty unless aud is one string
	TenantID string
	ClientID string // azp of a v2.0 token, appid of a v1.0 token
	ObjectID string // oid: the service principal's object ID
	Subject  string

	// Roles and Scopes are nil if the claim is absent.
	Roles  []string
	Scopes []string

	kindClaims
}

// Dates shows iat, nbf and exp to the Validator of golang-jwt.
func (t *Token) Dates() gojwt.Claims { return (*dates)(t) }

type dates Token

func (d *dates) GetExpirationTime() (*gojwt.NumericDate, error) { return &d.exp, nil }
func (d *dates) GetIssuedAt() (*gojwt.NumericDate, error)       { return &d.iat, nil }
func (d *dates) GetNotBefore() (*gojwt.NumericDate, error)      { return &d.nbf, nil }
func (d *dates) GetIssuer() (string, error)                     { return d.Issuer, nil }
func (d *dates) GetSubject() (string, error)                    { return d.Subject, nil }
func (d *dates) GetAudience() (gojwt.ClaimStrings, error)       { return gojwt.ClaimStrings{d.Audience}, nil }

// Claim returns the raw JSON of a claim by its exact name.
func (t *Token) Claim(name string) (raw string, ok bool) { return t.Claims.Get(name) }

// Decode reads a token without judging it: nothing it returns is to be
// believed. The error is a *Fault. With an error the
// token holds what could be read all the same, or is nil if nothing could.
func Decode(token string) (*Token, error) {
	p, fault := new(reader).parse(token)
	if fault != nil {
		return p.token, fault
	}
	return p.token, nil
}
