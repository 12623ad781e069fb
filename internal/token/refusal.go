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
// Its texts come from the server. They are cut to length and made printable, and
// must not be used for anything but reading.
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

// Error says what was rejected: code and Entra's words, and on a line of its own
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
