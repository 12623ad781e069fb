package jwt

import (
	"strconv"
	"strings"
	"time"

	gojwt "github.com/golang-jwt/jwt/v5"

	"m2m/internal/entra"
)

// Members says which members a token has, whatever their values are.
type Members struct {
	Alg, Typ, Crit, B64, Cty, Zip, Nonce bool // of the header
	Aud, Cnf                             bool // of the claims
}

// kindClaims are the claims that tell one kind of token from another, and the
// dates in the form that golang-jwt's Validator takes.
type kindClaims struct {
	idtyp           string
	azp, appid      string
	nonce, userName bool
	iat, nbf, exp   gojwt.NumericDate
}

// headerNames and claimNames are the names that decide something; a name that
// differs from one of them by case alone is a fault.
func headerNames() []string {
	return []string{"alg", "kid", "typ", "crit", "b64", "cty", "zip", "nonce"}
}

func claimNames() []string {
	return []string{
		"iss", "aud", "tid", "ver", "iat", "nbf", "exp", "azp", "appid", "scp", "roles", "idtyp", "oid", "sub", "nonce",
		"client_id", "cid", "scope", "typ", // of plain issuers
	}
}

func (t *Token) readHeader(r *Reader, data []byte) *Fault {
	header, err := r.object(data, headerNames)
	t.Header = header
	if err != nil {
		return malformed(err, r.detail+"in the header")
	}
	for m := range header.All() {
		if err := t.readHeaderMember(m); err != nil {
			t.Mistyped = append(t.Mistyped, mistyped(m, err, true))
		}
	}
	return faultOf(t.Mistyped)
}

// readHeaderMember never looks at jwk, jku, x5u, x5c or x5t: a token must not
// bring its own key (RFC 8725 section 3.10).
func (t *Token) readHeaderMember(m Member) error {
	switch m.Name {
	case "alg":
		t.Has.Alg = true
		return ReadString(m.Raw, &t.Algorithm)
	case "kid":
		return ReadString(m.Raw, &t.KeyID)
	case "typ":
		t.Has.Typ = true
		return ReadString(m.Raw, &t.Type)
	case "crit":
		t.Has.Crit = true
	case "b64":
		t.Has.B64 = true
	case "cty":
		t.Has.Cty = true
	case "zip":
		t.Has.Zip = true
	case "nonce":
		t.Has.Nonce = true
	}
	return nil
}

func (t *Token) readClaims(r *Reader, data []byte) *Fault {
	claims, err := r.object(data, claimNames)
	t.Claims = claims
	if err != nil {
		t.Unread = true
		return malformed(err, r.detail+"in the claims")
	}
	t.Plain = isPlain(claims)
	headers := len(t.Mistyped)
	for m := range claims.All() {
		if err := t.readClaim(m); err != nil && !(t.Plain && ofOwnForm(m.Name)) {
			t.Mistyped = append(t.Mistyped, mistyped(m, err, false))
		}
	}
	t.derive()
	if t.Plain {
		t.derivePlain()
	}
	return faultOf(t.Mistyped[headers:])
}

func (t *Token) readClaim(m Member) error {
	x := &t.kindClaims
	switch m.Name {
	case "iss":
		return ReadString(m.Raw, &t.Issuer)
	case "aud":
		t.Has.Aud = true
		return t.readAudience(m.Raw)
	case "cnf":
		t.Has.Cnf = true
	case "tid":
		return ReadString(m.Raw, &t.TenantID)
	case "ver":
		return ReadString(m.Raw, &t.VersionClaim)
	case "azp":
		return ReadString(m.Raw, &x.azp)
	case "appid":
		return ReadString(m.Raw, &x.appid)
	case "oid":
		return ReadString(m.Raw, &t.ObjectID)
	case "sub":
		return ReadString(m.Raw, &t.Subject)
	case "idtyp":
		return ReadString(m.Raw, &x.idtyp)
	case "scp":
		return t.readScopes(m.Raw)
	case "roles":
		return ReadStrings(m.Raw, &t.Roles)
	case "iat":
		return readDate(m.Raw, &t.IssuedAt, &x.iat)
	case "nbf":
		return readDate(m.Raw, &t.NotBefore, &x.nbf)
	case "exp":
		return readDate(m.Raw, &t.ExpiresAt, &x.exp)
	case "nonce", "at_hash", "c_hash":
		x.nonce = true
	case "preferred_username", "upn", "unique_name", "name":
		x.userName = true
	}
	return nil
}

