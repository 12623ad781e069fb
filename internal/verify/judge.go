package verify

import "context"

// Report runs every check; Explain adds why one did not pass. The token may be anything. Unlike
// Verify it asks for the key of a token that is already refused, because a
// person wants to see all that is wrong with it.
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
		f := Finding{Check: r.check, Status: o.status, Reason: o.reason}
		f.Expected, f.Found = r.describe(h)
		report.Findings = append(report.Findings, f)
	}
	report.Verdict = h.verdict(report.Findings)
	return report
}

// verdict weighs the findings. Believed needs a signature that was checked and
// nothing that failed or is unknown; a check counts as passed, if it was
// skipped, only where the policy switches it off.
func (h *evaluation) verdict(findings []Finding) Verdict {
	verdict := Valid
	for _, f := range findings {
		switch {
		case f.Reason == ErrGraphNonce:
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
