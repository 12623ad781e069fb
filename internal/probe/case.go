package probe

import (
	"context"
	"path"
	"slices"
)

// Family is a kind of attack.
type Family string

// The families, in the order in which they are tried.
const (
	Door         Family = "no token" // found by the baseline, never tried on its own
	Cache        Family = "cache"
	NoAlgorithm  Family = "no algorithm"
	Signature    Family = "signature"
	Content      Family = "changed content"
	KeyConfusion Family = "key confusion"
	WeakSecret   Family = "weak secret"
	ForeignKey   Family = "foreign key"
	NamedKey     Family = "key named by token"
	KeyID        Family = "key ID"
	Header       Family = "header"
	Form         Family = "form"
	Size         Family = "size"
	Place        Family = "place of the token"
	Identity     Family = "trusted headers"
	Method       Family = "method"
	Path         Family = "path"
	Issued       Family = "wrong tokens"
)

// Severity says how bad a finding is.
type Severity string

// The severities. Critical: anybody gets in. High: anybody can make the API do
// something for them, or a token that should not do does. Medium: a fault that
// needs luck, or disturbs others. Low: a laxness that needs a valid token.
const (
	Critical Severity = "critical"
	High     Severity = "high"
	Medium   Severity = "medium"
	Low      Severity = "low"
)

// Case is one thing that is tried.
type Case struct {
	// Name is stable: a-z, 0-9 and hyphens.
	Name   string
	Family Family
	// Tries says what is sent, as one clause.
	Tries string
	// Severity and Fix are those of an API that lets the case in. The fix is one
	// clause without a full stop.
	Severity Severity
	Fix      string

	allows   allowance
	mayClose bool // the connection may be closed without an answer
	// otherMethod is set when the case is sent: its method is not the baseline's.
	otherMethod bool
	send        func(context.Context, *kit) (request, error)
}

// allowance is what a safe API may do beyond refusing.
type allowance int

const (
	refusal   allowance = iota // 401, 400 or another refusal
	anything                   // the request is legal, or harmless: a 2xx answer is fine
	otherPage                  // a 2xx answer is fine if any address of the API gets one
	preflight                  // a 2xx answer is fine if its content is not the protected one
	noMethod                   // a refusal, or 501: the method is not known
)

// Safe says what a safe API answers.
func (c Case) Safe() string {
	switch c.allows {
	case anything:
		return "the content, or a refusal"
	case otherPage:
		return "401 or 404"
	case preflight:
		return "anything but the content"
	case noMethod:
		return "401, 405 or 501"
	}
	switch {
	case c.Family == Size:
		return "401, 400, 413 or 431"
	case c.Fix == fixRole:
		return "403"
	}
	return "401 or 400"
}

// Catalogue returns every case, in the order of a run. Those of the family
// Issued are tried only with a Minter.
func Catalogue() []Case {
	return slices.Concat(
		cacheCases(),
		unsignedCases(), signatureCases(), contentCases(),
		confusionCases(), weakSecretCases(), foreignKeyCases(), namedKeyCases(), keyIDCases(),
		headerCases(), formCases(), sizeCases(),
		placeCases(), fieldCases(), identityCases(), methodCases(), pathCases(),
		issuedCases(),
	)
}

// Select returns the cases whose name matches one of the patterns, which may
// hold the wildcards of path.Match; all of them without a pattern. unmatched are
// the patterns that match none or are no pattern.
func Select(cases []Case, patterns []string) (selected []Case, unmatched []string) {
	if len(patterns) == 0 {
		return cases, nil
	}
	used := make([]bool, len(patterns))
	for _, c := range cases {
		hit := false
		for i, pattern := range patterns {
			if ok, _ := path.Match(pattern, c.Name); ok {
				used[i], hit = true, true
			}
		}
		if hit {
			selected = append(selected, c)
		}
	}
	for i, pattern := range patterns {
		if !used[i] {
			unmatched = append(unmatched, pattern)
		}
	}
	return selected, unmatched
}

// row is a case of a family that makes a token and sends it as any client would.
type row struct {
	name, tries string
	forge       func(*kit) (string, error)
}

// forgeries makes cases of rows that share severity and fix.
func forgeries(family Family, severity Severity, fix string, rows ...row) []Case {
	cases := make([]Case, len(rows))
	for i, r := range rows {
		cases[i] = Case{
			Name: r.name, Family: family, Tries: r.tries, Severity: severity, Fix: fix,
			send: func(_ context.Context, k *kit) (request, error) {
				token, err := r.forge(k)
				if err != nil {
					return request{}, err
				}
				return k.base.bearing(token), nil
			},
		}
	}
	return cases
}
