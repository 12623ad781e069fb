package token_test

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"m2m/internal/entra"
	"m2m/internal/token"
)

// TestCostlyPFX: a PFX names its rounds three times (for the certificates, the
// key and the MAC), and whoever made it may have made it for an empty password,
// which everybody knows.
func TestCostlyPFX(t *testing.T) {
	app := issue(t, "app", nil, time.Hour)
	for name, encoder := range map[string]*pkcs12.Encoder{"modern": pkcs12.Modern, "DES": pkcs12.LegacyDES,
		"RC2": pkcs12.LegacyRC2} {
		honest, err := encoder.WithIterations(0x123).Encode(app.key, app.leaf, nil, "")
		if err != nil {
			t.Fatal(err)
		}
		path := writeFile(t, "app.pfx", string(honest))
		if _, err := loadCertificate(path, entra.Secret{}, false); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		isCostly, err := encoder.WithIterations(0x10203).Encode(app.key, app.leaf, nil, "")
		if err != nil {
			t.Fatal(err)
		}
		few, many := []byte{2, 3, 1, 2, 3}, []byte{2, 3, 0x7f, 0xff, 0xff}
		if n := bytes.Count(isCostly, few); n != 3 {
			t.Fatalf("%s: the rounds stand in %d places, want 3", name, n)
		}
		for place := range 3 {
			parts := bytes.SplitN(isCostly, few, place+2)
			path := writeFile(t, "app.pfx", string(bytes.Join(parts[:place+1], few))+string(many)+string(parts[place+1]))
			if _, err := loadCertificate(path, entra.Secret{}, false); !errors.Is(err, token.ErrKeyEncryption) {
				t.Errorf("%s, place %d: error = %v, want ErrKeyEncryption", name, place, err)
			}
		}
	}
}

// TestCostlyPEM changes the numbers of keys that OpenSSL encrypted. With a right
// password they would not open, and with these they are not even tried.
func TestCostlyPEM(t *testing.T) {
	for _, tt := range []struct {
		file      string
		from, to  []byte
		wantTried bool
	}{
		{"encrypted.pem", []byte{2, 2, 8, 0}, []byte{2, 2, 7, 0}, true},
		{"scrypt.pem", []byte{2, 2, 0x40, 0, 2, 1, 8, 2, 1, 1}, []byte{2, 2, 0x40, 0, 2, 1, 9, 2, 1, 1}, true},
		{"scrypt.pem", []byte{2, 2, 0x40, 0, 2, 1, 8, 2, 1, 1}, []byte{2, 2, 0x40, 0, 2, 1, 127, 2, 1, 2}, false},
	} {
		t.Run(fmt.Sprint(tt.file, tt.to), func(t *testing.T) {
			block, rest := pem.Decode([]byte(testFile(t, tt.file)))
			for block != nil && block.Type != "ENCRYPTED PRIVATE KEY" {
				block, rest = pem.Decode(rest)
			}
			if block == nil || !bytes.Contains(block.Bytes, tt.from) {
				t.Fatalf("the numbers are not there: %x", block.Bytes[:100])
			}
			block.Bytes = bytes.Replace(block.Bytes, tt.from, tt.to, 1)
			path := writeFile(t, "app.pem", string(pem.EncodeToMemory(block)))
			_, err := loadCertificate(path, entra.NewSecret(testPassword), false)
			if tried := errors.Is(err, token.ErrPasswordWrong); tried != tt.wantTried || !tried &&
				!errors.Is(err, token.ErrKeyEncryption) {
				t.Errorf("error = %v, want it tried: %v", err, tt.wantTried)
			}
		})
	}
}
