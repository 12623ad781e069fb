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
	if e.Assertion != nil {
		hints = append(hints, rejectedAssertion(e)...)
	}
	return append(hints, requestIDs(e)...)
}

// rejectedAssertion compares the assertion with what Entra rejected it for: no
// federated credential of the app matches, or it has expired. An assertion that
// was rejected for another reason has nothing to compare.
func rejectedAssertion(e *token.Refusal) []string {
	for _, code := range e.AADSTS {
		switch code {
		case 70021, 70025, 700211, 700212, 700213:
			return unmatchedAssertion(e.Assertion)
		case 700024:
			if !e.Assertion.ExpiresOn.IsZero() {
				return []string{"the token that was sent expires at " + text.Time(e.Assertion.ExpiresOn)}
			}
		}
	}
	return nil
}

// unmatchedAssertion shows what was sent as Entra compares it, and the command
// that adds a credential which would match.
func unmatchedAssertion(a *token.Assertion) []string {
	hints := []string{fmt.Sprintf("compare what was sent, letter by letter and case by case: iss %s, sub %s, aud %s", text.Quote(a.Issuer),
		text.Quote(a.Subject), text.Quote(a.Audience))}
	if strings.HasPrefix(a.Subject, "repo:") && strings.Contains(a.Subject, "@") {
		hints = append(hints, "GitHub puts numeric ids into this subject; the credential must have them too")
	}
	parameters, err := json.Marshal(map[string]any{
		"name": "m2m", "issuer": a.Issuer, "subject": a.Subject, "audiences": []string{a.Audience},
	})
	if err != nil || strings.Contains(string(parameters), "'") {
		return hints // it could not be pasted into a shell
	}
	return append(hints, fmt.Sprintf("if that is what should be trusted: az ad app federated-credential create --id %s --parameters '%s'",
		a.ClientID, parameters))
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