// derive fills in what depends on several claims.
func (t *Token) derive() {
	switch t.VersionClaim {
	case "1.0":
		t.Version, t.ClientID = entra.V1, t.kindClaims.appid
	case "2.0":
		t.Version, t.ClientID = entra.V2, t.kindClaims.azp
	}
	t.Kind = t.kind()
}

// kind follows learn.microsoft.com/entra/identity-platform/claims-validation:
// idtyp decides where the API asked for that claim; otherwise a token with scopes
// is a user's, and one whose oid equals its sub an app's. An agent's own token may
// have an scp that is empty or "/". An ID token never names the calling app in azp
// or appid, which is what tells it from an access token where one registration is
// both client and API.
func (t *Token) kind() Kind {
	x := &t.kindClaims
	client := x.azp != "" || x.appid != ""
	switch {
	case !client && (x.nonce || x.userName):
		return ID
	case !client:
		return Other
	case x.idtyp == "user":
		return User
	case x.idtyp == "app" && len(t.Scopes) > 0:
		return Other
	case x.idtyp == "" && len(t.Scopes) > 0:
		return User
	case x.idtyp == "app", x.idtyp == "" && t.ObjectID != "" && t.ObjectID == t.Subject:
		return App
	}
	return Other
}

func (t *Token) readScopes(raw string) error {
	var scp string
	if err := ReadString(raw, &scp); err != nil {
		return err
	}
	t.Scopes = []string{}
	if scp == "/" { // of an agent's own token: no scope
		return nil
	}
	for scope := range strings.SplitSeq(scp, " ") {
		if scope != "" {
			t.Scopes = append(t.Scopes, scope)
		}
	}
	return nil
}

func ReadString(raw string, to *string) error {
	value, ok := Unquote(raw)
	if !ok {
		return ErrMemberType
	}
	*to = value
	return nil
}

func (t *Token) readAudience(raw string) error {
	var ok bool
	if t.Audience, ok = Unquote(raw); ok {
		return nil
	}
	t.audiences = nil
	return ReadStrings(raw, &t.audiences)
}

// readDate takes digits only. RFC 7519 allows fractions and exponents, but
// Entra sends neither, and a float that is cast to an integer overflows
// differently on every processor.
func readDate(raw string, to *time.Time, date *gojwt.NumericDate) error {
	const last = 253402300799 // 9999-12-31T23:59:59Z
	if c := raw[0]; c != '-' && (c < '0' || c > '9') {
		return ErrMemberType
	}
	n, err := strconv.ParseInt(raw, 10, 64)
	if err != nil || n < 1 || n > last {
		return ErrDate
	}
	*to = time.Unix(n, 0).UTC()
	date.Time = *to
	return nil
}

// Kind is what a token is by its claims alone.
type Kind string

// The kinds of token that Entra issues.
const (
	App   Kind = "app"   // an access token that an app got for itself
	User  Kind = "user"  // an access token that an app got for a user
	ID    Kind = "id"    // an ID token: for the client that asked, never for an API
	Other Kind = "other" // none of these
)

// Token is what a token says of itself. It is read-only: a token may be
// shared through a cache. It does not hold the token's text.
type Token struct {
	// Header and Claims are all that the token has, in its order.
	Header, Claims Object

	// Has says which members are there, whatever their values are.
	Has Members

	Version      entra.Version // the ver claim; empty if absent or neither 1.0 nor 2.0
	VersionClaim string        // the ver claim as it is written; empty if absent
	Kind         Kind

	// Plain says that the token is not of Entra's form: neither its iss is, nor does
	// it have tid, ver and client as Entra writes them. ClientID, Scopes and Kind are
	// then those of RFC 9068, and ver, scp and roles may have any type.
	Plain bool

	// Mistyped lists the values of a wrong type. What they would say is not read.
	Mistyped []Mistyped
	// Unread says that the claims could not be read to their end: what is not there
	// may have been behind it.
	Unread bool

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
	audiences []string // of an aud that is a list
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

// Decode reads a token without verifying it: nothing that it returns is proven. The
// error is a *Fault; the token then holds what could be read all the same, or is
// nil.
func Decode(token string) (*Token, error) {
	p, fault := new(Reader).Parse(token)
	if fault != nil {
		return p.Token, fault
	}
	return p.Token, nil
}
