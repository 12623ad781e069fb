package issuer

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"m2m/internal/entra"
	"m2m/internal/tenant/credential"
	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/keyring"
	"m2m/internal/tenant/refusal"
)

// MintRequest asks the control endpoint for a token, however wrong. The zero
// value is the token that the tenant's first client gets for its first API.
type MintRequest struct {
	// Tenant is an ID or a domain name; empty means the first.
	Tenant string `json:"tenant,omitempty"`
	// Client is the ID or the display name of a client; empty means the tenant's
	// first. Its credentials are not asked for.
	Client string `json:"client,omitempty"`
	// API is the ID of an API or one of its App ID URIs; empty means the
	// tenant's first.
	API string `json:"api,omitempty"`
	// Kind is whose token it is; empty means AppToken.
	Kind MintKind `json:"kind,omitempty"`
	// Version overrides the one that the API's registration asks for.
	Version entra.Version `json:"version,omitempty"`
	// Time says when the token is valid; empty means now.
	Time MintTime `json:"time,omitempty"`
	// Claims is a JSON object whose members replace those of the token, or join
	// them; Without names claims that are left out.
	Claims  jsontext.Value `json:"claims,omitempty"`
	Without []string       `json:"without,omitempty"`
	// Header and WithoutHeader are the same for the header.
	Header        jsontext.Value `json:"header,omitempty"`
	WithoutHeader []string       `json:"without_header,omitempty"`
	// Payload, if not empty, is signed as it is in place of the claims. It need
	// not be JSON. PayloadBytes, if not nil, is the same for what is no text.
	Payload      string `json:"payload,omitempty"`
	PayloadBytes []byte `json:"payload_base64,omitzero"`
	// Key is the key that signs; empty means CurrentKey.
	Key MintKey `json:"key,omitempty"`
	// Algorithm is one of keyring.Algorithms; empty means RS256.
	Algorithm string `json:"alg,omitempty"`
	// Nonce is put into the header, and another one is signed in its place, as
	// in tokens for Microsoft Graph.
	Nonce string `json:"nonce,omitempty"`
}

// MintKind is whose token a minted one is.
type MintKind string

// The kinds: an app's own access token, a user's, an ID token for the client,
// and an app's for Microsoft Graph.
const (
	AppToken   MintKind = "app"
	UserToken  MintKind = "user"
	IDToken    MintKind = "id"
	GraphToken MintKind = "graph"
)

// MintTime is when a minted token is valid.
type MintTime string

// The times. An expired token ended an hour ago, one that is not yet valid
// begins in an hour.
const (
	ValidNow    MintTime = "now"
	Expired     MintTime = "expired"
	NotYetValid MintTime = "not-yet"
)

// mintedLife is how long a minted token lives: Entra's shortest.
const mintedLife = shortestLifetime

// Minted is the answer to a MintRequest.
type Minted struct {
	// Token is the compact form. It is not an entra.Secret, because JSON has to
	// carry it; whoever decodes it makes one of it.
	Token string `json:"token"`
}

// mintRefused is a mistake in a MintRequest.
func mintRefused(advice, format string, args ...any) *ControlError {
	e := refuseControl(http.StatusBadRequest, "bad_request", format, args...)
	if advice != "" {
		e.Advice = []string{advice}
	}
	return e
}

func (i *Issuer) controlMint(body []byte) (any, error) {
	var asked MintRequest
	if err := decodeControl(body, &asked); err != nil {
		return nil, err
	}
	token, err := i.mint(asked)
	if err != nil {
		return nil, err
	}
	return Minted{token}, nil
}

// mint makes the token that was asked for.
func (i *Issuer) mint(r MintRequest) (string, error) {
	if err := r.check(); err != nil {
		return "", err
	}
	s, err := i.mintSubject(r)
	if err != nil {
		return "", err
	}
	payload := r.payload()
	if payload == nil {
		claims, err := i.mintClaims(r, s)
		if err != nil {
			return "", err
		}
		if payload, err = editObject(claims, r.Claims, r.Without, "claim"); err != nil {
			return "", err
		}
	}
	return i.mintCompact(r, s, payload)
}

