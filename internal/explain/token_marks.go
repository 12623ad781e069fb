package explain

import (
	"encoding/json"
	"slices"
	"strings"

	"m2m/internal/jwt"
	"m2m/internal/text"
)

// What an app's token of Entra's says of the app: a managed identity, an agent, a
// key that it is bound to.

// managedIdentity returns the resource that a managed identity's token names; empty
// for every other token. The claim is undocumented, and only there for them.
func managedIdentity(t *jwt.Token) string {
	if t == nil || t.Plain {
		return ""
	}
	id, _ := claimText(t, "xms_mirid")
	return id
}

// isAgent reports whether a token is an agent identity's: it names its blueprint, or
// 11 is among the facets of whoever acts. Facets are a set, in any order.
// Source: learn.microsoft.com/entra/agent-id/agent-token-claims.
func isAgent(t *jwt.Token) bool {
	if t == nil || t.Plain {
		return false
	}
	_, hasBlueprint := t.Claim("xms_par_app_azp")
	facets, _ := claimText(t, "xms_act_fct")
	return hasBlueprint || slices.Contains(strings.Fields(facets), "11")
}

// confirmation returns the member of a cnf claim that names a key by its thumbprint,
// and the thumbprint, fit to be shown.
func confirmation(raw string) (member, value string) {
	var cnf map[string]any
	if json.Unmarshal([]byte(raw), &cnf) != nil {
		return "", ""
	}
	for _, member := range []string{"x5t#S256", "jkt"} {
		if value, ok := cnf[member].(string); ok {
			return member, text.Bound(value, maxShown)
		}
	}
	return "", ""
}
