package token

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/youmark/pkcs8"
	"software.sslmate.com/src/go-pkcs12"
)

// bundle is what a certificate file holds, in the order of the file.
type bundle struct {
	certificates []*x509.Certificate
	keys         []any
}

// parseCertificate reads PEM or PFX and finds the key's certificate in it.
func parseCertificate(data []byte, password string) (certificate, error) {
	parse := parsePFX
	if bytes.Contains(data, []byte("-----BEGIN ")) {
		parse = parsePEM
	}
	b, err := parse(data, password)
	if err != nil {
		return certificate{}, err
	}
	return b.pair()
}

// pair returns the one RSA key that a certificate was made from, and the chain
// that begins with that certificate.
func (b bundle) pair() (certificate, error) {
	switch {
	case len(b.certificates) == 0:
		return certificate{}, ErrNoCertificate
	case len(b.keys) == 0:
		return certificate{}, ErrNoPrivateKey
	}
	rsaKeys := 0
	for _, key := range b.keys {
		private, ok := key.(*rsa.PrivateKey)
		if !ok {
			continue
		}
		rsaKeys++
		for _, cert := range b.certificates {
			if private.PublicKey.Equal(cert.PublicKey) {
				return certificate{chain: chainFrom(cert, b.certificates), key: private}, nil
			}
		}
	}
	if rsaKeys == 0 {
		return certificate{}, ErrKeyKind
	}
	return certificate{}, fmt.Errorf("%w: the first is %s", ErrKeyMismatch, describe(b.certificates[0]))
}

// chainFrom orders certificates for x5c (RFC 7515 section 4.1.6): the leaf, then
// each one's issuer. Certificates that are not part of the chain are left out.
func chainFrom(leaf *x509.Certificate, pool []*x509.Certificate) []*x509.Certificate {
	chain := []*x509.Certificate{leaf}
	for last := leaf; !bytes.Equal(last.RawIssuer, last.RawSubject); {
		i := slices.IndexFunc(pool, func(c *x509.Certificate) bool {
			return bytes.Equal(c.RawSubject, last.RawIssuer) && !slices.Contains(chain, c) && last.CheckSignatureFrom(c) == nil
		})
		if i < 0 {
			break
		}
		last = pool[i]
		chain = append(chain, last)
	}
	return chain
}

// parsePEM reads certificates and keys of a PEM file; other blocks, such as
// parameters, are passed over.
func parsePEM(data []byte, password string) (bundle, error) {
	var b bundle
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			return b, nil
		}
		if err := b.add(block, password); err != nil {
			return bundle{}, err
		}
	}
}

func (b *bundle) add(block *pem.Block, password string) error {
	switch {
	case block.Type == "CERTIFICATE":
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return fmt.Errorf("%w: %w", errCertificateMalformed, err)
		}
		b.certificates = append(b.certificates, cert)
	case strings.HasSuffix(block.Type, "PRIVATE KEY"):
		key, err := parseKey(block, password)
		if err != nil {
			return err
		}
		b.keys = append(b.keys, key)
	}
	return nil
}

func parseKey(block *pem.Block, password string) (any, error) {
	if strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
		// The key is derived with one round of MD5, the padding is an oracle;
		// the standard library has deprecated reading it.
		return nil, fmt.Errorf("%w: the traditional form, DEK-Info", ErrKeyEncryption)
	}
	switch block.Type {
	case "RSA PRIVATE KEY":
		return malformedKey(x509.ParsePKCS1PrivateKey(block.Bytes))
	case "EC PRIVATE KEY":
		return malformedKey(x509.ParseECPrivateKey(block.Bytes))
	case "ENCRYPTED PRIVATE KEY":
		return decryptKey(block.Bytes, password)
	}
	return malformedKey(x509.ParsePKCS8PrivateKey(block.Bytes))
}

// malformedKey says that a key could not be parsed, without repeating any of it.
func malformedKey[K any](key K, err error) (any, error) {
	if err != nil {
		return nil, fmt.Errorf("%w: the private key in it cannot be parsed", ErrNoPrivateKey)
	}
	return key, nil
}

// decryptKey opens an encrypted PKCS#8 key (RFC 5958, PBES2 of RFC 8018).
func decryptKey(der []byte, password string) (any, error) {
	if password == "" {
		return nil, ErrPasswordMissing
	}
	if err := checkKeyDerivation(der); err != nil {
		return nil, err
	}
	key, _, err := pkcs8.ParsePrivateKey(der, []byte(password))
	switch {
	case err == nil:
		return key, nil
	case strings.Contains(err.Error(), "incorrect password"): // it has no sentinel
		return nil, ErrPasswordWrong
	}
	return nil, fmt.Errorf("%w: %w", ErrKeyEncryption, err)
}

