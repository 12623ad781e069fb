package jwks

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"

	"github.com/go-json-experiment/json/jsontext"

	"m2m/internal/jwt"
)

// What makes a key, or a whole set, unusable.
var (
	ErrKeySet       = errors.New("this is not a JSON Web Key Set")
	ErrNoUsableKey  = errors.New("the key set holds no usable key")
	ErrKeyType      = errors.New("the key is not an RSA key")
	ErrKeyUse       = errors.New("the key is not for signatures")
	ErrKeyAlgorithm = errors.New("the key is for another algorithm")
	ErrKeyID        = errors.New("the key has no usable ID")
	ErrKeySize      = errors.New("the key is not of 2048 to 8192 bits")
	ErrKeyNumbers   = errors.New("the key's modulus or exponent is not usable")
	ErrKeyX5C       = errors.New("the key's certificate holds another key")
	ErrKeyTwice     = errors.New("two keys share one ID")
)

// readKeys reads a key set (RFC 7517). One bad key is skipped and not its
// siblings; the number skipped is returned, and the reason of the last. A set
// without a usable key is an error, so that it never replaces a good one.
func readKeys(data []byte) (keys map[string]*Key, skipped int, err error) {
	elements, err := keyElements(data)
	if err != nil {
		return nil, 0, err
	}
	keys = make(map[string]*Key, len(elements))
	twice := map[string]bool{}
	var last error
	for _, element := range elements {
		k, err := readKey(element)
		if err == nil && keys[k.ID] != nil && !sameKey(keys[k.ID], k) {
			// It is not known which one the issuer means, so neither is used.
			twice[k.ID], err = true, ErrKeyTwice
		}
		if err != nil {
			skipped, last = skipped+1, err
			continue
		}
		keys[k.ID] = k
	}
	for id := range twice {
		delete(keys, id)
		skipped++
	}
	if len(keys) == 0 {
		return nil, skipped, errors.Join(ErrNoUsableKey, last)
	}
	return keys, skipped, nil
}

// keyElements splits a set into its keys. Names and text inside them are left
// to readKey, so that one key with a duplicate name does not cost the others.
func keyElements(data []byte) ([]jsontext.Value, error) {
	var set []jsontext.Value
	found := false
	err := eachMember(data, func(name string, value jsontext.Value) error {
		if name != "keys" {
			return nil
		}
		if found {
			return fmt.Errorf("%w: %w", ErrKeySet, jwt.ErrNameDuplicate)
		}
		found = true
		var err error
		set, err = elements(value)
		return err
	}, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrKeySet, err)
	case !found:
		return nil, fmt.Errorf("%w: it has no member keys", ErrKeySet)
	}
	return set, nil
}

// eachMember walks one JSON object and nothing after it.
func eachMember(data []byte, each func(string, jsontext.Value) error, o ...jsontext.Options) error {
	dec := jsontext.NewDecoder(bytes.NewBuffer(data), o...)
	if dec.PeekKind() != '{' {
		if _, err := dec.ReadValue(); err != nil {
			return jwt.JSONFault(err)
		}
		return jwt.ErrNotObject
	}
	if _, err := dec.ReadToken(); err != nil {
		return jwt.JSONFault(err)
	}
	for dec.PeekKind() != '}' {
		name, err := dec.ReadToken()
		if err != nil {
			return jwt.JSONFault(err)
		}
		n := name.String()
		value, err := dec.ReadValue()
		if err != nil {
			return jwt.JSONFault(err)
		}
		if err := each(n, value); err != nil {
			return err
		}
	}
	if _, err := dec.ReadToken(); err != nil {
		return jwt.JSONFault(err)
	}
	if len(bytes.TrimSpace(data[dec.InputOffset():])) > 0 {
		return jwt.ErrTrailingData
	}
	return nil
}

