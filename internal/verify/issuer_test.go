package verify_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"m2m/internal/entra"
	"m2m/internal/verify"
)

const (
	discoveryV2 = "https://login.microsoftonline.com/" + tenant + "/v2.0/.well-known/openid-configuration"
	discoveryV1 = "https://login.microsoftonline.com/" + tenant + "/.well-known/openid-configuration"
	keysV2      = "https://login.microsoftonline.com/" + tenant + "/discovery/v2.0/keys"
	keysV1      = "https://login.microsoftonline.com/common/discovery/keys"
)

// answer is what the issuer says at one address.
type answer struct {
	status int // 0: 200
	body   string
	header http.Header
	err    error
	hang   bool // until the request is given up
}

// issuer is an http.RoundTripper that answers as an issuer would. It touches
// no socket, so that testing/synctest can move the clock.
type issuer struct {
	mu      sync.Mutex
	answers map[string]answer
	seen    []string
	tags    []string
}

func newIssuer() *issuer {
	s := &issuer{answers: map[string]answer{}}
	s.say(discoveryV2, document(issuerV2, keysV2))
	s.say(discoveryV1, document(issuerV1, keysV1))
	s.say(keysV2, setOf(jwkOf(pairs()[0], kid)))
	s.say(keysV1, setOf(jwkOf(pairs()[0], kid).del("issuer")))
	return s
}

func document(issuer, keys string) string {
	return members{}.str("token_endpoint", "https://x").str("jwks_uri", keys).str("issuer", issuer).
		set("tenant_region_scope", "null").str("cloud_instance_name", "microsoftonline.com").json()
}

func (s *issuer) say(address, body string) { s.set(address, answer{body: body}) }

func (s *issuer) set(address string, a answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[address] = a
}

// count returns how often an address was asked for.
func (s *issuer) count(address string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, seen := range s.seen {
		if seen == address {
			n++
		}
	}
	return n
}

func (s *issuer) total() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.seen)
}

func (s *issuer) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	address := r.URL.String()
	s.seen = append(s.seen, address)
	s.tags = append(s.tags, r.Header.Get("If-None-Match"))
	a, ok := s.answers[address]
	s.mu.Unlock()
	switch {
	case !ok:
		a = answer{status: http.StatusNotFound}
	case a.err != nil:
		return nil, a.err
	case a.hang:
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	if a.status == 0 {
		a.status = http.StatusOK
	}
	if a.header == nil {
		a.header = http.Header{}
	}
	if tag := a.header.Get("ETag"); tag != "" && tag == r.Header.Get("If-None-Match") {
		a.status, a.body = http.StatusNotModified, ""
	}
	return &http.Response{
		StatusCode: a.status, Status: http.StatusText(a.status), Header: a.header, Request: r,
		Body: io.NopCloser(strings.NewReader(a.body)),
	}, nil
}

func metadata(t testing.TB, s *issuer, o verify.MetadataOptions) *verify.Metadata {
	t.Helper()
	return metadataOf(t, s, authority(), o)
}

func metadataOf(t testing.TB, s *issuer, a entra.Authority, o verify.MetadataOptions) *verify.Metadata {
	t.Helper()
	o.HTTP = &http.Client{Transport: s}
	m, err := verify.NewMetadata(a, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// lookup asks for a v2.0 key and wants an exact answer.
func lookup(t testing.TB, m *verify.Metadata, id string, want error) *verify.Key {
	t.Helper()
	k, _, err := m.Lookup(context.Background(), entra.V2, id)
	if !errors.Is(err, want) || (err == nil) != (want == nil) {
		t.Fatalf("key %s: want %v, got %v", id, want, err)
	}
	return k
}

var errDown = errors.New("connection refused")

const second = time.Second
