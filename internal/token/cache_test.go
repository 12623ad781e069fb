package token_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"m2m/internal/entra"
	"m2m/internal/token"
	"m2m/internal/transport"
)

// mustAcquire returns a token and checks where it came from.
func mustAcquire(t *testing.T, c *token.Client, r token.Request, from token.Source) token.Token {
	t.Helper()
	got, err := c.Acquire(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if got.Source != from {
		t.Fatalf("the token came from %s, want %s", got.Source, from)
	}
	return got
}

// files returns the paths of the cache's files with a suffix.
func files(t *testing.T, dir, suffix string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "tokens", "*"+suffix))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// after returns a clock that is ahead by d.
func after(d time.Duration) func() time.Time {
	return func() time.Time { return time.Now().Add(d) }
}

// TestHitNeedsNoTransport: the second client could not load its roots.
func TestHitNeedsNoTransport(t *testing.T) {
	s, dir := newStandIn(t), t.TempDir()
	first := mustAcquire(t, s.client(dir), s.request(), token.SourceIDP)
	c := s.client(dir)
	c.Transport = transport.New(transport.Config{CAFile: "does-not-exist.pem"})
	second := mustAcquire(t, c, s.request(), token.SourceCache)
	if first.Access.Reveal() != second.Access.Reveal() || !first.ExpiresOn.Equal(second.ExpiresOn) ||
		second.Type != "Bearer" {
		t.Errorf("stored %+v, read %+v", first, second)
	}
}

func TestEveryPartOfARequestHasItsOwnToken(t *testing.T) {
	s, dir := newStandIn(t), t.TempDir()
	const second = "Another~secret.of-the-same-client_0123456"
	s.secrets = append(s.secrets, second)
	other := issue(t, "app", nil, time.Hour)
	cert, err := loadCertificate(writeFile(t, "app.pem", other.cert()+other.keyPEM(t)), entra.Secret{}, false)
	if err != nil {
		t.Fatal(err)
	}
	requests := map[string]token.Request{}
	for name, change := range map[string]func(*token.Request){
		"plain":        func(*token.Request) {},
		"scope":        withScope("api://other/.default"),
		"claims":       func(r *token.Request) { r.Claims = `{"access_token":{}}` },
		"other secret": withSecret(second),
		"other tenant": func(r *token.Request) { r.Authority.Tenant = "contoso.onmicrosoft.com" },
	} {
		r := s.request()
		change(&r)
		mustAcquire(t, s.client(dir), r, token.SourceIDP)
		requests[name] = r
	}
	for name, r := range requests {
		t.Run(name, func(t *testing.T) { mustAcquire(t, s.client(dir), r, token.SourceCache) })
	}
	r := s.request()
	r.Authority.Tenant, r.ClientID = strings.ToUpper(tenantID), strings.ToUpper(clientID)
	mustAcquire(t, s.client(dir), r, token.SourceCache)
	s.key = publicKey(t, "testdata/plain.pem")
	r.Credential = cert
	if err := acquire(t, s.client(dir), r); !errors.Is(err, token.ErrRefused) {
		t.Errorf("a certificate of another: error = %v, want a refusal", err)
	}
}

// TestWrongSecretFindsNothing: kubelogin hands out the cached token here.
func TestWrongSecretFindsNothing(t *testing.T) {
	s, dir := newStandIn(t), t.TempDir()
	mustAcquire(t, s.client(dir), s.request(), token.SourceIDP)
	r := s.request()
	r.Credential = token.NewClientSecret(entra.NewSecret("wrong~secret"))
	if err := acquire(t, s.client(dir), r); !errors.Is(err, token.ErrRefused) {
		t.Errorf("error = %v, want ErrRefused", err)
	}
	mustAcquire(t, s.client(dir), s.request(), token.SourceCache)
}

