package probe

import (
	"strings"

	"m2m/internal/jsonobject"
)

const fixAlgorithm = "name the algorithms that you accept (RS256, nothing else) and refuse any other alg before a key is looked up; RFC 8725 section 3.1"

// unsignedCases ask whether a token may say that it has no signature
// (RFC 7519 section 6, RFC 8725 section 2.1).
func unsignedCases() []Case {
	none := func(alg string) func(*kit) (string, error) {
		return headed(func(o jsonobject.Object) jsonobject.Object { return o.With("alg", jsonobject.Quote(alg)) }, unsigned)
	}
	absent := func(o jsonobject.Object) jsonobject.Object { return o.Without("alg") }
	value := func(text string) func(jsonobject.Object) jsonobject.Object {
		return func(o jsonobject.Object) jsonobject.Object { return o.With("alg", text) }
	}
	return forgeries(NoAlgorithm, Critical, fixAlgorithm,
		row{"alg-none", `"alg": "none" without a signature`, none("none")},
		row{"alg-none-capital", `"alg": "None" without a signature`, none("None")},
		row{"alg-none-upper", `"alg": "NONE" without a signature`, none("NONE")},
		row{"alg-none-mixed", `"alg": "nOnE" without a signature`, none("nOnE")},
		row{"alg-none-space", `"alg": "none " without a signature`, none("none ")},
		row{"alg-none-signed", `"alg": "none" with the signature of the valid token`, headed(value(`"none"`), original)},
		row{"alg-none-two-parts", `"alg": "none" and no third part at all`, func(k *kit) (string, error) {
			token, err := none("none")(k)
			return strings.TrimSuffix(token, "."), err
		}},
		row{"alg-none-list", `"alg": ["none"] without a signature`, headed(value(`["none"]`), unsigned)},
		row{"alg-none-first", `alg twice: "none", then the valid one`, headed(func(o jsonobject.Object) jsonobject.Object { return o.Prepend("alg", `"none"`) }, unsigned)},
		row{"alg-none-last", `alg twice: the valid one, then "none"`, headed(func(o jsonobject.Object) jsonobject.Object { return o.Append("alg", `"none"`) }, unsigned)},
		row{"alg-none-other-case", `"ALG": "none" in place of alg`, headed(func(o jsonobject.Object) jsonobject.Object { return absent(o).Append("ALG", `"none"`) }, unsigned)},
		row{"alg-empty", `"alg": "" without a signature`, none("")},
		row{"alg-null", `"alg": null without a signature`, headed(value("null"), unsigned)},
		row{"alg-number", `"alg": 0 without a signature`, headed(value("0"), unsigned)},
		row{"alg-absent", "no alg and no signature", headed(absent, unsigned)},
		row{"alg-absent-signed", "no alg, with the signature of the valid token", headed(absent, original)},
		row{"alg-unknown", `"alg": "XX256" without a signature`, none("XX256")},
		row{"alg-lower", `"alg": "rs256" with the signature of the valid token`, headed(value(`"rs256"`), original)},
		row{"alg-rs1", `"alg": "RS1" with the signature of the valid token`, headed(value(`"RS1"`), original)},
		row{"alg-rs512", `"alg": "RS512" with the signature of the valid token`, headed(value(`"RS512"`), original)},
		row{"alg-ps256", `"alg": "PS256" with the signature of the valid token`, headed(value(`"PS256"`), original)},
	)
}
