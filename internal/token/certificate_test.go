package token_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"m2m/internal/entra"
	"m2m/internal/explain"
	"m2m/internal/input"
	"m2m/internal/token"
)

const (
	testPassword = "m2m-test"
	// The thumbprint of the certificate in testdata, as openssl x509
	// -fingerprint prints it, less its colons.
	testSHA1 = "A1458BD1411DEDD9C5FE0B64BF98C3A381C6F5A2"
)

func TestCertificateFilesOfOpenSSL(t *testing.T) {
	for _, name := range []string{"plain.pem", "encrypted.pem", "scrypt.pem", "openssl3.pfx", "legacy.pfx"} {
		t.Run(name, func(t *testing.T) {
			s := newStandIn(t)
			s.key = publicKey(t, "testdata/plain.pem")
			cred, err := loadCertificate("testdata/"+name, entra.NewSecret(testPassword), false)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(cred.String(), "SHA-1 thumbprint "+testSHA1+",") {
				t.Errorf("the credential calls itself %q, without its thumbprint", cred)
			}
			r := s.request()
			r.Credential = cred
			if _, err := s.client("").Acquire(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			if header, _, _ := s.open(s.lastForm()["client_assertion"]); header["x5c"] != nil {
				t.Error("x5c was sent unasked")
			}
		})
	}
}

// TestChainIsOrdered: the file has root, leaf, intermediate and a stranger; x5c
// must have leaf, intermediate, root.
func TestChainIsOrdered(t *testing.T) {
	root := issue(t, "root", nil, time.Hour)
	middle := issue(t, "middle", root, time.Hour)
	leaf := issue(t, "leaf", middle, time.Hour)
	stranger := issue(t, "stranger", nil, time.Hour)
	file := writeFile(t, "chain.pem", root.cert()+stranger.cert()+leaf.cert()+leaf.keyPEM(t)+middle.cert())
	s := newStandIn(t)
	s.key = &leaf.key.(*rsa.PrivateKey).PublicKey
	cred, err := loadCertificate(file, entra.Secret{}, true)
	if err != nil {
		t.Fatal(err)
	}
	r := s.request()
	r.Credential = cred
	if _, err := s.client("").Acquire(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	header, _, _ := s.open(s.lastForm()["client_assertion"])
	var want []any
	for _, p := range []*pair{leaf, middle, root} {
		want = append(want, base64.StdEncoding.EncodeToString(p.leaf.Raw))
	}
	if fmt.Sprint(header["x5c"]) != fmt.Sprint(want) {
		t.Errorf("x5c = %v,\nwant %v", header["x5c"], want)
	}
}

func TestCertificateFaultsAreNamed(t *testing.T) {
	a, b := issue(t, "a", nil, time.Hour), issue(t, "b", nil, time.Hour)
	ec := issueEC(t)
	pfx, err := pkcs12.Modern.Encode(a.key, a.leaf, nil, testPassword)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, content, password string
		want                    error
	}{
		{"empty", "", "", errNot},
		{"text", "hello", "", errNot},
		{"a certificate in DER form", string(a.leaf.Raw), "", errNot},
		{"a key in DER form", keyDER(t, a.keyPEM(t)), "", errNot},
		{"no key but OpenSSH's", a.cert() + openssh, "", token.ErrNoPrivateKey},
		{"a block cut off", a.keyPEM(t) + cutOff(a.cert()), "", token.ErrCertificateForm},
		{"no key", a.cert(), "", token.ErrNoPrivateKey},
		{"no certificate", a.keyPEM(t), "", token.ErrNoCertificate},
		{"key of another", a.cert() + b.keyPEM(t), "", token.ErrKeyMismatch},
		{"EC key", ec.cert() + ec.keyPEM(t), "", token.ErrKeyKind},
		{"encrypted PEM, no password", testFile(t, "encrypted.pem"), "", token.ErrPasswordMissing},
		{"encrypted PEM, wrong password", testFile(t, "encrypted.pem"), "wrong", token.ErrPasswordWrong},
		{"traditional encryption", testFile(t, "traditional.pem"), testPassword, token.ErrKeyEncryption},
		{"PFX, no password", string(pfx), "", token.ErrPasswordMissing},
		{"PFX, wrong password", string(pfx), "wrong", token.ErrPasswordWrong},
		{"old PFX, wrong password", testFile(t, "legacy.pfx"), "wrong", token.ErrPasswordWrong},
		{"cut PFX", string(pfx[:len(pfx)/2]), testPassword, errNot},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := writeFile(t, "app.pem", tt.content)
			_, err := loadCertificate(path, entra.NewSecret(tt.password), false)
			var setting *token.SettingError
			isNot := tt.want == errNot && errors.As(err, new(*input.NotError))
			if !errors.As(err, &setting) || !isNot && !errors.Is(err, tt.want) || setting.Found != path {
				t.Fatalf("error = %v, want a SettingError of %v", err, tt.want)
			}
			if strings.Contains(err.Error(), "asn1:") {
				t.Errorf("the error has the words of a parser: %v", err)
			}
		})
	}
}

