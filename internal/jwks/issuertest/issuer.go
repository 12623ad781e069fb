package issuertest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"m2m/internal/entra"
	"m2m/internal/jwks"
)

// The addresses of the documents.
const (
	DiscoveryV2 = "https://login.microsoftonline.com/" + Tenant + "/v2.0/.well-known/openid-configuration"
	DiscoveryV1 = "https://login.microsoftonline.com/" + Tenant + "/.well-known/openid-configuration"
	KeysV2      = "https://login.microsoftonline.com/" + Tenant + "/discovery/v2.0/keys"
	KeysV1      = "https://login.microsoftonline.com/common/discovery/keys"
)

// Answer is what the issuer answers at one address.
type Answer struct {
	Status int // 0: 200
	Body   string
	Header http.Header
	Err    error
	Hang   bool // until the request is given up
}

// Issuer is an http.RoundTripper that answers as an issuer would. It touches
// no socket, so that testing/synctest can move the clock.
type Issuer struct {
	mu      sync.Mutex
	answers map[string]Answer
	seen    []string
	Tags    []string // If-None-Match of every request
}

// New makes an issuer of both versions, with one key.
func New() *Issuer {
	s := &Issuer{answers: map[string]Answer{}}
	s.Serve(DiscoveryV2, Document(IssuerV2, KeysV2))
	s.Serve(DiscoveryV1, Document(IssuerV1, KeysV1))
	s.Serve(KeysV2, KeySet(JWK(Pairs()[0], KeyID)))
	s.Serve(KeysV1, KeySet(JWK(Pairs()[0], KeyID).Del("issuer")))
	return s
}

// Document is a discovery document.
func Document(issuer, keys string) string {
	return Members{}.Str("token_endpoint", "https://x").Str("jwks_uri", keys).Str("issuer", issuer).
		Set("tenant_region_scope", "null").Str("cloud_instance_name", "microsoftonline.com").JSON()
}

// Serve answers with a body at one address.
func (s *Issuer) Serve(address, body string) { s.Set(address, Answer{Body: body}) }

// Set answers at one address.
func (s *Issuer) Set(address string, a Answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[address] = a
}

// Count returns how often an address was asked for.
func (s *Issuer) Count(address string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, seen := range s.seen {
		if seen == address {
			n++
		}
	}
	return n
}

// Total returns how many requests there were.
func (s *Issuer) Total() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.seen)
}

// RoundTrip implements http.RoundTripper.
func (s *Issuer) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	address := r.URL.String()
	s.seen = append(s.seen, address)
	s.Tags = append(s.Tags, r.Header.Get("If-None-Match"))
	a, ok := s.answers[address]
	s.mu.Unlock()
	switch {
	case !ok:
		a = Answer{Status: http.StatusNotFound}
	case a.Err != nil:
		return nil, a.Err
	case a.Hang:
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	if a.Status == 0 {
		a.Status = http.StatusOK
	}
	if a.Header == nil {
		a.Header = http.Header{}
	}
	if tag := a.Header.Get("ETag"); tag != "" && tag == r.Header.Get("If-None-Match") {
		a.Status, a.Body = http.StatusNotModified, ""
	}
	return &http.Response{
		StatusCode: a.Status, Status: http.StatusText(a.Status), Header: a.Header, Request: r,
		Body: io.NopCloser(strings.NewReader(a.Body)),
	}, nil
}

// Metadata reads the issuer's documents, as those of Authority.
func Metadata(t testing.TB, s *Issuer, o jwks.MetadataOptions) *jwks.Metadata {
	t.Helper()
	return MetadataOf(t, s, Authority(), o)
}

// MetadataOf is Metadata of another authority.
func MetadataOf(t testing.TB, s *Issuer, a entra.Authority, o jwks.MetadataOptions) *jwks.Metadata {
	t.Helper()
	o.HTTP = &http.Client{Transport: s}
	m, err := jwks.NewMetadata(a, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Lookup asks for a v2.0 key and wants an exact answer.
func Lookup(t testing.TB, m *jwks.Metadata, id string, want error) *jwks.Key {
	t.Helper()
	k, _, err := m.Lookup(context.Background(), entra.V2, "", id)
	if !errors.Is(err, want) || (err == nil) != (want == nil) {
		t.Fatalf("key %s: want %v, got %v", id, want, err)
	}
	return k
}

// ErrDown is an answer that does not come.
var ErrDown = errors.New("connection refused")
