package credential

import (
	"slices"
	"strings"
	"time"

	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/mint"
	"m2m/internal/tenant/refusal"
)

// checkAgent checks that an assertion is the token that the blueprint of an agent
// identity got for it: signed by the tenant, for AzureADTokenExchange, with both of
// them in its sub.
func (c Checker) checkAgent(t *directory.Tenant, agent *directory.Client, a *assertion, now time.Time) *refusal.Refusal {
	if a.issuer != c.issuerOf(t) {
		return refusal.FederatedIssuer.With(a.issuer)
	}
	key, refused := c.ownKey(a)
	switch {
	case refused != nil:
		return refused
	case a.algorithm != "RS256" || !a.signedBy(key):
		return refusal.RejectedSignature.With(agent.ID, "the signature is not that of the tenant's key")
	case !slices.Contains(a.audience, exchangeID()):
		return refusal.FederatedAudience.With(strings.Join(a.audience, " "))
	case a.subject == mint.AgentSubject(t.ID, agent.Blueprint, agent.ID):
		return a.checkTimes(now)
	}
	if other, ok := strings.CutPrefix(a.subject, mint.AgentSubjects(t.ID, agent.Blueprint)); ok {
		return refusal.FederatedAgentAssertion.With(other, agent.ID)
	}
	return refusal.FederatedSubject.With(a.subject, "; an agent identity sends the token that its blueprint got with fmi_path")
}