// errNot stands for any input.NotError.
var errNot = errors.New("an input.NotError")

const openssh = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----\n"

// cutOff removes a line in the middle of a PEM block.
func cutOff(block string) string {
	lines := strings.SplitAfter(block, "\n")
	return strings.Join(append(lines[:4:4], lines[5:]...), "")
}

// TestRenewedCertificateIsChosen: the file has the old pair first, with the same key
// or with another.
func TestRenewedCertificateIsChosen(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	old, renewed := sign(t, "old", key, nil, -time.Minute), sign(t, "renewed", key, nil, time.Hour)
	other := issue(t, "other", nil, time.Hour)
	for name, tt := range map[string]struct{ content, want string }{
		"one key":                     {old.keyPEM(t) + old.cert() + renewed.cert(), "renewed"},
		"two keys":                    {old.cert() + old.keyPEM(t) + other.keyPEM(t) + other.cert(), "other"},
		"both valid":                  {renewed.keyPEM(t) + renewed.cert() + other.keyPEM(t) + other.cert(), "renewed"},
		"only an old one":             {old.keyPEM(t) + old.cert(), "old"},
		"trusted, of OpenSSL":         {strings.ReplaceAll(renewed.keyPEM(t)+renewed.cert(), "CERTIFICATE", "TRUSTED CERTIFICATE"), "renewed"},
		"key under a wrong label":     {strings.ReplaceAll(renewed.keyPEM(t)+renewed.cert(), "PRIVATE KEY", "RSA PRIVATE KEY"), "renewed"},
		"next to an unreadable block": {renewed.keyPEM(t) + renewed.cert() + cutOff(other.cert()), "renewed"},
	} {
		cred, err := loadCertificate(writeFile(t, "app.pem", tt.content), entra.Secret{}, false)
		if err != nil || !strings.Contains(cred.String(), "CN="+tt.want+`"`) {
			t.Errorf("%s: %v, %v, want %s", name, cred, err, tt.want)
		}
	}
}

func TestUnknownCertificateIsNamedInTheRefusal(t *testing.T) {
	s := newStandIn(t)
	cred, err := loadCertificate("testdata/plain.pem", entra.Secret{}, false)
	if err != nil {
		t.Fatal(err)
	}
	r := s.request()
	r.Credential = cred
	err = acquire(t, s.client(""), r)
	var refusal *token.Refusal
	if !errors.As(err, &refusal) || refusal.AADSTS[0] != 700027 ||
		!strings.Contains(strings.Join(explain.CommandLine.Hints(refusal), "\n"), testSHA1) {
		t.Fatalf("error = %v, want AADSTS700027 with the thumbprint in a hint", err)
	}
}

func TestCertificateOutOfTimeIsNotSent(t *testing.T) {
	s := newStandIn(t)
	p := issue(t, "app", nil, time.Hour)
	cred, err := loadCertificate(writeFile(t, "app.pem", p.cert()+p.keyPEM(t)), entra.Secret{}, false)
	if err != nil {
		t.Fatal(err)
	}
	for offset, want := range map[time.Duration]error{
		2 * time.Hour: token.ErrCertificateExpired, -2 * time.Hour: token.ErrCertificateNotYet,
	} {
		c, r := s.client(""), s.request()
		c.Now = func() time.Time { return time.Now().Add(offset) }
		r.Credential = cred
		err := acquire(t, c, r)
		if !errors.Is(err, want) || !errors.Is(err, token.ErrSettings) || !strings.Contains(err.Error(), "thumbprint") {
			t.Errorf("error = %v, want %v with a thumbprint", err, want)
		}
	}
	if s.count() != 0 {
		t.Error("something was sent")
	}
}

// pair is a certificate and its key, made for a test.
type pair struct {
	leaf *x509.Certificate
	key  crypto.Signer
}

func issue(t testing.TB, name string, issuer *pair, life time.Duration) *pair {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return sign(t, name, key, issuer, life)
}

func issueEC(t testing.TB) *pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return sign(t, "ec", key, nil, time.Hour)
}

func sign(t testing.TB, name string, key crypto.Signer, issuer *pair, life time.Duration) *pair {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(life),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	parent, signer := template, key
	if issuer != nil {
		parent, signer = issuer.leaf, issuer.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &pair{leaf, key}
}

func (p *pair) cert() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.leaf.Raw}))
}

func (p *pair) keyPEM(t testing.TB) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(p.key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func keyDER(t testing.TB, keyPEM string) string {
	t.Helper()
	block, _ := pem.Decode([]byte(keyPEM))
	if block == nil {
		t.Fatal("no PEM")
	}
	return string(block.Bytes)
}

func testFile(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// publicKey returns the public key of the private key in a PEM file.
func publicKey(t testing.TB, path string) *rsa.PublicKey {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
			return &key.(*rsa.PrivateKey).PublicKey
		}
	}
	t.Fatal("no key in " + path)
	return nil
}
