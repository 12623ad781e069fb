package explain

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"m2m/internal/text"
	"m2m/internal/token"
	"m2m/internal/transport"
)

// refusalHints is about a rejected token request: the remedy, whether a retry can
// help, what the assertion said, and the IDs to quote.
func refusalHints(e *token.Refusal) []string {
	var hints []string
	entry, known := e.Known()
	switch {
	case known:
		hints = append(hints, strings.TrimRight(entry.Remedy, ". "))
		if advice := entry.Retry.Advice(); advice != "" {
			hints = append(hints, advice)
		}
	case len(e.AADSTS) > 0:
		hints = append(hints, fmt.Sprintf("look the code up at https://login.microsoftonline.com/error?code=%d", e.AADSTS[0]))
	}
	if e.RetryAfter > 0 {
		hints = append(hints, fmt.Sprintf("the server asks to wait %s before the next attempt", text.Duration(e.RetryAfter)))
	}
	if len(e.Policies) > 0 {
		hints = append(hints, "look at the Conditional Access policy "+strings.Join(e.Policies, ", "))
	}
	if e.SecretShape != "" && slices.Contains(e.AADSTS, 7000215) {
		hints = append(hints, "the client secret that was sent has "+e.SecretShape)
	}
	if e.Certificate != "" {
		hints = append(hints, "compare with what the app registration lists: the certificate used has "+e.Certificate)
	}
	hints = append(hints, rejectedLeg(e.Leg)...)
	if e.Assertion != nil {
		hints = append(hints, rejectedAssertion(e)...)
	}
	return append(hints, requestIDs(e)...)
}

// notAboutAssertion are the codes of refusals that have nothing to do with a federated
// token that was sent: of the app, the tenant, the scope, a policy, the service.
var notAboutAssertion = []int{
	16000, 28000, 28002, 50001, 50013, 53003, 65001, 70001, 70003, 70011, 90002, 90013, 90014, 90019, 90033, 90055,
	500011, 500014, 500021, 530035, 650052, 650053, 650056, 650057, 700016, 900021, 900023, 901002, 1002012, 7000112,
	7000218, 7000229, 9010010,
}

// unmatched are the codes of a federated token that no credential of the app fits.
var unmatched = []int{70021, 70025, 700211, 700212, 700213, 7002131, 7002138}

// rejectedAssertion shows what was sent as Entra compares it, and the command that
// lists what the app trusts or adds a credential that would match. A refusal that is
// known to be about something else has nothing to compare.
func rejectedAssertion(e *token.Refusal) []string {
	a := e.Assertion
	if len(e.AADSTS) > 0 && slices.Contains(notAboutAssertion, e.AADSTS[0]) {
		return nil
	}
	hints := []string{fmt.Sprintf("compare what was sent, letter by letter and case by case: iss %s, sub %s, aud %s", text.Quote(a.Issuer),
		text.Quote(a.Subject), text.Quote(a.Audience))}
	if slices.Contains(e.AADSTS, 700024) && !a.ExpiresOn.IsZero() {
		hints = append(hints, "the token that was sent expires at "+text.Time(a.ExpiresOn))
	}
	if strings.HasPrefix(a.Subject, "repo:") && strings.Contains(a.Subject, "@") {
		hints = append(hints, "GitHub puts numeric ids into this subject; the credential must have them too")
	}
	parameters, err := json.Marshal(map[string]any{
		"name": "m2m", "issuer": a.Issuer, "subject": a.Subject, "audiences": []string{a.TrustedAudience()},
	})
	isUnmatched := slices.ContainsFunc(e.AADSTS, func(code int) bool { return slices.Contains(unmatched, code) })
	if err != nil || !isUnmatched || strings.Contains(string(parameters), "'") { // it could not be pasted into a shell
		return append(hints, "list what the app trusts: az ad app federated-credential list --id "+a.ClientID)
	}
	return append(hints, fmt.Sprintf("if that is what should be trusted: az ad app federated-credential create --id %s --parameters '%s'",
		a.ClientID, parameters))
}

// rejectedLeg says which request for an agent identity was rejected, and whose settings
// that is about.
func rejectedLeg(leg token.Leg) []string {
	switch leg {
	case token.LegBlueprint:
		return []string{"this is about the blueprint (CLIENT_ID and its credential), which asked for a token of the agent"}
	case token.LegAgent:
		return []string{"this is about the agent (--agent): the blueprint got its token, and Entra rejected the agent's request for the API"}
	}
	return nil
}

// requestIDs is the line that a support case or a search in the sign-in log
// starts from; nothing if the answer had no IDs.
func requestIDs(e *token.Refusal) []string {
	var parts []string
	for _, part := range []struct{ name, value string }{
		{"trace ID ", e.TraceID}, {"correlation ID ", e.CorrelationID}, {"at ", e.Timestamp},
	} {
		if part.value != "" {
			parts = append(parts, part.name+part.value)
		}
	}
	if parts == nil {
		return nil
	}
	return []string{"find it in the sign-in log by " + strings.Join(parts, ", ")}
}

// outageHints is about an identity provider that answers, but neither grants nor
// rejects.
func outageHints(e *token.Outage) []string {
	var hints []string
	switch {
	case e.RetryAfter > 0:
		hints = append(hints, fmt.Sprintf("try again in %s, or allow that long with --timeout", text.Duration(e.RetryAfter)))
	case e.Transient():
		hints = append(hints, "try again later; https://status.azure.com tells of known outages")
	default:
		hints = append(hints, "check the authority host (--authority-host, AZURE_AUTHORITY_HOST) and the proxy on the way to it")
	}
	if e.Refusal != nil {
		hints = append(hints, requestIDs(e.Refusal)...)
	}
	return hints
}

// unreachableProviderHints is about an identity provider that does not answer. The
// cause has hints of its own.
func unreachableProviderHints(e *token.UnreachableError) []string {
	if e.Cause.Fault == transport.FaultTimeout {
		return []string{"allow more time with --timeout"}
	}
	return nil
}
