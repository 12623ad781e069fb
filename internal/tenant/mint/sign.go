package mint

import (
	"encoding/base64"
	"encoding/json"
	"time"

	"m2m/internal/entra"
	"m2m/internal/jsonobject"
	"m2m/internal/tenant/keyring"
	"m2m/internal/text"
)

// Token is a token that a client asked for.
type Token struct {
	Value entra.Secret
	// NotBefore and Expires are its times, in seconds since 1970.
	NotBefore, Expires int64
}

// Issue makes the token that Entra would give an authenticated client. The
// registration of the API decides the version, not the endpoint.
func (m Maker) Issue(s Subject, now time.Time, lifetime time.Duration) (Token, error) {
	s.times = newTimeClaims(now, lifetime)
	asked := Request{Key: CurrentKey, Algorithm: "RS256"}
	payload, err := json.Marshal(m.claims(AppToken, asked.version(s), s))
	if err != nil {
		return Token{}, err
	}
	value, err := m.compact(asked, s, payload)
	return Token{entra.NewSecret(value), s.times.NotBefore, s.times.Expires}, err
}

// claims returns the claims of a token before any change.
func (m Maker) claims(kind Kind, version entra.Version, s Subject) any {
	switch {
	case s.API == nil:
		return m.claimsGraph(s)
	case kind == UserToken:
		return m.claimsUser(version, s)
	case kind == IDToken:
		return m.claimsID(version, s)
	case version == entra.V1:
		return m.claimsV1(s)
	}
	return m.claimsV2(s)
}

// stsOrigin begins the issuer of v1.0 tokens, in every tenant of the public cloud.
const stsOrigin = "https://sts.windows.net"

// IssuerOf returns the iss of a tenant's tokens.
func (m Maker) IssuerOf(v entra.Version, tenant string) string {
	if v == entra.V1 {
		return stsOrigin + "/" + tenant + "/"
	}
	return m.Origin + "/" + tenant + "/v2.0"
}

// Key is the key that signs a minted token.
type Key string

// The keys. OtherKey was never the tenant's, but the header names the current
// one; WithdrawnKey is no longer in the tenant's set, by its own name;
// EmbeddedKey is in the header as jwk (RFC 7515, 4.1.3), for APIs that accept
// such a key.
const (
	CurrentKey   Key = "current"
	OtherKey     Key = "other"
	WithdrawnKey Key = "withdrawn"
	EmbeddedKey  Key = "embedded"
)

// key returns the key that signs, and the ID that the header gives it.
func (m Maker) key(which Key) (key *keyring.Key, id string, err error) {
	switch which {
	case OtherKey:
		current, err := m.Keys.Current()
		if err != nil {
			return nil, "", err
		}
		key, err := m.Keys.Stranger()
		return key, current.ID, err
	case EmbeddedKey:
		key, err = m.Keys.Stranger()
	case WithdrawnKey:
		key, err = m.Keys.Withdrawn()
	default:
		key, err = m.Keys.Current()
	}
	if err != nil {
		return nil, "", err
	}
	return key, key.ID, nil
}

// header is a token's header (RFC 7515, 4.1) in Entra's order. v1.0 has x5t;
// Graph has a nonce too.
type header struct {
	Type       string       `json:"typ"`
	Nonce      string       `json:"nonce,omitempty"`
	Algorithm  string       `json:"alg"`
	Thumbprint string       `json:"x5t,omitempty"`
	KeyID      string       `json:"kid"`
	Key        *embeddedKey `json:"jwk,omitempty"`
}

// embeddedKey is a public key in a header.
type embeddedKey struct {
	KeyType  string `json:"kty"`
	Use      string `json:"use"`
	KeyID    string `json:"kid"`
	Modulus  string `json:"n"`
	Exponent string `json:"e"`
}

// compact signs a payload and returns the compact form (RFC 7515, 7.1). With a
// nonce it signs another header than it shows, as Entra does for Graph: only
// Graph can verify such a token.
func (m Maker) compact(r Request, s Subject, payload []byte) (string, error) {
	key, id, err := m.key(r.Key)
	if err != nil {
		return "", err
	}
	h := header{Type: "JWT", Algorithm: r.Algorithm, KeyID: id}
	if r.version(s) == entra.V1 {
		h.Thumbprint = id
	}
	if r.Key == EmbeddedKey {
		public := key.Public()
		h.Key = &embeddedKey{public.KeyType, public.Use, public.KeyID, public.Modulus, public.Exponent}
	}
	signed := h
	if h.Nonce = r.Nonce; h.Nonce == "" && s.API == nil {
		h.Nonce = Opaque(32)
	}
	if h.Nonce != "" {
		signed.Nonce = Opaque(32)
	}
	shownHead, err := r.header(h)
	if err != nil {
		return "", err
	}
	signedHead, err := r.header(signed)
	if err != nil {
		return "", err
	}
	body := base64.RawURLEncoding.EncodeToString(payload)
	signature, err := key.Sign(r.Algorithm, []byte(signedHead+"."+body))
	if err != nil {
		return "", err
	}
	return shownHead + "." + body + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// header returns a header with the changes that were asked for, encoded.
func (r *Request) header(h header) (string, error) {
	members, err := json.Marshal(h)
	if err == nil {
		members, err = edit(members, r.Header, r.WithoutHeader, "header")
	}
	return base64.RawURLEncoding.EncodeToString(members), err
}

// edit changes the members of a JSON object, or adds them at the end, and leaves
// some out. The order of the others stays: some readers of tokens fail on another
// order alone. what names a member in errors.
func edit(given, changes []byte, without []string, what string) ([]byte, error) {
	if changes == nil && without == nil {
		return given, nil
	}
	object, err := jsonobject.ParseUnique(given)
	if err != nil {
		return nil, err
	}
	if changes != nil {
		changed, err := jsonobject.ParseUnique(changes)
		if err != nil {
			return nil, wrong("", "the changed %ss are not a JSON object: %s", what, text.OneLine(err.Error(), 128))
		}
		for _, m := range changed {
			object = object.With(m.Name, m.Value)
		}
	}
	for _, name := range without {
		if !object.Has(name) {
			return nil, wrong("names of "+what+"s are compared exactly", "the token has no %s %s that could be left out", what, text.Quote(name))
		}
		object = object.Without(name)
	}
	return []byte(object.String()), nil
}
