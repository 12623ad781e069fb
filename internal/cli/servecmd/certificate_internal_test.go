package servecmd

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestCertificateReload changes the files of a certificate under a running server.
func TestCertificateReload(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	write := func(cert, key []byte) {
		t.Helper()
		for path, content := range map[string][]byte{certFile: cert, keyFile: key} {
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	first, firstKey := newPair(t, 1)
	second, secondKey := newPair(t, 2)
	third, thirdKey := newPair(t, 3)
	write(first, firstKey)

	var log bytes.Buffer
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	o := options{certFile: certFile, keyFile: keyFile}
	config, err := o.certificate(slog.New(slog.NewTextHandler(&log, nil)), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	const (
		changed = "level=INFO the TLS certificate was read again"
		broken  = "level=WARN the changed TLS certificate cannot be used; the old one is kept"
	)
	for _, step := range []struct {
		name      string
		cert, key []byte // nil: as before
		after     time.Duration
		serial    int64
		logged    []string
	}{
		{"at start", nil, nil, 0, 1, nil},
		{"unchanged", nil, nil, time.Minute, 1, nil},
		{"changed, not yet due", second, secondKey, certificateAge - 1, 1, nil},
		{"changed", nil, nil, 1, 2, []string{changed}},
		{"certificate written, key not yet", third, nil, certificateAge, 2, []string{broken}},
		{"still not", nil, nil, certificateAge, 2, nil},
		{"key written too", nil, thirdKey, certificateAge, 3, []string{changed}},
		{"not PEM", []byte("x"), nil, certificateAge, 3, []string{broken}},
		{"repaired", third, nil, certificateAge, 3, []string{changed}},
	} {
		cert, key := step.cert, step.key
		if cert == nil {
			cert, _ = os.ReadFile(certFile)
		}
		if key == nil {
			key, _ = os.ReadFile(keyFile)
		}
		write(cert, key)
		now = now.Add(step.after)
		log.Reset()
		used, err := config.GetCertificate(nil)
		if err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if got := used.Leaf.SerialNumber.Int64(); got != step.serial {
			t.Errorf("%s: certificate %d, want %d", step.name, got, step.serial)
		}
		if diff := cmp.Diff(step.logged, levelsAndMessages(log.String())); diff != "" {
			t.Errorf("%s: log (-want +got):\n%s", step.name, diff)
		}
	}
	if err := os.Remove(certFile); err != nil {
		t.Fatal(err)
	}
	for range 2 { // a file that is away is reported each time it is looked for
		now, log = now.Add(certificateAge), bytes.Buffer{}
		if used, err := config.GetCertificate(nil); err != nil || used.Leaf.SerialNumber.Int64() != 3 {
			t.Errorf("without the file: %v, %v", used, err)
		}
		if diff := cmp.Diff([]string{broken}, levelsAndMessages(log.String())); diff != "" {
			t.Errorf("without the file: log (-want +got):\n%s", diff)
		}
	}
}

// levelsAndMessages are the levels and messages of log lines.
func levelsAndMessages(log string) (all []string) {
	for line := range strings.Lines(log) {
		_, line, _ = strings.Cut(line, " ")
		level, line, _ := strings.Cut(line, ` msg="`)
		message, _, _ := strings.Cut(line, `"`)
		all = append(all, level+" "+message)
	}
	return all
}

// newPair makes a certificate with that serial number, and its key, in PEM form.
func newPair(t *testing.T, serial int64) (certificate, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
}
