package jwt

import (
	"slices"
	"strings"
)

// Agent is an Entra agent identity as a token shows it. Entra puts these claims into
// tokens for an API only where its registration asks for them as optional claims.
type Agent struct {
	// Blueprint is the app ID of the agent's blueprint (xms_par_app_azp); empty if the
	// token does not name it.
	Blueprint string
	// User says that the token is for an agent's user account.
	User bool
}

// Agent returns the agent that a token was issued to; ok is false for every other token,
// and for an agent's token without its marks. The facets are sets of numbers in any
// order: 11 is an agent identity, 13 an agent's user.
func (t *Token) Agent() (a Agent, ok bool) {
	a.Blueprint, _ = stringClaim(t.Claims, "xms_par_app_azp")
	acting, subject := facets(t, "xms_act_fct"), facets(t, "xms_sub_fct")
	a.User = slices.Contains(subject, "13")
	return a, a.Blueprint != "" || a.User || slices.Contains(acting, "11") || slices.Contains(subject, "11")
}

func facets(t *Token, claim string) []string {
	text, _ := stringClaim(t.Claims, claim)
	return strings.Fields(text)
}
