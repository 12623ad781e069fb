package serve

import "m2m/internal/verify"

// Check is one finding of the verifier in a problem document, with the members of
// the verifier's JSON report.
type Check struct {
	Name     string `json:"name" doc:"The rule."`
	Status   string `json:"status" enum:"pass,fail,skip,unknown"`
	Reason   string `json:"reason,omitempty" doc:"Why the status is not pass, as a code that does not change."`
	Expected string `json:"expected,omitempty"`
	Found    string `json:"found,omitempty"`
	Cause    string `json:"cause,omitempty"`
	Fix      string `json:"fix,omitempty"`
}

func checksOf(report *verify.Report) []Check {
	checks := make([]Check, 0, len(report.Findings))
	for _, f := range report.Findings {
		checks = append(checks, Check{string(f.Check), string(f.Status), string(f.Reason), f.Expected, f.FoundValue(), f.Cause, f.Fix})
	}
	return checks
}
