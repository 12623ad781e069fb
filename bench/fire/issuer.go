package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"
)

const (
	tenant   = "7d2f0f3a-3c65-4b5c-8f26-0d3c2a9d6b10"
	audience = "c2a5c7f4-98a1-4d53-b3b8-35a4e4f2d6a9"
	client   = "4b8e0e0e-5a5f-4a25-9b0e-6a2c9d1f7e33"
	role     = "Data.Read"
)

// issuer signs tokens as Entra's v2.0 endpoint does, and serves discovery and
// keys over TLS, as long as it is up.
type issuer struct {
	address, ca string
	server      *httptest.Server

	mu      sync.Mutex
	signs   *signer
	fronts  [][]*signer // the keys that each front end knows; they take turns
	fetched int
}

type signer struct {
	id  string
	key *rsa.PrivateKey
}

// newIssuer starts an issuer with one key.
func newIssuer(dir string) (*issuer, error) {
	i := &issuer{address: "127.0.0.1:0", ca: filepath.Join(dir, "ca.pem")}
	s, err := newKey()
	if err != nil {
		return nil, err
	}
	i.publish(s)
	if err := i.start(); err != nil {
		return nil, err
	}
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.server.Certificate().Raw})
	return i, os.WriteFile(i.ca, ca, 0o600)
}

// start listens, at the same address as before.
func (i *issuer) start() error {
	l, err := net.Listen("tcp", i.address)
	if err != nil {
		return err
	}
	i.address = l.Addr().String()
	i.server = httptest.NewUnstartedServer(http.HandlerFunc(i.answer))
	_ = i.server.Listener.Close()
	i.server.Listener = l
	i.server.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	i.server.StartTLS()
	return nil
}

// stop hangs up. A second call does nothing.
func (i *issuer) stop() {
	i.server.CloseClientConnections()
	i.server.Close()
}

func (i *issuer) url() string  { return "https://" + i.address }
func (i *issuer) name() string { return i.url() + "/" + tenant + "/v2.0" }

func (i *issuer) answer(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/" + tenant + "/v2.0/.well-known/openid-configuration":
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": i.name(), "jwks_uri": i.url() + "/keys"})
	case "/keys":
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": i.nextSet()})
	default:
		http.NotFound(w, r)
	}
}

func (i *issuer) nextSet() []map[string]string {
	i.mu.Lock()
	defer i.mu.Unlock()
	var set []map[string]string
	for _, s := range i.fronts[i.fetched%len(i.fronts)] {
		set = append(set, map[string]string{"kty": "RSA", "use": "sig", "kid": s.id, "n": encode(s.key.N.Bytes()), "e": "AQAB"})
	}
	i.fetched++
	return set
}

func (i *issuer) fetches() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.fetched
}

// newKey makes a key that nobody publishes yet.
func newKey() (*signer, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	return &signer{encode(noise(16)), key}, err
}

// publish has every front end know these keys; the last one signs from now on.
func (i *issuer) publish(keys ...*signer) { i.disagree(keys[len(keys)-1], keys) }

// disagree gives front ends different sets.
func (i *issuer) disagree(signs *signer, fronts ...[]*signer) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.signs, i.fronts = signs, fronts
}

func (i *issuer) current() *signer {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.signs
}

// tokens signs so many on all cores.
func (i *issuer) tokens(n int) []string {
	tokens := make([]string, n)
	var workers sync.WaitGroup
	for w := range runtime.NumCPU() {
		workers.Go(func() {
			for k := w; k < n; k += runtime.NumCPU() {
				tokens[k] = i.token()
			}
		})
	}
	workers.Wait()
	return tokens
}

// token is about 1.5 kB long: an app-only token with more roles than one.
func (i *issuer) token() string {
	s := i.current()
	signed := encodeJSON(map[string]string{"typ": "JWT", "alg": "RS256", "kid": s.id}) + "." + i.claims()
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(nil, s.key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err) // a key of 2048 bits signs a SHA-256
	}
	return signed + "." + encode(signature)
}

// forged has a key ID of its own, and noise for a signature.
func (i *issuer) forged() string {
	return encodeJSON(map[string]string{"typ": "JWT", "alg": "RS256", "kid": encode(noise(16))}) + "." + i.claims() + "." + encode(noise(256))
}

func (i *issuer) claims() string {
	now, id := time.Now(), encode(noise(16))
	roles := []string{role}
	for len(roles) < 10 {
		roles = append(roles, fmt.Sprintf("Reports.Quarterly.Region%02d.Read.All", len(roles)))
	}
	return encodeJSON(map[string]any{
		"aud": audience, "iss": i.name(), "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(2 * time.Hour).Unix(),
		"aio": id + "AAAAAAAAAAAAAAAA", "azp": client, "azpacr": "1", "oid": client, "sub": client, "tid": tenant,
		"rh": "1.AAAA" + id, "roles": roles, "uti": id, "ver": "2.0",
	})
}

func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func encodeJSON(v any) string {
	b, _ := json.Marshal(v)
	return encode(b)
}
