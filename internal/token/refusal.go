package token

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"m2m/internal/entra"
)

// Refusal is an OAuth error (RFC 6749 section 5.2) that the identity provider
// answered with, as Entra extends it. It matches ErrRefused.
//
// Its texts come from the server. They are cut to length and made printable;
// they stay hostile to anything but a reader.
type Refusal struct {
	// Status is the HTTP status.
	Status int
	// Code is the OAuth error word, such as invalid_client. Programs branch on
	// it, not on AADSTS.
	Code string
	// Suberror narrows Code where Entra sends one.
	Suberror string
	// AADSTS holds Entra's error numbers, the decisive one first; empty if the
	// answer has none.
	AADSTS []int
	// Description is Entra's own sentence, without its code and trace part.
	Description string
	// TraceID, CorrelationID and Timestamp are what Microsoft's support and the
	// tenant's sign-in log ask for.
	TraceID, CorrelationID, Timestamp string
	// Claims is the claims challenge that came with it, a JSON object.
	Claims string
	// Policies holds the GUIDs of the Conditional Access policies that the
	// challenge names.
	Policies []string
	// RetryAfter is how long the server asks to wait; 0 if it did not say.
	RetryAfter time.Duration
	// Certificate identifies the certificate that signed, by its thumbprints;
	// empty for other credentials.
	Certificate string
	// Assertion is what the federated token that was sent says of itself; nil
	// for other credentials.
	Assertion *Assertion
}

// Known returns what the catalogue knows of the decisive AADSTS code.
func (e *Refusal) Known() (entry entra.AADSTS, ok bool) {
	if len(e.AADSTS) == 0 {
		return entra.AADSTS{}, false
	}
	return entra.LookupAADSTS(e.AADSTS[0])
}

// Error says what was refused: code and Entra's words, and on a line of its own
// the likely cause.
func (e *Refusal) Error() string {
	var b strings.Builder
	b.WriteString("the identity provider refused: ")
	entry, known := e.Known()
	if len(e.AADSTS) > 0 {
		fmt.Fprintf(&b, "AADSTS%d", e.AADSTS[0])
		if known {
			b.WriteString(" " + entry.Name)
		}
		fmt.Fprintf(&b, " (%s)", e.Code)
	} else {
		b.WriteString(e.Code)
	}
	if e.Description != "" {
		b.WriteString(": " + strings.TrimRight(e.Description, ". "))
	}
	if known {
		b.WriteString("\nlikely cause: " + strings.TrimRight(entry.Cause, ". "))
	}
	return b.String()
}

// Is reports whether target is ErrRefused.
func (e *Refusal) Is(target error) bool { return target == ErrRefused }

// Hints holds the remedy, whether a retry can help, what the assertion said,
// and the ids to quote.
func (e *Refusal) Hints() []string {
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
		hints = append(hints, fmt.Sprintf("the server asks to wait %s before the next attempt", e.RetryAfter))
	}
	if len(e.Policies) > 0 {
		hints = append(hints, "look at the Conditional Access policy "+strings.Join(e.Policies, ", "))
	}
	if e.Certificate != "" {
		hints = append(hints, "compare with what the app registration lists: the certificate used has "+e.Certificate)
	}
	if e.Assertion != nil {
		hints = append(hints, e.assertionHints()...)
	}
	return append(hints, e.ids()...)
}

// assertionHints says of the assertion what Entra held against it: that no
// federated credential of the app fits, or that it is out of date. An assertion
// that was refused for another reason has nothing to compare.
func (e *Refusal) assertionHints() []string {
	for _, code := range e.AADSTS {
		switch code {
		case 70021, 70025, 700211, 700212, 700213:
			return e.Assertion.mismatchHints()
		case 700024:
			return e.Assertion.timeHints()
		}
	}
	return nil
}

// ids returns the line that a support case or a search in the sign-in log
// starts from; nothing if the answer had no ids.
func (e *Refusal) ids() []string {
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

// refusedBy turns an answer that MSAL did not accept into an error: a *Refusal
// if it holds an OAuth error, else an *Outage.
func refusedBy(address string, status int, h http.Header, body []byte) error {
	if outage := outageOf(address, status, h, body); outage != nil {
		return outage
	}
	if refusal := parseRefusal(status, h, body); refusal != nil {
		return refusal
	}
	return &Outage{Address: address, Status: status, RetryAfter: retryAfter(h), Err: ErrNotEntra}
}
