package input

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"path/filepath"
	"strings"

	"m2m/internal/text"
)

// format is a form of keys and certificates that is not read, and what to do.
type format struct {
	// is says what it is.
	is string
	// convert is a command with IN and OUT for files; empty if there is none.
	convert string
}

func (f format) notError(path string) *NotError {
	if f.convert == "" {
		return not(f.is)
	}
	return not(f.is, "convert it: "+fillIn(f.convert, path))
}

// fillIn puts a file's name into a command, and next to it that of the result.
func fillIn(command, path string) string {
	if path == "" || path == "-" {
		path = "FILE"
	}
	stem := strings.TrimSuffix(path, filepath.Ext(path))
	out := stem + ".pem"
	if out == path {
		out = stem + "-converted.pem"
	}
	return strings.NewReplacer(
		"IN", text.ShellQuote(path), "OUT.pfx", text.ShellQuote(stem+".pfx"), "OUT", text.ShellQuote(out),
	).Replace(command)
}

// Conversions that several formats share.
const (
	opensshConvert = `ssh-keygen -p -N "" -m PKCS8 -f IN`
	p7bConvert     = "openssl pkcs7 -print_certs -in IN -out OUT"
	p7bDERConvert  = "openssl pkcs7 -inform der -print_certs -in IN -out OUT"
)

// labels are the PEM blocks that hold neither certificate nor private key, and
// those that hold one in a form which is not read.
var labels = map[string]format{
	"OPENSSH PRIVATE KEY":     {"a private key in OpenSSH's own form", opensshConvert},
	"SSH2 PUBLIC KEY":         {"an SSH public key", ""},
	"PUBLIC KEY":              {"a public key, without its certificate and private key", ""},
	"RSA PUBLIC KEY":          {"a public key, without its certificate and private key", ""},
	"PKCS7":                   {"a PKCS#7 (P7B) file: certificates, without a private key", p7bConvert},
	"CMS":                     {"a PKCS#7 (P7B) file: certificates, without a private key", p7bConvert},
	"CERTIFICATE REQUEST":     {"a certificate request (CSR), not a certificate", ""},
	"NEW CERTIFICATE REQUEST": {"a certificate request (CSR), not a certificate", ""},
	"X509 CRL":                {"a revocation list, not a certificate", ""},
	"PGP PRIVATE KEY BLOCK":   {"a PGP key", ""},
	"PGP PUBLIC KEY BLOCK":    {"a PGP key", ""},
	"PGP MESSAGE":             {"a PGP message", ""},
	"SSH2 ENCRYPTED PRIVATE KEY": {
		"a private key of PuTTY or SSH2", "puttygen IN -O private-openssh -o OUT",
	},
}

// Foreign returns what a bundle is that holds no certificate and no private key in a
// form that is read; nil if it does. path is put into the command that converts it.
func (b Bundle) Foreign(path string) *NotError {
	if b.Blocks == nil {
		if n := magicOf(b.DER); n != nil {
			return n.notError(path)
		}
		if n := derKind(b.DER); n != nil {
			return n.notError(path)
		}
		return nil
	}
	var foreign *NotError
	for _, block := range b.Blocks {
		f, ok := labels[block.Type]
		if !ok {
			continue
		}
		if strings.Contains(f.is, "private key") || foreign == nil {
			foreign = f.notError(path)
		}
	}
	return foreign
}

// Certificate parses the certificate in a block. What follows it in a TRUSTED
// CERTIFICATE, OpenSSL's own form, is passed over.
func (b Block) Certificate() (*x509.Certificate, error) {
	var first asn1.RawValue
	if _, err := asn1.Unmarshal(b.Bytes, &first); err != nil {
		return nil, errPEMDER
	}
	return x509.ParseCertificate(first.FullBytes)
}

