package issuer

import (
	"encoding/base64"
	"math/big"
	"net/http"

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
// tenant, as most of Entra's are, which is why their issuer is a template.
func (i *Issuer) serveKeys(v entra.Version) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		x := newExchange(r, i.now())
		if _, refused := i.documentScope(r.PathValue("tenant")); refused != nil {
			x.documentHeaders(w.Header())
			x.writeRefusal(w, refused)
			return
		}
		keys, err := i.keys.published()
		if err != nil {
			http.Error(w, "no signing key", http.StatusInternalServerError)
			return
		}
		set := jwkSet{Keys: make([]jwk, len(keys))}
		for n, key := range keys {
			set.Keys[n] = key.public()
			if v == entra.V2 {
				set.Keys[n].Issuer = i.issuerOf(v, tenantTemplate)
			}
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
