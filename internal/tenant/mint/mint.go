package mint

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"m2m/internal/entra"
	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/keyring"
	"m2m/internal/text"
)

// Maker makes tokens of the tenants of a directory.
type Maker struct {
	Directory *directory.Directory
	Keys      *keyring.Ring
	// Origin begins the issuer of v2.0 tokens.
	Origin string
	// Now is the tenants' clock.
	Now func() time.Time
}

// Request describes a token, however wrong. The zero
// value is the token that the tenant's first client gets for its first API.
type Request struct {
	// Tenant is an ID or a domain name; empty means the first.
	Tenant string `json:"tenant,omitempty"`
	// Client is the ID or the display name of a client; empty means the tenant's
	// first.
	Client string `json:"client,omitempty"`
	// API is the ID of an API or one of its App ID URIs; empty means the
	// tenant's first.
	API string `json:"api,omitempty"`
	// Kind is whose token it is; empty means AppToken.
	Kind Kind `json:"kind,omitempty"`
	// Version overrides the one that the API's registration asks for.
	Version entra.Version `json:"version,omitempty"`
	// Time is when the token is valid; empty means now.
	Time Time `json:"time,omitempty"`
	// Claims is a JSON object whose members replace those of the token, or join
	// them; Without names claims that are left out.
	Claims  jsontext.Value `json:"claims,omitempty"`
	Without []string       `json:"without,omitempty"`
	// Header and WithoutHeader are the same for the header.
	Header        jsontext.Value `json:"header,omitempty"`
	WithoutHeader []string       `json:"without_header,omitempty"`
	// Payload, if not empty, is signed as it is instead of the claims. It need not
	// be JSON. PayloadBytes, if not nil, is the same for what is not text.
	Payload      string `json:"payload,omitempty"`
	PayloadBytes []byte `json:"payload_base64,omitzero"`
	// Key is the key that signs; empty means CurrentKey.
	Key Key `json:"key,omitempty"`
	// Algorithm is one of keyring.Algorithms; empty means RS256.
	Algorithm string `json:"alg,omitempty"`
	// Nonce is put into the header, and another one is signed instead, as in
	// tokens for Microsoft Graph.
	Nonce string `json:"nonce,omitempty"`
}

// Kind is whose token a minted one is.
type Kind string

// The kinds: an app's own access token, a user's, an ID token for the client,
// and an app's for Microsoft Graph.
const (
	AppToken   Kind = "app"
	UserToken  Kind = "user"
	IDToken    Kind = "id"
	GraphToken Kind = "graph"
)

// Time is when a minted token is valid.
type Time string

// The times. An expired token expired an hour ago, one that is not yet valid
// becomes valid in an hour.
const (
	ValidNow    Time = "now"
	Expired     Time = "expired"
	NotYetValid Time = "not-yet"
)

// life is how long a minted token lives: Entra's shortest.
const life = time.Hour

// Error is a mistake in a Request.
type Error struct {
	// Reason is what is wrong.
	Reason string
	// Advice is what to write instead; it may be empty.
	Advice string
}

// Error returns the reason.
func (e *Error) Error() string { return e.Reason }

// Hints returns the advice, if there is any.
func (e *Error) Hints() []string {
	if e.Advice == "" {
		return nil
	}
	return []string{e.Advice}
}

func wrong(advice, format string, args ...any) error {
	return &Error{fmt.Sprintf(format, args...), advice}
}

// Mint makes the token that a request describes. A mistake in it is an *Error.
func (m Maker) Mint(r Request) (string, error) {
	if err := r.check(); err != nil {
		return "", err
	}
	s, err := m.subject(r)
	if err != nil {
		return "", err
	}
	payload := r.payload()
	if payload == nil {
		claims, err := json.Marshal(m.claims(r.Kind, r.version(s), s))
		if err != nil {
			return "", err
		}
		if payload, err = edit(claims, r.Claims, r.Without, "claim"); err != nil {
			return "", err
		}
	}
	return m.compact(r, s, payload)
}

// payload is what to sign instead of claims; nil if that is not asked for.
func (r *Request) payload() []byte {
	if r.Payload != "" {
		return []byte(r.Payload)
	}
	return r.PayloadBytes
}

