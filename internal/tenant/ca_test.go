package tenant_test

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"slices"
	"testing"
	"time"

	"m2m/internal/tenant"
)

func readCA(t *testing.T, caPEM []byte) *x509.Certificate {
	t.Helper()
	block, rest := pem.Decode(caPEM)
	if block == nil || block.Type != "CERTIFICATE" || len(rest) != 0 {
		t.Fatalf("CAPEM is not one certificate: %s", caPEM)
	}
	ca, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func TestCAIsConstrained(t *testing.T) {
	r := start(t, config(sample()))
	ca := readCA(t, r.CAPEM())
	if _, ok := ca.PublicKey.(*ecdsa.PublicKey); !ok || !ca.IsCA || !ca.MaxPathLenZero || !ca.PermittedDNSDomainsCritical {
		t.Errorf("key %T, CA %t, path length zero %t, constraints critical %t", ca.PublicKey, ca.IsCA, ca.MaxPathLenZero,
			ca.PermittedDNSDomainsCritical)
	}
	if !slices.Contains(ca.PermittedDNSDomains, "localhost") ||
		!slices.Contains(ca.PermittedDNSDomains, "login.microsoftonline.com") {
		t.Errorf("permitted DNS names: %v", ca.PermittedDNSDomains)
	}
	if slices.Contains(ca.PermittedDNSDomains, "") {
		t.Error("the empty DNS name permits every name")
	}
	var ranges []string
	for _, r := range ca.PermittedIPRanges {
		ranges = append(ranges, r.String())
	}
	if !slices.Equal(ranges, []string{"127.0.0.0/8", "::1/128"}) {
		t.Errorf("permitted addresses: %v", ranges)
	}
}

func TestLeafIsForLoopback(t *testing.T) {
	r := start(t, config(sample()))
	roots := x509.NewCertPool()
	roots.AddCert(readCA(t, r.CAPEM()))
	address := r.Origin()[len("https://"):]
	for name, good := range map[string]bool{"127.0.0.1": true, "::1": true, "localhost": true, "example.com": false} {
		conn, err := tls.Dial("tcp", address, &tls.Config{RootCAs: roots, ServerName: name})
		if (err == nil) != good {
			t.Errorf("TLS as %s: %v", name, err)
		}
		if err == nil {
			conn.Close()
		}
	}
}

// Two runs make two CAs, which a bundle can hold side by side.
func TestEveryRunHasItsOwnCA(t *testing.T) {
	one, two := start(t, config(sample())), start(t, config(sample()))
	a, b := readCA(t, one.CAPEM()), readCA(t, two.CAPEM())
	if a.Equal(b) || a.Subject.String() == b.Subject.String() {
		t.Errorf("two runs have the CA %s", a.Subject)
	}
}

// The tenant's clock is not that of TLS: clients check certificates by their own.
func TestTLSFollowsTheMachinesClock(t *testing.T) {
	cfg := config(sample())
	cfg.Now = func() time.Time { return time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC) }
	r := start(t, cfg)
	if got := r.get("/common/discovery/keys"); got.status != 200 {
		t.Errorf("HTTP %d", got.status)
	}
}

func TestListenerOnIPv6(t *testing.T) {
	ln, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skip("this machine has no IPv6 loopback")
	}
	defer ln.Close()
	i, err := tenant.New(ln, config(sample()))
	if err != nil {
		t.Fatal(err)
	}
	if want := "https://" + ln.Addr().String(); i.Origin() != want {
		t.Errorf("the origin is %s, want %s", i.Origin(), want)
	}
}

// All of 127.0.0.0/8 is loopback, and the tenant can be given any of it.
func TestListenerOnAnotherLoopback(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Skip("this machine has only 127.0.0.1 for its loopback")
	}
	r := startOn(t, ln, config(sample()))
	if got := r.get("/common/discovery/keys"); got.status != 200 {
		t.Errorf("HTTP %d", got.status)
	}
}
