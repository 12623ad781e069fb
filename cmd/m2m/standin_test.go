package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// The stand-in is a tenant of Entra's shape that shares nothing with the local
// one: not a line of its code, nor its host, tenant, apps, key IDs or roles.
// What works with both does so because of the protocol.
const (
	standInTenant = "72f9c1d4-0b6e-4a57-9c3d-5e8f2a1b7c60"
	standInClient = "5d2c8e31-7f40-4b9a-a1e6-3c9d0f8b2a74"
	standInSecret = "kP78Q~n2q.5TzWx0RbV-aYc3LmJ9sGd4uEf6.hUw"
	// The API whose tokens are v2.0: their audience is this ID.
	standInAPI = "c0a9b6e2-14d3-4f8c-8e57-9b2d7a6f1e05"
	// The API whose tokens are v1.0: their audience is its URI.
	standInOldAPI = "api://warehouse"
)

// standIn is the tenant while it runs.
type standIn struct {
	origin string
	keys   map[string]*rsa.PrivateKey // by key ID
	signs  string                     // the ID of the key in use
}

// standin DIR runs the tenant until a signal. DIR/ca.pem is what to trust and
// DIR/settings.env what to set; the latter appears when all is ready.
func standin() { os.Exit(runHelper(standInFiles)) }

// runHelper runs a server of the tests until a signal, as `NAME DIR`.
func runHelper(start func(dir string) (*http.Server, net.Listener, error)) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: NAME DIR")
		return 2
	}
	server, listener, err := start(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	server.ErrorLog = log.New(io.Discard, "", 0) // a client that distrusts us is a test, not news
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// standInFiles makes the tenant and writes down what its users need.
func standInFiles(dir string) (*http.Server, net.Listener, error) {
	ca, certificate, err := standInCertificates()
	if err != nil {
		return nil, nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	s := &standIn{origin: "https://localhost:" + port, keys: map[string]*rsa.PrivateKey{}, signs: "autumn:2"}
	for _, kid := range []string{"summer:1", s.signs} {
		if s.keys[kid], err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			return nil, nil, err
		}
	}
	settings := []string{
		"TENANT_ID=" + standInTenant,
		"CLIENT_ID=" + standInClient,
		"CLIENT_SECRET=" + standInSecret,
		"API_SCOPE=api://" + standInAPI + "/.default",
		"AZURE_AUTHORITY_HOST=" + s.origin,
		"M2M_CA_FILE=" + filepath.Join(dir, "ca.pem"),
	}
	server := &http.Server{Handler: s.handler(), TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}}}
	return server, tls.NewListener(listener, server.TLSConfig), errors.Join(
		os.MkdirAll(dir, 0o700),
		os.WriteFile(filepath.Join(dir, "ca.pem"), ca, 0o600),
		s.writeRefused(dir),
		writeWhole(filepath.Join(dir, "settings.env"), strings.Join(settings, "\n")+"\n"),
	)
}

// writeWhole lets a file appear with all of its content.
func writeWhole(path, content string) error {
	return errors.Join(os.WriteFile(path+".part", []byte(content), 0o600), os.Rename(path+".part", path))
}

func (s *standIn) handler() http.Handler {
	mux := http.NewServeMux()
	tenant := "/" + standInTenant
	mux.HandleFunc("GET "+tenant+"/v2.0/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		s.discovery(w, s.origin+tenant+"/v2.0", "/oauth2/v2.0", "/discovery/v2.0/keys")
	})
	mux.HandleFunc("GET "+tenant+"/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		s.discovery(w, "https://sts.windows.net"+tenant+"/", "/oauth2", "/discovery/keys")
	})
	mux.HandleFunc("GET "+tenant+"/discovery/v2.0/keys", func(w http.ResponseWriter, _ *http.Request) {
		s.keySet(w, s.origin+"/{tenantid}/v2.0")
	})
	mux.HandleFunc("GET "+tenant+"/discovery/keys", func(w http.ResponseWriter, _ *http.Request) { s.keySet(w, "") })
	mux.HandleFunc("POST "+tenant+"/oauth2/v2.0/token", s.token)
	return mux
}

