package issuer

import (
	"encoding/base64"
	"math/big"
	"net/http"
	"slices"

	"m2m/internal/entra"
)

// jwk is one public key (RFC 7517, 4), its fields in Entra's order. Entra sends
// no alg. The v1.0 set has no issuer.
type jwk struct {
	KeyType       string   `json:"kty"`
	Use           string   `json:"use"`
	KeyID         string   `json:"kid"`
	Thumbprint    string   `json:"x5t"`
	Modulus       string   `json:"n"`
	Exponent      string   `json:"e"`
	Certificates  []string `json:"x5c"`
	CloudInstance string   `json:"cloud_instance_name"`
	Issuer        string   `json:"issuer,omitempty"`
}

type jwkSet struct {
	Keys []jwk `json:"keys"`
}

// serveKeys answers with the keys of one version. They are the same for every
// tenant, as most of Entra's are, which is why their issuer is a template. The
// one that signs comes last: the order means nothing in Entra's sets, and a
// program that takes the first key it sees should find out here.
func (i *Issuer) serveKeys(v entra.Version) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		x := newExchange(r, i.now())
		if _, refused := i.documentScope(r.PathValue("tenant")); refused != nil {
			x.documentHeaders(w.Header())
			x.writeRefusal(w, refused)
			return
		}
		keys, err := i.keys.answer()
		if err != nil {
			http.Error(w, "no signing key", http.StatusInternalServerError)
			return
		}
		set := jwkSet{Keys: []jwk{}} // an empty set is a list too
		for _, key := range slices.Backward(keys) {
			public := key.public()
			if v == entra.V2 {
				public.Issuer = i.issuerOf(v, tenantTemplate)
			}
			set.Keys = append(set.Keys, public)
		}
		x.documentHeaders(w.Header())
		writeJSON(w, http.StatusOK, set)
	}
}

func (k *signingKey) public() jwk {
	return jwk{
		KeyType:       "RSA",
		Use:           "sig",
		KeyID:         k.id,
		Thumbprint:    k.id,
		Modulus:       base64.RawURLEncoding.EncodeToString(k.private.N.Bytes()),
		Exponent:      base64.RawURLEncoding.EncodeToString(big.NewInt(int64(k.private.E)).Bytes()),
		Certificates:  []string{base64.StdEncoding.EncodeToString(k.certificate)},
		CloudInstance: cloudInstance,
	}
}