// parsePFX reads a PFX as OpenSSL 3, Windows or older tools write it.
func parsePFX(der []byte, password string) (bundle, error) {
	if !isPFX(der) {
		return bundle{}, errNotPFX(der)
	}
	if err := checkKeyDerivation(der); err != nil {
		return bundle{}, err
	}
	key, leaf, others, err := pkcs12.DecodeChain(der, password)
	switch {
	case err == nil:
		return bundle{certificates: append([]*x509.Certificate{leaf}, others...), keys: []any{key}}, nil
	case errors.Is(err, pkcs12.ErrIncorrectPassword) && password == "":
		return bundle{}, ErrPasswordMissing
	case errors.Is(err, pkcs12.ErrIncorrectPassword), errors.Is(err, pkcs12.ErrDecryption):
		return bundle{}, ErrPasswordWrong
	}
	return bundle{}, fmt.Errorf("%w: %w", ErrCertificateForm, err)
}

// isPFX reports whether der begins as a PFX does (RFC 7292 section 4): whole,
// and of version 3. What follows is for its parser.
func isPFX(der []byte) bool {
	var pfx struct {
		Version  int
		AuthSafe asn1.RawValue
		MacData  asn1.RawValue `asn1:"optional"`
	}
	rest, err := asn1.Unmarshal(der, &pfx)
	return err == nil && len(rest) == 0 && pfx.Version == 3
}

// errNotPFX says what a file is that has neither form: the portal and Windows
// export certificates in DER form.
func errNotPFX(der []byte) error {
	if _, err := x509.ParseCertificate(der); err == nil {
		return fmt.Errorf("%w: it is a certificate in DER form, without its key", ErrCertificateForm)
	}
	return ErrCertificateForm
}

// An encrypted key states how much work opening it takes, and a hostile one states
// hours or all memory. PBKDF2, the older derivations of PKCS#12 and the
// MAC of a PFX are bounded by their rounds (the advice of 2026 is about a
// million), scrypt by the product of its three numbers: 128 bytes for each make
// a quarter of a gigabyte.
const (
	maxRounds     = 5_000_000
	maxScryptCost = 1 << 21
)

// maxNesting bounds how deep the structure is followed; the parameters of a key
// in a PFX lie 17 deep.
const maxNesting = 32

// checkKeyDerivation returns an error if opening an encrypted key or a PFX costs
// more than any honest one does. It sees only what is not itself encrypted. What
// is not DER is left to the parsers.
func checkKeyDerivation(der []byte) error {
	if isCostly(der, maxNesting) {
		return fmt.Errorf("%w: its key derivation would take too long", ErrKeyEncryption)
	}
	return nil
}

// isCostly looks for numbers that follow a salt: rounds in PBKDF2-params (RFC 8018
// appendix A.2), pkcs-12PbeParams and MacData (RFC 7292), and the three numbers
// of scrypt-params (RFC 7914 section 7.1). In certificates and plain keys no
// number follows an octet string.
func isCostly(der []byte, depth int) bool {
	var afterSalt []*big.Int // nil: there was none
	for len(der) > 0 && depth > 0 {
		var v asn1.RawValue
		rest, err := asn1.Unmarshal(der, &v)
		if err != nil {
			return false
		}
		der = rest
		switch {
		case v.Tag == asn1.TagInteger && !v.IsCompound && afterSalt != nil:
			if afterSalt = append(afterSalt, new(big.Int).SetBytes(v.Bytes)); isTooMuch(afterSalt) {
				return true
			}
			continue
		case v.IsCompound, holdsSequence(v):
			if isCostly(v.Bytes, depth-1) {
				return true
			}
		}
		afterSalt = nil
		if v.Tag == asn1.TagOctetString { // of any class: so reads go-pkcs12
			afterSalt = []*big.Int{}
		}
	}
	return false
}

// isTooMuch reports whether the numbers behind one salt are too large together.
func isTooMuch(numbers []*big.Int) bool {
	if len(numbers) == 1 {
		return numbers[0].Cmp(big.NewInt(maxRounds)) > 0
	}
	if len(numbers) != 3 {
		return false
	}
	product := big.NewInt(1)
	for _, n := range numbers {
		product.Mul(product, n)
	}
	return product.Cmp(big.NewInt(maxScryptCost)) > 0
}

// holdsSequence reports whether an octet string is one DER sequence and nothing
// else, as the content of a PFX is.
func holdsSequence(v asn1.RawValue) bool {
	if v.Tag != asn1.TagOctetString || len(v.Bytes) == 0 || v.Bytes[0] != 0x30 {
		return false
	}
	var inner asn1.RawValue
	rest, err := asn1.Unmarshal(v.Bytes, &inner)
	return err == nil && len(rest) == 0
}
