package issuer

import (
	"net/http"
	"slices"

	"m2m/internal/entra"
	"m2m/internal/tenant/keyring"
)

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
		keys, err := i.maker.Keys.Answer()
		if err != nil {
			http.Error(w, "no signing key", http.StatusInternalServerError)
			return
		}
		set := keyring.JWKSet{Keys: []keyring.JWK{}} // an empty set is a list too
		for _, key := range slices.Backward(keys) {
			public := key.Public()
			public.CloudInstance = cloudInstance
			if v == entra.V2 {
				public.Issuer = i.maker.IssuerOf(v, tenantTemplate)
			}
			set.Keys = append(set.Keys, public)
		}
		x.documentHeaders(w.Header())
		writeJSON(w, http.StatusOK, set)
	}
}
