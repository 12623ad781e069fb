package token

import (
	"encoding/asn1"
	"fmt"
	"math/big"
)

// An encrypted key says itself how much work opening it takes, and a hostile
// one says hours or all memory. The limits are the product of every number that
// the file shows in clear: for PBKDF2 ten million rounds and a key length, for
// scrypt a quarter of a gigabyte.
const (
	maxPBKDF2Cost = 1 << 30
	maxScryptCost = 1 << 27
)

// maxNesting bounds how deep the structure is followed.
const maxNesting = 16

// derivation adds up what the visible part of a DER structure asks for.
type derivation struct {
	cost   *big.Int
	scrypt bool
}

// checkKeyDerivation says whether opening an encrypted key or a PFX costs more
// than any honest one does. What is not DER is left to the parsers.
func checkKeyDerivation(der []byte) error {
	d := derivation{cost: big.NewInt(1)}
	d.walk(der, maxNesting)
	limit := int64(maxPBKDF2Cost)
	if d.scrypt {
		limit = maxScryptCost
	}
	if d.cost.Cmp(big.NewInt(limit)) > 0 {
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
			d.multiply(v.Bytes)
		case v.Class == asn1.ClassUniversal && v.Tag == asn1.TagOID:
			var oid asn1.ObjectIdentifier
			if _, err := asn1.Unmarshal(v.FullBytes, &oid); err == nil && oid.Equal(oidScrypt) {
				d.scrypt = true
			}
		}
	}
}

// multiply counts one number in; a product beyond every limit stops growing.
func (d *derivation) multiply(number []byte) {
	n := new(big.Int).SetBytes(number)
	if n.Sign() > 0 && d.cost.BitLen() <= 64 {
		d.cost.Mul(d.cost, n)
	}
}