func (s *standIn) discovery(w http.ResponseWriter, issuer, endpoints, keys string) {
	base := s.origin + "/" + standInTenant
	answerJSON(w, http.StatusOK, map[string]any{
		"issuer":                                issuer,
		"authorization_endpoint":                base + endpoints + "/authorize",
		"token_endpoint":                        base + endpoints + "/token",
		"jwks_uri":                              base + keys,
		"token_endpoint_auth_methods_supported": []string{"client_secret_post"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"subject_types_supported":               []string{"pairwise"},
		"response_types_supported":              []string{"code"},
	})
}

// keySet shows the public keys; v2.0 sets say of each key whose tokens it signs.
func (s *standIn) keySet(w http.ResponseWriter, issuer string) {
	var keys []map[string]string
	for kid, key := range s.keys {
		shown := map[string]string{
			"kty": "RSA", "use": "sig", "kid": kid,
			"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
			"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
		}
		if issuer != "" {
			shown["issuer"] = issuer
		}
		keys = append(keys, shown)
	}
	answerJSON(w, http.StatusOK, map[string]any{"keys": keys})
}

// token answers the one client that it knows, for the two APIs that it has.
func (s *standIn) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	form := r.PostFormValue
	// MSAL adds the scopes of OpenID Connect, which mean nothing here.
	scopes := slices.DeleteFunc(strings.Fields(form("scope")), func(s string) bool {
		return slices.Contains([]string{"openid", "offline_access", "profile"}, s)
	})
	resource, isDefault := strings.CutSuffix(strings.Join(scopes, " "), "/.default")
	switch {
	case form("grant_type") != "client_credentials":
		refuse(w, http.StatusBadRequest, 70003, "unsupported_grant_type", "The grant type is not supported.")
	case form("client_id") != standInClient:
		refuse(w, http.StatusBadRequest, 700016, "unauthorized_client", "The application is not in this directory.")
	case form("client_secret") != standInSecret:
		refuse(w, http.StatusUnauthorized, 7000215, "invalid_client", "Invalid client secret provided.")
	case !isDefault:
		refuse(w, http.StatusBadRequest, 1002012, "invalid_scope", "The scope does not end in /.default.")
	case resource == "api://"+standInAPI:
		s.issue(w, map[string]any{"aud": standInAPI, "iss": s.origin + "/" + standInTenant + "/v2.0", "azp": standInClient,
			"azpacr": "1", "ver": "2.0"})
	case resource == standInOldAPI:
		s.issue(w, map[string]any{"aud": standInOldAPI, "iss": "https://sts.windows.net/" + standInTenant + "/",
			"appid": standInClient, "appidacr": "1", "ver": "1.0"})
	default:
		refuse(w, http.StatusBadRequest, 500011, "invalid_resource", "The resource is not in this directory.")
	}
}

// issue answers with a token of the claims given and those of every token.
func (s *standIn) issue(w http.ResponseWriter, claims map[string]any) {
	now := time.Now().Unix()
	object := "0e6b3d57-92c8-4d1f-b7a4-6f5c8e2d9a13"
	for name, value := range map[string]any{
		"tid": standInTenant, "sub": object, "oid": object, "idtyp": "app", "roles": []string{"Stock.Read"},
		"iat": now, "nbf": now, "exp": now + 3599, "uti": rand.Text(), "rh": "1.AAAA.",
	} {
		claims[name] = value
	}
	signed := segment(map[string]any{"typ": "JWT", "alg": "RS256", "kid": s.signs}) + "." + segment(claims)
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.keys[s.signs], crypto.SHA256, digest[:])
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answerJSON(w, http.StatusOK, map[string]any{
		"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599,
		"access_token": signed + "." + base64.RawURLEncoding.EncodeToString(signature),
	})
}

func segment(v any) string {
	data, _ := json.Marshal(v) // of maps of strings and numbers
	return base64.RawURLEncoding.EncodeToString(data)
}

func refuse(w http.ResponseWriter, status, code int, name, text string) {
	answerJSON(w, status, map[string]any{
		"error": name, "error_codes": []int{code}, "error_description": fmt.Sprintf("AADSTS%d: %s", code, text),
		"timestamp": time.Now().UTC().Format("2006-01-02 15:04:05Z"), "trace_id": "b8d1f0a7-5e2c-4963-8d7b-0c4a9e6f3100",
		"correlation_id": "4f7a2c95-d803-4be1-96c7-2a1d5e8b9f40",
		"error_uri":      fmt.Sprintf("https://standin.invalid/error?code=%d", code),
	})
}

func answerJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// standInCertificates makes an authority of its own and a certificate of it for
// localhost.
func standInCertificates() (caPEM []byte, certificate tls.Certificate, err error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	key, keyErr := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err = errors.Join(err, keyErr); err != nil {
		return nil, certificate, err
	}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Stand-in authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	leafDER, leafErr := x509.CreateCertificate(rand.Reader, leaf, ca, key.Public(), caKey)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER}),
		tls.Certificate{Certificate: [][]byte{leafDER}, PrivateKey: key}, errors.Join(err, leafErr)
}
