package input_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	mathrand "math/rand/v2"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"m2m/internal/input"
)

// pair returns DER of a certificate and its key. The certificate is random, so that
// its base64 has + in it.
func pair(t testing.TB) (cert, key []byte) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: strings.Repeat("\u00fb\u00ef", 9)}, NotAfter: time.Now().Add(time.Hour),
	}
	cert, err = x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	key, err = x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

func pemOf(label string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: label, Bytes: der}))
}

func utf16LE(s string) []byte {
	out := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(s)) {
		out = append(out, byte(unit), byte(unit>>8))
	}
	return out
}

// TestKeys: however a file of a key and a certificate was mangled, both are read.
func TestKeys(t *testing.T) {
	cert, key := pair(t)
	sound := pemOf("PRIVATE KEY", key) + pemOf("CERTIFICATE", cert)
	oneLine := strings.ReplaceAll(strings.TrimSpace(sound), "\n", " ")
	inJSON, err := json.Marshal(map[string]string{"value": sound, "id": "x"})
	if err != nil {
		t.Fatal(err)
	}
	once := base64.StdEncoding.EncodeToString([]byte(sound))
	keepMarks := strings.NewReplacer("BEGIN PRIVATE KEY", "BEGIN@PRIVATE@KEY", "END PRIVATE KEY", "END@PRIVATE@KEY")
	for name, mangled := range map[string][]byte{
		"as it is":              []byte(sound),
		"byte order mark":       []byte("\ufeff" + sound),
		"UTF-16":                utf16LE(sound),
		"UTF-16 without a mark": utf16LE(sound)[2:],
		"Windows line ends":     []byte(strings.ReplaceAll(sound, "\n", "\r\n")),
		"old Mac line ends":     []byte(strings.ReplaceAll(sound, "\n", "\r")),
		"one line":              []byte(oneLine),
		"one line, no space":    []byte(strings.ReplaceAll(strings.TrimSpace(sound), "\n", "")),
		"indented":              []byte("cert: |\n  " + strings.ReplaceAll(sound, "\n", "\n    ")),
		"tabs":                  []byte(strings.ReplaceAll(sound, "\n", "\n\t")),
		`\n written out`:        []byte(strings.ReplaceAll(sound, "\n", `\n`)),
		`\r\n written out`:      []byte(`"` + strings.ReplaceAll(sound, "\n", `\r\n`) + `"`),
		`\\n written out`:       []byte(strings.ReplaceAll(sound, "\n", `\\n`)),
		"glued":                 []byte(strings.ReplaceAll(sound, "-----\n-----", "----------")),
		"quotes":                []byte(`"` + sound + `"`),
		"a variable's name":     []byte(`CERT="` + sound + `"`),
		"+ as space":            []byte(keepMarks.Replace(strings.ReplaceAll(sound, "+", " "))),
		"+ as space, one line":  []byte(strings.ReplaceAll(oneLine, "+", " ")),
		"percent-encoded":       []byte(url.QueryEscape(sound)),
		"no END line":           []byte(strings.Replace(sound, "-----END PRIVATE KEY-----\n", "", 1)),
		"no last END line":      []byte(strings.Replace(sound, "-----END CERTIFICATE-----\n", "", 1)),
		"JSON":                  inJSON,
		"base64":                []byte(once),
		"base64, folded":        []byte(once[:64] + "\n" + once[64:] + "\n"),
		"base64 twice":          []byte(base64.StdEncoding.EncodeToString([]byte(once))),
		"bag attributes":        []byte("Bag Attributes\n    localKeyID: 01\nKey Attributes: <No Attributes>\n" + sound),
		"one dash lost":         []byte(strings.Replace(sound, "-----BEGIN PRIVATE KEY-----", "----BEGIN PRIVATE KEY-----", 1)),
		"long dashes":           []byte(strings.ReplaceAll(sound, "-----", "—–—")),
		"no-break spaces":       []byte(strings.ReplaceAll(sound, "\n", "\u00a0\n")),
		"spaces at line ends":   []byte(strings.ReplaceAll(sound, "\n", "  \n")),
		"empty lines":           []byte(strings.ReplaceAll(sound, "\n", "\n\n")),
	} {
		got, err := input.Keys(bytes.ReplaceAll(mangled, []byte("@PRIVATE@KEY"), []byte(" PRIVATE KEY")))
		if err != nil || len(got.Blocks) != 2 || got.Blocks[0].Err != nil || got.Blocks[1].Err != nil ||
			!bytes.Equal(got.Blocks[0].Bytes, key) || !bytes.Equal(got.Blocks[1].Bytes, cert) {
			t.Errorf("%s: %v, %d blocks, changed %q", name, err, len(got.Blocks), got.Changed)
		}
	}
	for name, given := range map[string][]byte{"DER": cert, "base64 of DER": []byte(base64.StdEncoding.EncodeToString(cert))} {
		if got, err := input.Keys(given); err != nil || !bytes.Equal(got.DER, cert) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestKeysPlusAsSpace: wherever in a block a + stood, at the end of a line and in the
// length of the DER too.
func TestKeysPlusAsSpace(t *testing.T) {
	random := mathrand.New(mathrand.NewPCG(1, 2))
	for n := range 300 {
		der := []byte{0x30, 0x82, 0x02, byte(0xf8 + n%8)}
		for len(der) < 4+0x2f8+n%8 {
			der = append(der, byte(random.Uint32()))
		}
		sound := pemOf("CERTIFICATE", der)
		mangled := strings.ReplaceAll(sound, "+", " ")
		for _, given := range []string{mangled, strings.ReplaceAll(mangled, "\n", " "), strings.ReplaceAll(mangled, "\n", "\r\n")} {
			got, err := input.Keys([]byte(given))
			if err != nil || len(got.Blocks) != 1 || got.Blocks[0].Err != nil || !bytes.Equal(got.Blocks[0].Bytes, der) {
				t.Fatalf("%d: %v, %+v\n%s", n, err, got.Blocks, sound)
			}
		}
	}
}

func TestKeysBlockThatCannotBeRead(t *testing.T) {
	cert, _ := pair(t)
	whole := pemOf("CERTIFICATE", cert)
	cut := strings.Split(whole, "\n")
	got, err := input.Keys([]byte(whole + "\n" + strings.Join(append(cut[:3:3], cut[len(cut)-2:]...), "\n") + whole))
	if err != nil || len(got.Blocks) != 3 || got.Blocks[0].Err != nil || got.Blocks[1].Err == nil || got.Blocks[2].Err != nil {
		t.Fatalf("%v, %+v", err, got.Blocks)
	}
	if want := strings.Count(whole, "\n") + 2; got.Blocks[1].Line != want {
		t.Errorf("line %d, want %d", got.Blocks[1].Line, want)
	}
}

// TestKeysForeign: what is no key or certificate is named, with the command that
// converts it.
func TestKeysForeign(t *testing.T) {
	cert, key := pair(t)
	for given, want := range map[string][2]string{
		"":                                   {"empty", "check the command"},
		" \n":                                {"empty", ""},
		pemOf("OPENSSH PRIVATE KEY", key):    {"OpenSSH", "ssh-keygen -p -N \"\" -m PKCS8 -f dir/a.pem"},
		pemOf("PKCS7", cert):                 {"PKCS#7", "openssl pkcs7 -print_certs -in dir/a.pem -out dir/a-converted.pem"},
		pemOf("PUBLIC KEY", cert):            {"a public key", ""},
		pemOf("CERTIFICATE REQUEST", cert):   {"CSR", ""},
		string(cert):                         {"in DER form, without its private key", "openssl x509 -inform der"},
		string(key):                          {"a private key in DER form", "openssl pkey -inform der"},
		"\xfe\xed\xfe\xed\x00\x00":           {"JKS", "keytool -importkeystore -srckeystore dir/a.pem -destkeystore dir/a.pfx"},
		"PuTTY-User-Key-File-2: ssh-rsa":     {"PuTTY", "puttygen"},
		"ssh-rsa AAAAB3Nz me@example":        {"SSH public key", ""},
		"<!DOCTYPE html><html>":              {"HTML", "sign-in page"},
		`{"error":"x"}`:                      {"JSON", ""},
		`{"kty":"RSA","n":"x","d":"y"}`:      {"JSON Web Key", ""},
		jwt:                                  {"a token", ""},
		secret:                               {"a client secret", ""},
		"hello":                              {"neither PEM nor a PFX", ""},
		"MIIabc":                             {"cut off", ""},
		"version https://git-lfs.github.com": {"Git LFS", "git lfs pull"},
	} {
		bundle, err := input.Keys([]byte(given))
		if err == nil {
			err = bundle.Foreign("dir/a.pem")
		}
		var not *input.NotError
		if !errors.As(err, &not) || !strings.Contains(not.Error(), want[0]) || !strings.Contains(strings.Join(not.Hints(), "\n"), want[1]) {
			t.Errorf("%.30q: %v, %+v", given, err, not)
		}
	}
}

func FuzzKeys(f *testing.F) {
	cert, key := pair(f)
	f.Add([]byte(pemOf("PRIVATE KEY", key) + pemOf("CERTIFICATE", cert)))
	f.Add(cert)
	f.Add([]byte("-----BEGIN A-----\\n----------END A-----"))
	f.Fuzz(func(t *testing.T, data []byte) {
		bundle, err := input.Keys(data)
		if err == nil && bundle.Blocks == nil && bundle.DER == nil {
			t.Error("neither blocks, nor DER, nor an error")
		}
		_ = bundle.Foreign("a")
	})
}
