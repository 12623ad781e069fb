package main

import (
	"bufio"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"
)

const (
	tenant   = "7d2f0f3a-3c65-4b5c-8f26-0d3c2a9d6b10"
	audience = "c2a5c7f4-98a1-4d53-b3b8-35a4e4f2d6a9"
	client   = "4b8e0e0e-5a5f-4a25-9b0e-6a2c9d1f7e33"
	role     = "Data.Read"
	keyID    = "bench-signing-key-0123456789abcdefghijk"
)

// issuer signs tokens as Entra's v2.0 endpoint does, and serves discovery and
// keys over TLS.
type issuer struct {
	dir    string
	key    *rsa.PrivateKey
	keys   int
	server *httptest.Server
	// written is how many tokens there are in each file.
	written map[string]int
}

// newIssuer publishes so many keys. One of them signs; the others are there to
// be searched, and nobody has their private half.
func newIssuer(dir string, keys int) (*issuer, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	i := &issuer{dir: dir, key: key, keys: keys, written: map[string]int{}}
	i.server = httptest.NewTLSServer(i.handler())
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.server.Certificate().Raw})
	if err := os.WriteFile(i.caFile(), ca, 0o600); err != nil {
		return nil, err
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	return i, os.WriteFile(i.keyFile(), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), 0o600)
}

func (i *issuer) close()                        { i.server.Close() }
func (i *issuer) caFile() string                { return filepath.Join(i.dir, "ca.pem") }
func (i *issuer) keyFile() string               { return filepath.Join(i.dir, "key.pem") }
func (i *issuer) tokenFile(name string) string  { return filepath.Join(i.dir, name+".tokens") }
func (i *issuer) name() string                  { return i.server.URL + "/" + tenant + "/v2.0" }
func (i *issuer) keysURL() string               { return i.server.URL + "/" + tenant + "/discovery/v2.0/keys" }
func encode(b []byte) string                    { return base64.RawURLEncoding.EncodeToString(b) }
func answer(w http.ResponseWriter, v any) error { return json.NewEncoder(w).Encode(v) }

func (i *issuer) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/"+tenant+"/v2.0/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = answer(w, map[string]string{"issuer": i.name(), "jwks_uri": i.keysURL()})
	})
	keys := []map[string]string{jwk(keyID, i.key.N)}
	for len(keys) < i.keys {
		keys = append(keys, jwk(fmt.Sprintf("unused-key-%d", len(keys)), modulus()))
	}
	mux.HandleFunc("/"+tenant+"/discovery/v2.0/keys", func(w http.ResponseWriter, _ *http.Request) {
		_ = answer(w, map[string]any{"keys": keys})
	})
	return mux
}

func jwk(id string, n *big.Int) map[string]string {
	return map[string]string{"kty": "RSA", "use": "sig", "kid": id, "n": encode(n.Bytes()), "e": "AQAB"}
}

// modulus looks like one of 2048 bits and is the product of nothing known.
func modulus() *big.Int {
	b := make([]byte, 256)
	_, _ = rand.Read(b)
	b[0], b[255] = b[0]|0x80, b[255]|1
	return new(big.Int).SetBytes(b)
}

// writeTokens writes files of so many different tokens, one a line.
func (i *issuer) writeTokens(files map[string]int) error {
	for name, n := range files {
		i.written[name] = n
		if err := i.writeFile(i.tokenFile(name), i.sign(n)); err != nil {
			return err
		}
	}
	return nil
}

func (i *issuer) writeFile(path string, tokens []string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	for _, t := range tokens {
		fmt.Fprintln(w, t)
	}
	return w.Flush()
}

// sign makes tokens on all cores.
func (i *issuer) sign(n int) []string {
	tokens := make([]string, n)
	var workers sync.WaitGroup
	for w := range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for k := w; k < n; k += runtime.GOMAXPROCS(0) {
				tokens[k] = i.token()
			}
		})
	}
	workers.Wait()
	return tokens
}

// token is about 1.5 kB long: an app-only token with more roles than one.
func (i *issuer) token() string {
	now := time.Now()
	id := make([]byte, 16)
	_, _ = rand.Read(id)
	roles := []string{role}
	for len(roles) < 10 {
		roles = append(roles, fmt.Sprintf("Reports.Quarterly.Region%02d.Read.All", len(roles)))
	}
	header, _ := json.Marshal(map[string]string{"typ": "JWT", "alg": "RS256", "kid": keyID})
	claims, _ := json.Marshal(map[string]any{
		"aud": audience, "iss": i.name(), "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(2 * time.Hour).Unix(),
		"aio": encode(id) + "AAAAAAAAAAAAAAAA", "azp": client, "azpacr": "1", "oid": client, "sub": client, "tid": tenant,
		"rh": "1.AAAA" + encode(id), "roles": roles, "uti": encode(id), "ver": "2.0",
	})
	signed := encode(header) + "." + encode(claims)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(nil, i.key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err) // a key of 2048 bits signs a SHA-256
	}
	return strings.Join([]string{signed, encode(signature)}, ".")
}
