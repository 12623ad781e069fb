package serve

import "m2m/internal/verify"

// check is one finding of the verifier in a problem document, in the words that
// "m2m verify -o json" uses.
type check struct {
	Name     string `json:"name"`
	Status   string `json:"status"`
	Expected string `json:"expected,omitempty"`
	Found    string `json:"found,omitempty"`
	Cause    string `json:"cause,omitempty"`
	Fix      string `json:"fix,omitempty"`
}

func checksOf(report *verify.Report) []check {
	checks := make([]check, 0, len(report.Findings))
	for _, f := range report.Findings {
		checks = append(checks, check{string(f.Check), string(f.Status), f.Expected, f.Found, f.Cause, f.Fix})
	}
	return checks
}
