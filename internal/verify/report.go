package verify

import (
	"context"
	"errors"
	"strings"
	"time"

	"m2m/internal/jwks"
	"m2m/internal/jwt"
)

// Check is the name of one rule, or group of rules, that a token must pass.
type Check string

// The checks, in the order in which they run and are reported.
const (
	CheckForm       Check = "form"
	CheckAlgorithm  Check = "algorithm"
	CheckKey        Check = "key"
	CheckSignature  Check = "signature"
	CheckIssuer     Check = "issuer"
	CheckTenant     Check = "tenant"
	CheckAudience   Check = "audience"
	CheckLifetime   Check = "lifetime"
	CheckKind       Check = "kind"
	CheckBinding    Check = "binding"
	CheckClient     Check = "client"
	CheckPermission Check = "permission"
)

// Status is the outcome of one check.
type Status string

// The outcomes of a check. Skip means that the check did not run, because an
// earlier one failed or the policy does not ask for it; Unknown that it could
// not be decided, because keys are out of reach or a setting is missing.
const (
	Pass    Status = "pass"
	Fail    Status = "fail"
	Skip    Status = "skip"
	Unknown Status = "unknown"
)

// Verdict is the outcome of all checks together.
type Verdict string

// The verdicts. Unverifiable is a token that only its audience can validate: Microsoft
// Graph's, whose header was changed after it was signed, and that of an Okta org
// authorization server.
const (
	Valid        Verdict = "valid"
	Invalid      Verdict = "invalid"
	Undecided    Verdict = "unknown"
	Unverifiable Verdict = "unverifiable"
)

// Finding is the result of one check.
type Finding struct {
	Check    Check
	Status   Status
	Expected string
	Found    string
	// Cause says why a check did not pass; "likely" marks a guess. Fix is what to
	// do next. Both are empty until the report is explained.
	Cause, Fix string
	// Reason is why the status is not Pass; empty if it is.
	Reason Reason
	// BlockedBy is the check because of which this one was skipped; empty where it
	// was not, or nothing of the token could be read.
	BlockedBy Check
}

// FoundValue is Found for programs: a value alone is without its quotes, so that it can
// be compared.
func (f Finding) FoundValue() string {
	if last := len(f.Found) - 1; last > 0 && f.Found[0] == '"' && strings.IndexByte(f.Found[1:], '"') == last-1 {
		return f.Found[1:last]
	}
	return f.Found
}

// Report is what [Verifier.Report] found out about one token.
type Report struct {
	Verdict  Verdict
	Findings []Finding // all checks, in order
	// Token is what could be read, valid or not; nil if nothing could.
	Token *jwt.Token

	// What the findings rest on, for package explain.
	Policy *Policy     // with its defaults in place; read-only
	Issuer jwks.Issuer // as far as it is known
	KeyErr error       // why there is no key; nil if there is one, or none was looked up
	Now    time.Time
}

// Finding returns the result of one check.
func (r *Report) Finding(c Check) Finding {
	for _, f := range r.Findings {
		if f.Check == c {
			return f
		}
	}
	return Finding{Check: c, Status: Skip}
}

// Report runs every check on any text. Unlike Verify it looks up the key of a token
// that is invalid already, because a person wants to see all that is wrong with it.
func (v *Verifier) Report(ctx context.Context, token string) *Report {
	h := v.begin(token)
	defer v.end(h)
	h.resolveKey(ctx)
	report := &Report{
		Findings: make([]Finding, 0, len(v.rules)),
		Token:    h.Token, Policy: h.policy, Issuer: h.issuer, KeyErr: h.keyErr, Now: h.now,
	}
	for _, r := range v.rules {
		o := r.decide(h)
		by, blocked := h.blockedBy(r, o)
		if blocked {
			o = notReached()
		}
		f := Finding{Check: r.check, Status: o.status, Reason: o.reason}
		if f.BlockedBy = by; !blocked {
			f.Expected, f.Found = r.describe(h)
		}
		report.Findings = append(report.Findings, f)
	}
	report.Verdict = h.verdict(report.Findings)
	return report
}

// verdict sums the findings up. Valid needs a signature that was checked, and no
// check that failed or is unknown; a skipped one counts as passed only where the
// policy switches it off.
func (h *evaluation) verdict(findings []Finding) Verdict {
	verdict := Valid
	for _, f := range findings {
		switch {
		case f.Reason.isUnverifiable():
			return Unverifiable
		case f.Status == Fail:
			verdict = Invalid
		case f.Status == Pass, f.Reason == ErrSwitchedOff, verdict == Invalid:
		default:
			verdict = Undecided
		}
	}
	if verdict == Valid && (!h.signatureChecked || h.signatureErr != nil) {
		return Undecided
	}
	return verdict
}

// The outcomes of a token that is not valid, for errors.Is. Every
// *Error matches exactly one of them.
var (
	// ErrInvalid: the token is invalid (401).
	ErrInvalid = errors.New("the token is invalid")
	// ErrForbidden: the token is valid, but lacks the permission (403).
	ErrForbidden = errors.New("the token lacks a required permission")
	// ErrUndecided: keys are out of reach or a setting is missing (503). The token may
	// be valid.
	ErrUndecided = errors.New("could not tell whether the token is valid")
)

// Error says why a token is not valid.
type Error struct {
	// Check is the first check that did not pass.
	Check Check
	// Outcome is ErrInvalid, ErrForbidden or ErrUndecided.
	Outcome error
	Reason  Reason
	// Expected and Found are short, bounded and hold no token.
	Expected, Found string
	// RetryAfter is how long until keys may be in reach again; 0 if that is not known.
	RetryAfter time.Duration

	cause error
}

// Error implements error: check, reason, expected, found.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(string(e.Check) + ": " + e.Reason.Error())
	if e.Expected != "" {
		b.WriteString(": expected " + e.Expected)
	}
	if e.Found != "" {
		b.WriteString(", found " + e.Found)
	}
	if e.cause != nil {
		b.WriteString(": " + jwks.ErrorText(e.cause))
	}
	return b.String()
}

// Is matches the outcome and the reason.
func (e *Error) Is(target error) bool {
	switch reason := target.(type) {
	case Reason:
		return reason == e.Reason
	case jwt.Reason:
		return Reason(reason) == e.Reason
	}
	return target == e.Outcome
}

// Unwrap returns why keys are out of reach, if that is the reason.
func (e *Error) Unwrap() error { return e.cause }
