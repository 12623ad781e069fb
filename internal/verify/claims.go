package verify

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"m2m/internal/entra"
)

// traits are what the rules and the diagnosis need to know beyond what Token
// shows: presence, and the claims that tell one kind of token from another.
type traits struct {
	typ                 string
	typSet              bool
	crit, b64, cty, zip bool
	headerNonce         bool
	alg, kid            bool // present
	ver                 string
	audSet              bool
	idtyp               string
	azp, appid          string
	nonce, userName     bool
	iat, nbf, exp       jwt.NumericDate // as the Validator takes them
	plain               bool            // of the policy's PlainIssuer, and not in Entra's form
}

// headerNames and claimNames are the names that decide something; a name that
// differs from one of them by case alone is refused.
func headerNames() []string {
	return []string{"alg", "kid", "typ", "crit", "b64", "cty", "zip", "nonce"}
}

func claimNames() []string {
	return []string{
		"iss", "aud", "tid", "ver", "iat", "nbf", "exp", "azp", "appid", "scp", "roles", "idtyp", "oid", "sub", "nonce",
		"client_id", "cid", "scope", "typ", // of plain issuers
	}
}

func (t *Token) readHeader(r *reader, data []byte) *Fault {
	header, err := r.object(data, headerNames)
	t.Header = header
	if err != nil {
		return &Fault{err, "in the header"}
	}
	for m := range header.All() {
		if err := t.readHeaderMember(m); err != nil {
			return &Fault{err, fmt.Sprintf("%q in the header", bound(m.Name))}
		}
	}
	return nil
}

// readHeaderMember never looks at jwk, jku, x5u, x5c or x5t: a token must not
// bring its own key (RFC 8725 section 3.10).
func (t *Token) readHeaderMember(m Member) error {
	x := &t.extra
	switch m.Name {
	case "alg":
		x.alg = true
		return readString(m.Raw, &t.Algorithm)
	case "kid":
		x.kid = true
		return readString(m.Raw, &t.KeyID)
	case "typ":
		x.typSet = true
		return readString(m.Raw, &x.typ)
	case "crit":
		x.crit = true
	case "b64":
		x.b64 = true
	case "cty":
		x.cty = true
	case "zip":
		x.zip = true
	case "nonce":
		x.headerNonce = true
	}
	return nil
}

func (t *Token) readClaims(r *reader, data []byte) *Fault {
	claims, err := r.object(data, claimNames)
	t.Claims = claims
	if err != nil {
		return &Fault{err, "in the claims"}
	}
	t.extra.plain = plain(claims, r.plainIssuer)
	for m := range claims.All() {
		if err := t.readClaim(m); err != nil && !(t.extra.plain && ofOwnForm(m.Name)) {
			return &Fault{err, fmt.Sprintf("%q in the claims", bound(m.Name))}
		}
	}
	t.settle()
	return nil
}

func (t *Token) readClaim(m Member) error {
	x := &t.extra
	switch m.Name {
	case "iss":
		return readString(m.Raw, &t.Issuer)
	case "aud":
		x.audSet = true
		t.Audience, _ = unquote(m.Raw) // the audience check refuses all but a string
	case "tid":
		return readString(m.Raw, &t.TenantID)
	case "ver":
		return readString(m.Raw, &x.ver)
	case "azp":
		return readString(m.Raw, &x.azp)
	case "appid":
		return readString(m.Raw, &x.appid)
	case "oid":
		return readString(m.Raw, &t.ObjectID)
	case "sub":
		return readString(m.Raw, &t.Subject)
	case "idtyp":
		return readString(m.Raw, &x.idtyp)
	case "scp":
		return t.readScopes(m.Raw)
	case "roles":
		return readStrings(m.Raw, &t.Roles)
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

// settle derives what follows from several claims together.
func (t *Token) settle() {
	switch t.extra.ver {
	case "1.0":
		t.Version, t.ClientID = entra.V1, t.extra.appid
	case "2.0":
		t.Version, t.ClientID = entra.V2, t.extra.azp
	}
	t.Kind = t.kind()
}

// kind follows learn.microsoft.com/entra/identity-platform/claims-validation:
// idtyp says app where the API asked for that claim; otherwise an app-only
// token has no scp, and its oid equals its sub. An ID token never names the
// calling app in azp or appid, which is what tells it from an access token
// where one registration is both client and API.
func (t *Token) kind() Kind {
	x := &t.extra
	client := x.azp != "" || x.appid != ""
	switch {
	case !client && (x.nonce || x.userName):
		return ID
	case !client:
		return Other
	case t.Scopes != nil && x.idtyp != "app":
		return User
	case t.Scopes != nil:
		return Other
	case x.idtyp == "app", x.idtyp == "" && t.ObjectID != "" && t.ObjectID == t.Subject:
		return App
	}
	return Other
}

func (t *Token) readScopes(raw string) error {
	var scp string
	if err := readString(raw, &scp); err != nil {
		return err
	}
	t.Scopes = []string{}
	for scope := range strings.SplitSeq(scp, " ") {
		if scope != "" {
			t.Scopes = append(t.Scopes, scope)
		}
	}
	return nil
}

func readString(raw string, to *string) error {
	value, ok := unquote(raw)
	if !ok {
		return ErrMemberType
	}
	*to = value
	return nil
}

// readDate takes digits only. RFC 7519 allows fractions and exponents, but
// Entra sends neither, and a float that is cast to an integer overflows
// differently on every processor.
func readDate(raw string, to *time.Time, date *jwt.NumericDate) error {
	const last = 253402300799 // 9999-12-31T23:59:59Z
	if raw[0] == '"' || raw[0] == '{' || raw[0] == '[' {
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