// payload is what to sign in place of claims; nil if that is not asked for.
func (r *MintRequest) payload() []byte {
	if r.Payload != "" {
		return []byte(r.Payload)
	}
	return r.PayloadBytes
}

func (r *MintRequest) check() error {
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
			return mintRefused("known are "+strings.TrimPrefix(strings.Join(field.known, ", "), ", "), "there is no %s %s", field.name, refusal.Quote(field.value))
		}
	}
	switch {
	case r.Kind == GraphToken && r.API != "":
		return mintRefused("leave one of them out", "a token for Microsoft Graph is for no API of the tenant's")
	case r.Kind == GraphToken && r.Version == entra.V2:
		return mintRefused("leave the version out", "Microsoft Graph has v1.0 tokens only")
	case r.Payload != "" && r.PayloadBytes != nil:
		return mintRefused("leave one of them out", "there are two payloads")
	case r.payload() != nil && (r.Claims != nil || r.Without != nil):
		return mintRefused("leave one of them out", "a payload as it is and changes of claims exclude each other")
	}
	return nil
}

// mintSubject finds the registrations that the token is about.
func (i *Issuer) mintSubject(r MintRequest) (s subject, err error) {
	s.tenant = &i.tenantList[0]
	if r.Tenant != "" {
		if s.tenant = i.tenants.Find(r.Tenant); s.tenant == nil {
			return s, mintRefused("", "there is no tenant %s here", refusal.Quote(r.Tenant))
		}
	}
	if s.client, err = mintClient(s.tenant, r.Client); err != nil {
		return s, err
	}
	s.proof, s.times = credential.Secret.Proof(), i.mintTimes(r.Time)
	if r.Kind == GraphToken {
		s.resource = "https://" + msGraph
		return s, nil
	}
	s.api, s.resource, err = mintAPI(s.tenant, r.API)
	return s, err
}

// version is that of the token.
func (r *MintRequest) version(s subject) entra.Version {
	switch {
	case s.api == nil:
		return entra.V1 // Microsoft Graph
	case r.Version != "":
		return r.Version
	}
	return s.api.Version()
}

func mintClient(t *directory.Tenant, name string) (*directory.Client, error) {
	if len(t.Clients) == 0 {
		return nil, mintRefused("", "the tenant has no client")
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
		return nil, mintRefused("its clients are "+strings.Join(known[:min(len(known), 10)], ", "), "the tenant has no client %s", refusal.Quote(name))
	}
	return &t.Clients[n], nil
}

func mintAPI(t *directory.Tenant, name string) (api *directory.API, resource string, err error) {
	if len(t.APIs) == 0 {
		return nil, "", mintRefused("", "the tenant has no API")
	}
	if name == "" {
		return &t.APIs[0], t.APIs[0].Address(), nil
	}
	if api = t.FindAPI(name); api == nil {
		var known []string
		for _, a := range t.APIs {
			known = append(known, a.Address())
		}
		return nil, "", mintRefused("its APIs are "+strings.Join(known[:min(len(known), 10)], ", ")+"; any other audience: --claim aud=...", "the tenant has no API %s", refusal.Quote(name))
	}
	return api, name, nil
}

func (i *Issuer) mintTimes(when MintTime) timeClaims {
	now := i.now()
	switch when {
	case Expired:
		now = now.Add(-mintedLife - time.Hour)
	case NotYetValid:
		now = now.Add(backdating + time.Hour)
	}
	return newTimeClaims(now, mintedLife)
}

// mintClaims returns the claims before any change, as JSON.
func (i *Issuer) mintClaims(r MintRequest, s subject) ([]byte, error) {
	switch {
	case r.Kind == GraphToken:
		return json.Marshal(i.claimsGraph(s))
	case r.Kind == UserToken:
		return json.Marshal(i.claimsUser(r.version(s), s))
	case r.Kind == IDToken:
		return json.Marshal(i.claimsID(r.version(s), s))
	case r.version(s) == entra.V1:
		return json.Marshal(i.claimsV1(entra.V2, s))
	}
	return json.Marshal(i.claimsV2(s))
}