// magics begin files that are neither PEM nor ASN.1.
var magics = []struct {
	begins string
	format
}{
	{"\xfe\xed\xfe\xed", format{
		"a Java keystore (JKS)", "keytool -importkeystore -srckeystore IN -destkeystore OUT.pfx -deststoretype pkcs12",
	}},
	{"\xce\xce\xce\xce", format{
		"a Java keystore (JCEKS)",
		"keytool -importkeystore -srcstoretype jceks -srckeystore IN -destkeystore OUT.pfx -deststoretype pkcs12",
	}},
	{"PK\x03\x04", format{"a ZIP archive", "unzip IN"}},
	{"\x1f\x8b", format{"a gzip file", "gunzip IN"}},
	{"PuTTY-User-Key-File", format{"a private key of PuTTY", "puttygen IN -O private-openssh -o OUT"}},
	{"version https://git-lfs", format{"a Git LFS pointer, not the file itself", "git lfs pull"}},
	{"SQLite format 3", format{"a key database (NSS)", ""}},
	{"ssh-", format{"an SSH public key", ""}},
	{"ecdsa-sha2-", format{"an SSH public key", ""}},
}

func magicOf(data []byte) *format {
	for _, m := range magics {
		if bytes.HasPrefix(data, []byte(m.begins)) {
			return &m.format
		}
	}
	return nil
}

// oidSignedData marks PKCS#7 signed data (RFC 2315), which a P7B file is.
var oidSignedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}

// derKind returns what a DER structure is, unless it is a PFX.
func derKind(der []byte) *format {
	var signed struct {
		OID     asn1.ObjectIdentifier
		Content asn1.RawValue
	}
	if _, err := asn1.Unmarshal(der, &signed); err == nil && signed.OID.Equal(oidSignedData) {
		return &format{"a PKCS#7 (P7B) file: certificates, without a private key", p7bDERConvert}
	}
	if _, err := x509.ParseCertificate(der); err == nil {
		return &format{"a certificate in DER form, without its private key", "openssl x509 -inform der -in IN -out OUT"}
	}
	if _, err := x509.ParseCertificateRequest(der); err == nil {
		return &format{"a certificate request (CSR), not a certificate", ""}
	}
	if _, err := x509.ParsePKIXPublicKey(der); err == nil {
		return &format{"a public key, without its certificate and private key", ""}
	}
	if isPrivateKey(der) {
		return &format{"a private key in DER form, without its certificate", "openssl pkey -inform der -in IN -out OUT"}
	}
	return nil
}

func isPrivateKey(der []byte) bool {
	if _, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return true
	}
	if _, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return true
	}
	_, err := x509.ParseECPrivateKey(der)
	return err == nil
}

// describeKeys says what data is that holds neither PEM nor DER.
func describeKeys(data []byte) *NotError {
	if f := magicOf(data); f != nil {
		return f.notError("")
	}
	s, _ := Text(data)
	s = trimAround(s)
	switch {
	case strings.HasPrefix(s, "{") && strings.Contains(s, `"kty"`):
		return not("a JSON Web Key, not PEM or PFX", "export the certificate with its private key as PEM or PFX")
	case strings.HasPrefix(s, "{"), strings.HasPrefix(s, "["):
		return not("JSON without a certificate in it", "take the certificate and its private key out of it")
	case strings.HasPrefix(s, "<"):
		if strings.Contains(s, "RSAKeyValue") {
			return not("a key in XML form (.NET)", "export the certificate with its private key as PFX")
		}
		return not("an HTML or XML page", "download the file again: a sign-in page came in its place")
	case isJWTText(s):
		return not("a token").usableAs(UseFederatedToken)
	case strings.Contains(s, "END "), strings.HasPrefix(s, "MII"):
		return not("PEM without its BEGIN line, or cut off", "copy the file again, whole")
	case isEntraSecret(s):
		return not("a client secret").usableAs(UseSecretFile)
	}
	return not("neither PEM nor a PFX (PKCS#12)")
}
