package token

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/youmark/pkcs8"
	"software.sslmate.com/src/go-pkcs12"

	"m2m/internal/input"
)

// bundle is what a certificate file holds, in the order of the file.
type bundle struct {
	certificates []*x509.Certificate
	keys         []any
	// unreadable is the first block that cannot be read; nil if all can. It matters
	// only if no pair is left.
	unreadable error
}

// parseCertificate reads PEM or PFX, as input.Keys finds it in what people have, and
// chooses the pair to sign with.
func parseCertificate(f CertificateFile) (certificate, error) {
	content, err := input.Keys(f.Content)
	if err != nil {
		return certificate{}, err
	}
	var b bundle
	if content.Blocks != nil {
		b, err = parsePEM(content, f.Password.Reveal())
	} else {
		b, err = parsePFX(content, f.Path, f.Password.Reveal())
	}
	if err != nil {
		return certificate{}, err
	}
	c, err := b.pair(f.Now)
	switch foreign := content.Foreign(f.Path); {
	case err == nil || foreign == nil:
	case len(b.certificates) == 0 && len(b.keys) == 0:
		err = foreign
	default:
		err = fmt.Errorf("%w: a part of the file is %w", err, foreign.Part())
	}
	c.changed = content.Changed
	return c, err
}

// pair returns an RSA key with its certificate and the chain that begins with that.
// Of several pairs it returns the first that is valid now: a renewed certificate is
// often put behind the old one.
func (b bundle) pair(now time.Time) (certificate, error) {
	var pairs []certificate
	rsaKeys := 0
	for _, key := range b.keys {
		private, ok := key.(*rsa.PrivateKey)
		if !ok {
			continue
		}
		rsaKeys++
		for _, cert := range b.certificates {
			if private.PublicKey.Equal(cert.PublicKey) {
				pairs = append(pairs, certificate{chain: chainFrom(cert, b.certificates), key: private})
			}
		}
	}
	switch {
	case len(pairs) > 0:
		return bestOf(pairs, now), nil
	case b.unreadable != nil:
		return certificate{}, b.unreadable
	case len(b.certificates) == 0:
		return certificate{}, ErrNoCertificate
	case len(b.keys) == 0:
		return certificate{}, ErrNoPrivateKey
	case rsaKeys == 0:
		return certificate{}, ErrKeyKind
	}
	return certificate{}, fmt.Errorf("%w: the first is %s", ErrKeyMismatch, describe(b.certificates[0]))
}

// bestOf returns the first pair that is valid now, else the next one to become so,
// else the one that expired last.
func bestOf(pairs []certificate, now time.Time) certificate {
	best := pairs[0]
	for _, p := range pairs {
		if p.checkValidity(now) == nil {
			return p
		}
		leaf, old := p.chain[0], best.chain[0]
		switch isFuture, wasFuture := now.Before(leaf.NotBefore), now.Before(old.NotBefore); {
		case isFuture && !wasFuture, isFuture && leaf.NotBefore.Before(old.NotBefore),
			!isFuture && !wasFuture && leaf.NotAfter.After(old.NotAfter):
			best = p
		}
	}
	return best
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

// parsePEM reads certificates and keys of PEM blocks; others, such as parameters, are
// passed over.
func parsePEM(content input.Bundle, password string) (bundle, error) {
	var b bundle
	for _, block := range content.Blocks {
		err := block.Err
		if err == nil {
			err = b.add(block, password)
		}
		switch {
		case err == nil:
		case errors.Is(err, ErrPasswordMissing), errors.Is(err, ErrPasswordWrong), errors.Is(err, ErrKeyEncryption):
			return bundle{}, err
		case b.unreadable == nil:
			b.unreadable = fmt.Errorf("%w: the block %s at line %d: %w", ErrCertificateForm, block.Type, block.Line, err)
		}
	}
	return b, nil
}

func (b *bundle) add(block input.Block, password string) error {
	switch {
	case strings.HasSuffix(block.Type, "CERTIFICATE"):
		cert, err := block.Certificate()
		if err != nil {
			return errCertificateMalformed
		}
		b.certificates = append(b.certificates, cert)
	case block.Type == "OPENSSH PRIVATE KEY", strings.HasPrefix(block.Type, "SSH2"):
	case strings.HasSuffix(block.Type, "PRIVATE KEY"):
		key, err := parseKey(block, password)
		if err != nil {
			return err
		}
		b.keys = append(b.keys, key)
	}
	return nil
}

func parseKey(block input.Block, password string) (any, error) {
	if strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
		// The key is derived with one round of MD5, the padding is an oracle;
		// the standard library has deprecated reading it.
		return nil, fmt.Errorf("%w: the traditional form, DEK-Info", ErrKeyEncryption)
	}
	if block.Type == "ENCRYPTED PRIVATE KEY" {
		return decryptKey(block.Bytes, password)
	}
	// The label is often another form's.
	if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	return nil, errKeyMalformed // nothing of the key is repeated
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
		return nil, wrongPassword(password)
	}
	return nil, fmt.Errorf("%w: %w", ErrKeyEncryption, err)
}

// parsePFX reads a PFX as OpenSSL 3, Windows or older tools write it.
func parsePFX(content input.Bundle, path, password string) (bundle, error) {
	der := content.DER
	if !isPFX(der) {
		if err := content.Foreign(path); err != nil {
			return bundle{}, err
		}
		return bundle{}, ErrCertificateForm
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
		return bundle{}, wrongPassword(password)
	}
	return bundle{}, fmt.Errorf("%w: %w", ErrCertificateForm, err)
}

// wrongPassword is ErrPasswordWrong, with what is visible of a password that was not
// taken over whole.
func wrongPassword(password string) error {
	switch {
	case len(password) > 1 && strings.ContainsAny(password[:1], "\"'`") && password[len(password)-1] == password[0]:
		return fmt.Errorf("%w; it has quotes at both ends, which may not be part of it", ErrPasswordWrong)
	case strings.TrimSpace(password) != password:
		return fmt.Errorf("%w; it begins or ends with white space", ErrPasswordWrong)
	}
	return ErrPasswordWrong
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