func TestCacheRevealsNothing(t *testing.T) {
	s, dir := newStandIn(t), t.TempDir()
	got := mustAcquire(t, s.client(dir), s.request(), token.SourceIDP).Access.Reveal()
	payload := strings.Split(got, ".")[1]
	claims, _ := base64.RawURLEncoding.DecodeString(payload)
	hidden := [][]byte{[]byte(got), []byte(payload), claims, []byte(secret), []byte(tenantID), []byte(clientID),
		[]byte("eyJ"), []byte(base64.StdEncoding.EncodeToString([]byte(got)))}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if path != dir && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		if d.IsDir() {
			return nil
		}
		data, err := os.ReadFile(path)
		for _, h := range hidden {
			if bytes.Contains(data, h) || strings.Contains(path, string(h)) {
				t.Errorf("%s shows %q", path, h)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(files(t, dir, ".token")); n != 1 {
		t.Errorf("%d files, want 1", n)
	}
}

func TestExpiryAndWishesForANewToken(t *testing.T) {
	tests := []struct {
		name   string
		later  time.Duration
		change func(*token.Request)
		want   token.Source
		short  bool
	}{
		{"six minutes left", 54 * time.Minute, nil, token.SourceCache, false},
		{"four minutes left", 56 * time.Minute, nil, token.SourceIDP, false},
		{"expired", 2 * time.Hour, nil, token.SourceIDP, false},
		{"enough of a wish", 0, minTTL(50 * time.Minute), token.SourceCache, false},
		{"not enough of a wish", 15 * time.Minute, minTTL(50 * time.Minute), token.SourceIDP, true},
		{"more than a whole life", 0, minTTL(2 * time.Hour), token.SourceIDP, true},
		{"refresh", 0, func(r *token.Request) { r.Refresh = true }, token.SourceIDP, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, dir := newStandIn(t), t.TempDir()
			old := mustAcquire(t, s.client(dir), s.request(), token.SourceIDP)
			c, r := s.client(dir), s.request()
			c.Now = after(tt.later)
			if tt.change != nil {
				tt.change(&r)
			}
			got := mustAcquire(t, c, r, tt.want)
			if tt.want == token.SourceIDP && got.Access.Reveal() == old.Access.Reveal() {
				t.Error("the old token came again")
			}
			if tt.later == 0 && got.Short != tt.short {
				t.Errorf("Short = %v, want %v", got.Short, tt.short)
			}
			if tt.later == 0 {
				after := mustAcquire(t, s.client(dir), s.request(), token.SourceCache)
				if after.Access.Reveal() != got.Access.Reveal() {
					t.Error("the newest token was not stored")
				}
			}
		})
	}
}

func minTTL(d time.Duration) func(*token.Request) {
	return func(r *token.Request) { r.MinTTL = d }
}

func TestShortLivedTokenIsNotStored(t *testing.T) {
	s, dir := newStandIn(t), t.TempDir()
	s.expiresIn = "299" // a string, as v1.0 writes it
	mustAcquire(t, s.client(dir), s.request(), token.SourceIDP)
	mustAcquire(t, s.client(dir), s.request(), token.SourceIDP)
	if n := len(files(t, dir, ".token")); n != 0 {
		t.Errorf("%d files, want none", n)
	}
}

// TestRefreshIn: past refresh_in the token is renewed, and still used while
// nobody answers, but not after a refusal.
func TestRefreshIn(t *testing.T) {
	s, dir := newStandIn(t), t.TempDir()
	s.expiresIn, s.refreshIn = 86399, 43199
	old := mustAcquire(t, s.client(dir), s.request(), token.SourceIDP)
	if old.RefreshOn.IsZero() {
		t.Fatal("refresh_in was lost")
	}
	c := s.client(dir)
	mustAcquire(t, c, s.request(), token.SourceCache)
	c = s.client(dir)
	c.Now = after(13 * time.Hour)

	s.fault = always(status(http.StatusServiceUnavailable))
	if got := mustAcquire(t, c, s.request(), token.SourceCache); got.Access.Reveal() != old.Access.Reveal() {
		t.Error("during an outage another token came than the old one")
	}
	s.fault = always(func(w http.ResponseWriter, _ *http.Request) {
		entraError(w, "7000215: Invalid client secret provided.")
	})
	if err := acquire(t, c, s.request()); !errors.Is(err, token.ErrRefused) {
		t.Errorf("error = %v, want ErrRefused", err)
	}
	held := hold(t, dir)
	mustAcquire(t, c, s.request(), token.SourceCache)
	held()

	s.fault = nil
	mustAcquire(t, c, s.request(), token.SourceIDP)
}
