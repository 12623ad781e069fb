package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"m2m/internal/settings"
)

// clientFiles are what the programs of TestClients find on disk.
type clientFiles struct {
	tenant         string // for --tenant-file
	certificate    string // with its key
	federatedToken string
	outsideCA      string // of the outside issuer
}

// tenantForClients has one app with every credential.
const tenantForClients = `tenants:
  - id: bcca9397-21fa-44b1-a33d-6669fb9ef64d
    apis:
      - {id: 413888a3-2980-4619-b44a-e678d0ffb4e6, uris: [api://m2m-demo], version: 2.0, roles: [Data.Read]}
    clients:
      - id: e11eefb9-fb70-4de4-9a7c-3a3592fdd502
        secrets: [generate]
        certificates:
          - file: certificate.pem
        federated:
          - {issuer: %q, subject: %q}
        grants:
          - {api: api://m2m-demo, roles: [Data.Read]}
`

func writeClientFiles(t *testing.T, outside *outside) clientFiles {
	t.Helper()
	dir := t.TempDir()
	files := clientFiles{
		tenant: filepath.Join(dir, "tenant.yaml"), certificate: filepath.Join(dir, "client.pem"),
		federatedToken: filepath.Join(dir, "matching.jwt"), outsideCA: filepath.Join(dir, "outside-ca.pem"),
	}
	certificate, key, err := newClientCertificate()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(
		os.WriteFile(filepath.Join(dir, "certificate.pem"), certificate, 0o600),
		os.WriteFile(files.certificate, append(certificate, key...), 0o600),
		os.WriteFile(files.outsideCA, outside.caPEM(), 0o600),
		os.WriteFile(files.tenant, fmt.Appendf(nil, tenantForClients, outside.URL, workflowSubject), 0o600),
		outside.writeTokens(dir),
	); err != nil {
		t.Fatal(err)
	}
	return files
}

// newClientCertificate makes a certificate that signs itself, as most apps use.
func newClientCertificate() (certificate, key []byte, err error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a client"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return nil, nil, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), err
}

// parentNetwork is a running parentproxy.
type parentNetwork struct {
	proxy string // for HTTPS_PROXY
	roots string // a file with the network's CA, and others
	log   string
}

// startParentProxy runs a parentproxy until the test ends.
func startParentProxy(t *testing.T, otherRoots string) parentNetwork {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("parentproxy", dir)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	variables := filepath.Join(dir, "proxy.env")
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(variables); err == nil {
			break
		}
	}
	text, err := os.ReadFile(variables)
	ca, caErr := os.ReadFile(filepath.Join(dir, "network-ca.pem"))
	other, otherErr := os.ReadFile(otherRoots)
	roots := filepath.Join(dir, "roots.pem")
	if err := errors.Join(err, caErr, otherErr, os.WriteFile(roots, append(ca, other...), 0o600)); err != nil {
		t.Fatal(err)
	}
	proxy, _ := settings.LookupVariable(strings.Fields(string(text)), "HTTPS_PROXY")
	return parentNetwork{proxy, roots, filepath.Join(dir, "asked.log")}
}

// assertAskedFor compares what the proxy was asked for so far.
func (n parentNetwork) assertAskedFor(t *testing.T, want ...string) {
	t.Helper()
	log, err := os.ReadFile(n.log)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(string(log)) {
		request, _, _ := strings.Cut(line, ` "Basic `)
		got = append(got, request)
	}
	if !slices.Equal(got, want) {
		t.Errorf("the network's proxy was asked for %q, want %q", got, want)
	}
}
