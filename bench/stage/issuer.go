// Package stage is what the programs of this folder put around a running "m2m
// serve": an issuer of tokens, the build of the binary, and a look at a process.
package stage

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"
)

// What the tokens say, and m2m serve is told to want.
const (
	Tenant   = "7d2f0f3a-3c65-4b5c-8f26-0d3c2a9d6b10"
	Audience = "c2a5c7f4-98a1-4d53-b3b8-35a4e4f2d6a9"
	client   = "4b8e0e0e-5a5f-4a25-9b0e-6a2c9d1f7e33"
	Role     = "Data.Read"
)

// Issuer signs tokens as Entra's v2.0 endpoint does, and serves discovery and
// keys over TLS, as long as it is up.
type Issuer struct {
	// CA is the file of the certificate that its own is signed with.
	CA      string
	address string
	server  *httptest.Server

	mu      sync.Mutex
	signs   *Signer
	fronts  [][]*Signer // the keys that each front end knows; they take turns
	fetched int
}

// Signer is a signing key, and the name it is published under.
type Signer struct {
	id  string
	key *rsa.PrivateKey
}

// NewIssuer starts an issuer with one key.
func NewIssuer(dir string) (*Issuer, error) {
	i := &Issuer{address: "127.0.0.1:0", CA: filepath.Join(dir, "ca.pem")}
	s, err := NewKey()
	if err != nil {
		return nil, err
	}
	i.Publish(s)
	if err := i.Start(); err != nil {
		return nil, err
	}
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.server.Certificate().Raw})
	return i, os.WriteFile(i.CA, ca, 0o600)
}

// Start listens, at the same address as before.
func (i *Issuer) Start() error {
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

// Stop hangs up. A second call does nothing.
func (i *Issuer) Stop() {
	i.server.CloseClientConnections()
	i.server.Close()
}

// URL is the authority host.
func (i *Issuer) URL() string { return "https://" + i.address }

// Name is the issuer as tokens name it.
func (i *Issuer) Name() string { return i.URL() + "/" + Tenant + "/v2.0" }

// KeysURL is where the keys are.
func (i *Issuer) KeysURL() string { return i.URL() + "/keys" }

func (i *Issuer) answer(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/" + Tenant + "/v2.0/.well-known/openid-configuration":
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": i.Name(), "jwks_uri": i.KeysURL()})
	case "/keys":
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": i.nextSet()})
	default:
		http.NotFound(w, r)
	}
}

func (i *Issuer) nextSet() []map[string]string {
	i.mu.Lock()
	defer i.mu.Unlock()
	var set []map[string]string
	for _, s := range i.fronts[i.fetched%len(i.fronts)] {
		set = append(set, map[string]string{"kty": "RSA", "use": "sig", "kid": s.id, "n": encode(s.key.N.Bytes()), "e": "AQAB"})
	}
	i.fetched++
	return set
}

// Fetches is how often the keys were asked for.
func (i *Issuer) Fetches() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.fetched
}

// NewKey makes a key that nobody publishes yet.
func NewKey() (*Signer, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	return &Signer{encode(noise(16)), key}, err
}

// UnusedKeys are so many public keys that are there to be searched. Nobody has
// their private half, and their moduli are the product of nothing known.
func UnusedKeys(n int) []*Signer {
	keys := make([]*Signer, n)
	for k := range keys {
		b := noise(256)
		b[0], b[255] = b[0]|0x80, b[255]|1
		keys[k] = &Signer{encode(noise(16)), &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).SetBytes(b), E: 65537}}}
	}
	return keys
}

// PublicKey is the key as programs that know no key set want it: PKIX in PEM.
func (s *Signer) PublicKey() ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(&s.key.PublicKey)
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), err
}

// Publish has every front end know these keys; the last one signs from now on.
func (i *Issuer) Publish(keys ...*Signer) { i.Disagree(keys[len(keys)-1], keys) }

// Disagree gives front ends different sets.
func (i *Issuer) Disagree(signs *Signer, fronts ...[]*Signer) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.signs, i.fronts = signs, fronts
}

// Current is the key that signs now.
func (i *Issuer) Current() *Signer {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.signs
}

// Tokens signs so many on all cores.
func (i *Issuer) Tokens(n int) []string {
	tokens := make([]string, n)
	var workers sync.WaitGroup
	for w := range runtime.NumCPU() {
		workers.Go(func() {
			for k := w; k < n; k += runtime.NumCPU() {
				tokens[k] = i.Token()
			}
		})
	}
	workers.Wait()
	return tokens
}

// Token is about 1.5 kB long: an app-only token with more roles than one.
func (i *Issuer) Token() string {
	s := i.Current()
	signed := encodeJSON(map[string]string{"typ": "JWT", "alg": "RS256", "kid": s.id}) + "." + i.claims()
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(nil, s.key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err) // a key of 2048 bits signs a SHA-256
	}
	return signed + "." + encode(signature)
}

// Forged has a key ID of its own, and noise for a signature.
func (i *Issuer) Forged() string {
	return encodeJSON(map[string]string{"typ": "JWT", "alg": "RS256", "kid": encode(noise(16))}) + "." + i.claims() + "." + encode(noise(256))
}

func (i *Issuer) claims() string {
	now, id := time.Now(), encode(noise(16))
	roles := []string{Role}
	for len(roles) < 10 {
		roles = append(roles, fmt.Sprintf("Reports.Quarterly.Region%02d.Read.All", len(roles)))
	}
	return encodeJSON(map[string]any{
		"aud": Audience, "iss": i.Name(), "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(2 * time.Hour).Unix(),
		"aio": id + "AAAAAAAAAAAAAAAA", "azp": client, "azpacr": "1", "oid": client, "sub": client, "tid": Tenant,
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
