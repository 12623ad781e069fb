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
	// Client is the ID or the display name of a client or managed identity; empty
	// means the tenant's first client.
	Client string `json:"client,omitempty"`
	// Agent is the ID or the display name of an agent identity that the token is
	// about, with every claim that marks it. A GUID that the tenant does not know
	// is an agent identity of the Client.
	Agent string `json:"agent,omitempty"`
	// API is the ID of an API or one of its App ID URIs; empty means the
	// tenant's first.
	API string `json:"api,omitempty"`
	// Kind is whose token it is; empty means AppToken.
	Kind Kind `json:"kind,omitempty"`
	// Version overrides the one that the API's registration asks for.
	Version entra.Version `json:"version,omitempty"`
	// Time is when the token is valid; empty means now.
	Time Time `json:"time,omitempty"`
	// ExpiresIn is in how many seconds the token expires; 0 means in an hour, and a
	// negative number is in the past. It excludes a Time.
	ExpiresIn int64 `json:"expires_in,omitempty"`
	// Audience is the aud, instead of the API's.
	Audience string `json:"audience,omitempty"`
	// Roles are the roles, instead of those that the client was granted.
	Roles []string `json:"roles,omitempty"`
	// Scopes are the scopes of a user's token.
	Scopes []string `json:"scopes,omitempty"`
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

// maxExpiresIn bounds how far from now a minted token can expire.
const maxExpiresIn = 100 * 365 * 24 * 3600 // seconds

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
		if err == nil {
			claims, err = r.withShorthands(claims, s)
		}
		if err != nil {
			return "", err
		}
		if payload, err = edit(claims, r.Claims, r.Without, "claim"); err != nil {
			return "", err
		}
	}
	return m.compact(r, s, payload)
}

// withShorthands returns claims with those that have a field of their own in the
// request.
func (r *Request) withShorthands(claims []byte, s Subject) ([]byte, error) {
	changes := map[string]any{}
	if r.Audience != "" {
		changes["aud"] = r.Audience
	}
	if len(r.Roles) > 0 {
		changes["roles"] = r.Roles
	}
	if len(r.Scopes) > 0 {
		changes["scp"] = strings.Join(r.Scopes, " ")
	}
	if r.Agent != "" && s.API != nil {
		all := s
		all.API = nil // has every marker
		m := all.markers()
		changes[directory.ClaimIDType], changes[directory.ClaimParentApp] = "app", m.Parent
		changes[directory.ClaimActorFacets], changes[directory.ClaimSubFacets] = m.ActorFacets, m.SubjectFacets
		changes[directory.ClaimRelation] = m.Relation
	}
	if len(changes) == 0 {
		return claims, nil
	}
	encoded, err := json.Marshal(changes)
	if err != nil {
		return nil, err
	}
	return edit(claims, encoded, nil, "claim")
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
			return wrong("known are "+known, "unknown %s %s", field.name, text.Quote(field.value))
		}
	}
	if len(r.Scopes) > 0 && r.Kind == AppToken && r.Agent == "" {
		r.Kind = UserToken // an app's own token has no scopes
	}
	switch {
	case r.Time != ValidNow && r.ExpiresIn != 0:
		return wrong("leave one of them out", "a time and an expiry exclude each other")
	case max(r.ExpiresIn, -r.ExpiresIn) > maxExpiresIn:
		return wrong("", "the expiry is more than a hundred years away")
	case r.Agent != "" && r.Kind != AppToken:
		return wrong("leave one of them out", "a token of an agent identity is an app's access token")
	case len(r.Scopes) > 0 && r.Kind != UserToken && r.Kind != AppToken:
		return wrong("leave one of them out", "only access tokens have scopes")
	case r.Kind == GraphToken && r.API != "":
		return wrong("leave one of them out", "a token for Microsoft Graph is not for an API of the tenant")
	case r.Kind == GraphToken && r.Version == entra.V2:
		return wrong("leave the version out", "Microsoft Graph has v1.0 tokens only")
	case r.Payload != "" && r.PayloadBytes != nil:
		return wrong("leave one of them out", "there are two payloads")
	case r.payload() != nil && (r.Claims != nil || r.Without != nil || r.Audience != "" || r.Roles != nil || r.Scopes != nil):
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
	s.Proof, s.times = "1", m.times(r.Time, time.Duration(r.ExpiresIn)*time.Second)
	if r.Agent != "" {
		if s.Client, err = findAgent(s.Tenant, s.Client, r.Agent); err != nil {
			return s, err
		}
	}
	if s.Client.Kind != directory.App {
		s.Proof = "2"
	}
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
	if c := t.FindNamed(name); c != nil {
		return c, nil
	}
	return nil, wrong("its clients are "+namesOf(slices.Concat(t.Clients, t.Identities)), "the tenant has no client %s", text.Quote(name))
}

func namesOf(clients []directory.Client) string {
	var known []string
	for _, c := range clients[:min(len(clients), 10)] {
		known = append(known, fmt.Sprintf("%s (%s)", c.ID, c.Name))
	}
	return strings.Join(known, ", ")
}

func findAgent(t *directory.Tenant, blueprint *directory.Client, name string) (*directory.Client, error) {
	c := t.FindNamed(name)
	switch {
	case c != nil && c.Kind == directory.AgentIdentity:
		return c, nil
	case c == nil && entra.IsGUID(name):
		return &directory.Client{
			Kind: directory.AgentIdentity, ID: name, ObjectID: name, Blueprint: blueprint.ID, Grants: blueprint.Grants,
		}, nil
	case len(t.Agents) == 0:
		return nil, wrong("give the GUID of an agent identity", "the tenant has no agent identity %s", text.Quote(name))
	}
	return nil, wrong("its agent identities are "+namesOf(t.Agents), "the tenant has no agent identity %s", text.Quote(name))
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

func (m Maker) times(when Time, expiresIn time.Duration) timeClaims {
	now := m.Now()
	switch {
	case expiresIn < 0:
		return newTimeClaims(now.Add(expiresIn-life), life)
	case expiresIn > 0:
		return newTimeClaims(now, expiresIn)
	case when == Expired:
		now = now.Add(-life - time.Hour)
	case when == NotYetValid:
		now = now.Add(backdating + time.Hour)
	}
	return newTimeClaims(now, life)
}
