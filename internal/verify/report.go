package verify

import (
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

// The verdicts. Unverifiable is a token that nobody but its audience can
// verify: Microsoft Graph's, whose header was changed after it was signed.
const (
	Valid        Verdict = "believed"
	Invalid      Verdict = "refused"
	Undecided    Verdict = "unknown"
	Unverifiable Verdict = "unverifiable"
)

// Finding is the result of one check, in words for a person.
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
}

// Report is everything that [Verifier.Judge] found out about one token.
type Report struct {
	Verdict  Verdict
	Findings []Finding // all checks, in order
	// Token is what could be read, believed or not; nil if nothing could.
	Token *jwt.Token

	// What the findings rest on, for whoever explains them.
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
