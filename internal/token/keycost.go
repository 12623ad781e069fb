package token

import (
	"encoding/asn1"
	"fmt"
	"math/big"
)

// An encrypted key says itself how much work opening it takes, and a hostile
// one says hours or all memory. PBKDF2, the older derivations of PKCS#12 and the
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

// checkKeyDerivation says whether opening an encrypted key or a PFX costs more
// than any honest one does. It sees what is not itself encrypted: what lies
// beneath is for whoever knows the password. What is not DER is left to the
// parsers.
func checkKeyDerivation(der []byte) error {
	if costly(der, maxNesting) {
		return fmt.Errorf("%w: its key derivation would take too long", ErrKeyEncryption)
	}
	return nil
}

// costly looks for numbers that follow a salt: rounds in PBKDF2-params (RFC 8018
// appendix A.2), pkcs-12PbeParams and MacData (RFC 7292), and the three numbers
// of scrypt-params (RFC 7914 section 7.1). In certificates and plain keys no
// number follows an octet string.
func costly(der []byte, depth int) bool {
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
			if afterSalt = append(afterSalt, new(big.Int).SetBytes(v.Bytes)); tooMuch(afterSalt) {
				return true
			}
			continue
		case v.IsCompound, holdsSequence(v):
			if costly(v.Bytes, depth-1) {
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

// tooMuch judges the numbers behind one salt.
func tooMuch(numbers []*big.Int) bool {
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
