package entra

import (
	_ "embed" // for aadsts.json
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// AADSTS explains one error code of Entra's token service. Codes are advice
// for people: Microsoft changes them without notice, so that programs branch on
// the OAuth error word alone.
// Source: learn.microsoft.com/entra/identity-platform/reference-error-codes.
type AADSTS struct {
	// Code is the number after "AADSTS".
	Code int `json:"code"`
	// Name is a short name in Microsoft's style, such as InvalidClientSecret.
	Name string `json:"name"`
	// Coined is true where Microsoft publishes no name for the code and Name is
	// m2m's own: a search for it finds nothing.
	Coined bool `json:"coined"`
	// Cause says in one or more sentences what went wrong.
	Cause string `json:"cause"`
	// Remedy says in imperative sentences what to do.
	Remedy string `json:"remedy"`
	// Retry says whether the same request, sent again, can succeed.
	Retry Retry `json:"retry"`
	// Confidence says how sure Cause and Remedy are.
	Confidence Confidence `json:"confidence"`
	// Wire is how the token endpoint's answer carries the code.
	Wire Wire `json:"wire"`
}

// Transient reports whether the fault passes without a change by anybody. A
// mismatch that may only be a change which has not reached all of the directory
// (RetryAfterPropagation) is not transient: mostly it is a mistake.
func (a AADSTS) Transient() bool {
	return a.Retry == RetryBackoff || a.Retry == RetryAfterHeader || a.Retry == RetryAfterMinutes
}

// Retry is advice on sending the same request again. The zero value gives none.
type Retry string

// What can be advised.
const (
	RetryNever            Retry = "never"
	RetryBackoff          Retry = "backoff"
	RetryAfterHeader      Retry = "retry_after"
	RetryAfterMinutes     Retry = "after_minutes"
	RetryAfterPropagation Retry = "after_propagation"
)

// Advice returns the advice as one sentence without a full stop; "" for the
// zero value.
func (r Retry) Advice() string {
	switch r {
	case RetryNever:
		return "retrying does not help"
	case RetryBackoff:
		return "retry two or three times with growing pauses"
	case RetryAfterHeader:
		return "wait as long as the Retry-After header says, then retry"
	case RetryAfterMinutes:
		return "stop, wait some minutes, then retry; cache the token from then on"
	case RetryAfterPropagation:
		return "retry for some minutes if the directory was changed a moment ago; otherwise retrying does not help"
	}
	return ""
}

// Confidence says how sure the catalogue is of a cause and its remedy.
type Confidence string

// High is documented or was seen, Medium has one source, Low is concluded from
// reports of users.
const (
	ConfidenceHigh   Confidence = "high"
	ConfidenceMedium Confidence = "medium"
	ConfidenceLow    Confidence = "low"
)

// Wire is how an answer carries an error code.
type Wire struct {
	// Error is the OAuth error word (RFC 6749 section 5.2); empty if unknown.
	Error string `json:"error"`
	// Status is the HTTP status; 0 if unknown.
	Status int `json:"status"`
	// Basis says how far Error and Status can be trusted.
	Basis WireBasis `json:"basis"`
}

// WireBasis says how far the wire form of a code is known.
type WireBasis string

// WireSeen: both were read in a real answer. WireErrorSeen: only the error word
// was. WireInferred: guessed from the class of the error, for the local tenant.
// WireUnknown: neither is known.
const (
	WireSeen      WireBasis = "seen"
	WireErrorSeen WireBasis = "error_seen"
	WireInferred  WireBasis = "inferred"
	WireUnknown   WireBasis = "unknown"
)

//go:embed aadsts.json
var aadstsJSON string

// aadstsCatalogue returns every code that m2m can explain, in rising order.
var aadstsCatalogue = sync.OnceValue(func() []AADSTS {
	var all []AADSTS
	if err := json.Unmarshal([]byte(aadstsJSON), &all); err != nil {
		return nil // the data is compiled in; a test decodes it
	}
	return all
})

// KnownAADSTS returns every code that m2m can explain, in rising order.
func KnownAADSTS() []AADSTS { return slices.Clone(aadstsCatalogue()) }

// LookupAADSTS returns what is known of a code; ok is false if nothing is.
func LookupAADSTS(code int) (entry AADSTS, ok bool) {
	all := aadstsCatalogue()
	i, ok := slices.BinarySearchFunc(all, code, func(e AADSTS, code int) int { return e.Code - code })
	if !ok {
		return AADSTS{}, false
	}
	return all[i], true
}

// ParseAADSTS reads a code as people and Entra write it: "AADSTS7000215", a
// bare "7000215", or the start of an error_description, "AADSTS7000215: Invalid
// client secret…". Upper and lower case are the same, and so is white space
// around s. ok is false if s does not begin with a code; the catalogue need not
// know it.
func ParseAADSTS(s string) (code int, ok bool) {
	const prefix = "AADSTS"
	s = strings.TrimSpace(s)
	prefixed := len(s) > len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
	if prefixed {
		s = s[len(prefix):]
	}
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	// The shortest code has five digits (AADSTS16000), the longest so far seven.
	if n < 5 || n > 9 || s[0] == '0' || n < len(s) && (!prefixed || continuesWord(s[n])) {
		return 0, false
	}
	code, err := strconv.Atoi(s[:n])
	return code, err == nil
}

// continuesWord reports whether c, which follows the digits, makes them part of
// something longer.
func continuesWord(c byte) bool { return isLetter(c) || c == '-' || c == '_' }