func (r *Request) check() error {
	if r.Kind == "" {
		r.Kind = AppToken
	}
	if r.Key == "" {
		r.Key = CurrentKey
	}
	if r.Algorithm == "" {
		r.Algorithm = "RS256"
	}
	if r.Time == "" {
		r.Time = ValidNow
	}
	for _, field := range []struct {
		name, value string
		known       []string
	}{
		{"kind of token", string(r.Kind), []string{"app", "user", "id", "graph"}},
		{"time", string(r.Time), []string{"now", "expired", "not-yet"}},
		{"key", string(r.Key), []string{"current", "other", "withdrawn", "embedded"}},
		{"algorithm", r.Algorithm, keyring.Algorithms},
		{"version", string(r.Version), []string{"", "1.0", "2.0"}},
	} {
		if !slices.Contains(field.known, field.value) {
			known := strings.TrimPrefix(strings.Join(field.known, ", "), ", ")
			return wrong("known are "+known, "there is no %s %s", field.name, text.Quote(field.value))
		}
	}
	switch {
	case r.Kind == GraphToken && r.API != "":
		return wrong("leave one of them out", "a token for Microsoft Graph is for no API of the tenant's")
	case r.Kind == GraphToken && r.Version == entra.V2:
		return wrong("leave the version out", "Microsoft Graph has v1.0 tokens only")
	case r.Payload != "" && r.PayloadBytes != nil:
		return wrong("leave one of them out", "there are two payloads")
	case r.payload() != nil && (r.Claims != nil || r.Without != nil):
		return wrong("leave one of them out", "a payload as it is and changes of claims exclude each other")
	}
	return nil
}

// subject finds the registrations that the token is about.
func (m Maker) subject(r Request) (s Subject, err error) {
	s.Endpoint = entra.V2
	s.Tenant = &m.Directory.Tenants[0]
	if r.Tenant != "" {
		if s.Tenant = m.Directory.Find(r.Tenant); s.Tenant == nil {
			return s, wrong("", "there is no tenant %s here", text.Quote(r.Tenant))
		}
	}
	if s.Client, err = findClient(s.Tenant, r.Client); err != nil {
		return s, err
	}
	s.Proof, s.times = "1", m.times(r.Time)
	if r.Kind == GraphToken {
		s.Resource = "https://" + entra.Clouds()[0].Graph[0]
		return s, nil
	}
	s.API, s.Resource, err = findAPI(s.Tenant, r.API)
	return s, err
}

// version is that of the token.
func (r *Request) version(s Subject) entra.Version {
	switch {
	case s.API == nil:
		return entra.V1 // Microsoft Graph
	case r.Version != "":
		return r.Version
	}
	return s.API.Version()
}

func findClient(t *directory.Tenant, name string) (*directory.Client, error) {
	if len(t.Clients) == 0 {
		return nil, wrong("", "the tenant has no client")
	}
	if name == "" {
		return &t.Clients[0], nil
	}
	n := slices.IndexFunc(t.Clients, func(c directory.Client) bool { return strings.EqualFold(c.ID, name) || c.Name == name })
	if n < 0 {
		var known []string
		for _, c := range t.Clients {
			known = append(known, fmt.Sprintf("%s (%s)", c.ID, c.Name))
		}
		return nil, wrong("its clients are "+strings.Join(known[:min(len(known), 10)], ", "), "the tenant has no client %s", text.Quote(name))
	}
	return &t.Clients[n], nil
}

func findAPI(t *directory.Tenant, name string) (api *directory.API, resource string, err error) {
	if len(t.APIs) == 0 {
		return nil, "", wrong("", "the tenant has no API")
	}
	if name == "" {
		return &t.APIs[0], t.APIs[0].Address(), nil
	}
	if api = t.FindAPI(name); api == nil {
		var known []string
		for _, a := range t.APIs {
			known = append(known, a.Address())
		}
		advice := "its APIs are " + strings.Join(known[:min(len(known), 10)], ", ") + "; for any other audience change the claim aud"
		return nil, "", wrong(advice, "the tenant has no API %s", text.Quote(name))
	}
	return api, name, nil
}

func (m Maker) times(when Time) timeClaims {
	now := m.Now()
	if when == Expired {
		now = now.Add(-life - time.Hour)
	}
	if when == NotYetValid {
		now = now.Add(backdating + time.Hour)
	}
	return newTimeClaims(now, life)
}
