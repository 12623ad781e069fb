package token

import (
	"encoding/asn1"
	"fmt"
	"math/big"
)

// An encrypted key says itself how much work opening it takes, and a hostile
// one says hours or all memory. PBKDF2 and the MAC of a PFX are bounded by
// their rounds (the advice of 2026 is about a million), scrypt by the product
// of its numbers, which stands for a quarter of a gigabyte.
const (
	maxRounds     = 5_000_000
	maxScryptCost = 1 << 27
)

// maxNesting bounds how deep the structure is followed.
const maxNesting = 16

// derivation sums up what the visible part of a DER structure asks for.
type derivation struct {
	largest *big.Int // of all numbers
	product *big.Int // of all numbers
	scrypt  bool
}

// checkKeyDerivation says whether opening an encrypted key or a PFX costs more
// than any honest one does. What is not DER is left to the parsers.
func checkKeyDerivation(der []byte) error {
	d := derivation{largest: new(big.Int), product: big.NewInt(1)}
	d.walk(der, maxNesting)
	if d.largest.Cmp(big.NewInt(maxRounds)) > 0 || d.scrypt && d.product.Cmp(big.NewInt(maxScryptCost)) > 0 {
		return fmt.Errorf("%w: its key derivation would take too long", ErrKeyEncryption)
	}
	return nil
}

// walk follows constructed values, not octet strings: those are encrypted, or
// covered by the MAC that is checked first.
func (d *derivation) walk(der []byte, depth int) {
	oidScrypt := asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11591, 4, 11} // RFC 7914 section 7
	for len(der) > 0 && depth > 0 {
		var v asn1.RawValue
		rest, err := asn1.Unmarshal(der, &v)
		if err != nil {
			return
		}
		der = rest
		switch {
		case v.IsCompound:
			d.walk(v.Bytes, depth-1)
		case v.Class == asn1.ClassUniversal && v.Tag == asn1.TagInteger:
			d.count(v.Bytes)
		case v.Class == asn1.ClassUniversal && v.Tag == asn1.TagOID:
			var oid asn1.ObjectIdentifier
			if _, err := asn1.Unmarshal(v.FullBytes, &oid); err == nil && oid.Equal(oidScrypt) {
				d.scrypt = true
			}
		}
	}
}

// count takes one number in; a product beyond every limit stops growing.
func (d *derivation) count(number []byte) {
	n := new(big.Int).SetBytes(number)
	if n.Cmp(d.largest) > 0 {
		d.largest = n
	}
	if n.Sign() > 0 && d.product.BitLen() <= 64 {
		d.product.Mul(d.product, n)
	}
}