func elements(array jsontext.Value) (values []jsontext.Value, err error) {
	dec := jsontext.NewDecoder(bytes.NewReader(array), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if tok, err := dec.ReadToken(); err != nil || tok.Kind() != '[' {
		return nil, errors.New("keys is not an array")
	}
	for dec.PeekKind() != ']' {
		value, err := dec.ReadValue()
		if err != nil {
			return nil, jwt.JSONFault(err)
		}
		values = append(values, value.Clone())
	}
	return values, nil
}

// jwk is one key as the set writes it.
type jwk struct {
	kty, use, alg, kid, n, e, issuer, cloud string
	ops, x5c                                []string
}

func (j *jwk) read(name string, value jsontext.Value) error {
	raw := string(value)
	switch name {
	case "kty":
		return jwt.ReadString(raw, &j.kty)
	case "use":
		return jwt.ReadString(raw, &j.use)
	case "alg":
		return jwt.ReadString(raw, &j.alg)
	case "kid":
		return jwt.ReadString(raw, &j.kid)
	case "n":
		return jwt.ReadString(raw, &j.n)
	case "e":
		return jwt.ReadString(raw, &j.e)
	case "issuer":
		return jwt.ReadString(raw, &j.issuer)
	case "cloud_instance_name":
		return jwt.ReadString(raw, &j.cloud)
	case "key_ops":
		return jwt.ReadStrings(raw, &j.ops)
	case "x5c":
		return jwt.ReadStrings(raw, &j.x5c)
	}
	return nil
}

// readKey accepts an RSA key for RS256. Microsoft's keys state no alg, so that it
// need not be there.
func readKey(data jsontext.Value) (*Key, error) {
	var j jwk
	if err := eachMember(data, j.read); err != nil {
		return nil, err
	}
	switch {
	case j.kty != "RSA":
		return nil, ErrKeyType
	case j.use != "" && j.use != "sig":
		return nil, ErrKeyUse
	case j.ops != nil && (len(j.ops) != 1 || j.ops[0] != "verify"):
		return nil, ErrKeyUse
	case j.alg != "" && j.alg != "RS256":
		return nil, ErrKeyAlgorithm
	case j.kid == "" || len(j.kid) > MaxKeyID:
		return nil, ErrKeyID
	}
	public, err := j.public()
	if err != nil {
		return nil, err
	}
	return &Key{
		ID: j.kid, RSA: public, Issuer: j.issuer, Cloud: j.cloud,
		Fingerprint: sha256.Sum256(x509.MarshalPKCS1PublicKey(public)),
	}, nil
}

func (j *jwk) public() (*rsa.PublicKey, error) {
	n, errN := base64.RawURLEncoding.Strict().DecodeString(j.n)
	e, errE := base64.RawURLEncoding.Strict().DecodeString(j.e)
	if errN != nil || errE != nil {
		return nil, ErrKeyNumbers
	}
	modulus, exponent := new(big.Int).SetBytes(n), new(big.Int).SetBytes(e)
	switch bits := modulus.BitLen(); {
	case bits < 2048 || bits > 8192:
		return nil, ErrKeySize
	case modulus.Bit(0) == 0, exponent.Bit(0) == 0, exponent.BitLen() > 31, exponent.Cmp(big.NewInt(3)) < 0:
		return nil, ErrKeyNumbers
	}
	public := &rsa.PublicKey{N: modulus, E: int(exponent.Int64())}
	if len(j.x5c) > 0 && !certifies(j.x5c[0], public) {
		return nil, ErrKeyX5C
	}
	return public, nil
}

// certifies reports whether a certificate is for the key next to it. Readers use
// the one or the other, so a set in which they differ could be read in two ways.
// Dates and issuer do not matter: Entra's certificates are self-signed.
func certifies(encoded string, public *rsa.PublicKey) bool {
	der, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return false
	}
	certificate, err := x509.ParseCertificate(der)
	return err == nil && public.Equal(certificate.PublicKey)
}

const MaxKeyID = 128
