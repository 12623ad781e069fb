package forge

import (
	"path"
	"slices"
	"sync"
)

// Catalogue returns every case, in the order of a run. Those of the family
// Issued need a Minter.
func Catalogue() []Case { return slices.Clone(catalogue()) }

var catalogue = sync.OnceValue(func() []Case {
	return slices.Concat(
		cacheCases(),
		unsignedCases(), signatureCases(), contentCases(),
		confusionCases(), weakSecretCases(), foreignKeyCases(), namedKeyCases(), keyIDCases(),
		headerCases(), formCases(), sizeCases(),
		placeCases(), fieldCases(), identityCases(), methodCases(), pathCases(), metadataCases(),
		issuedCases(),
	)
})

// Select returns the cases whose name matches one of the patterns, which may
// hold the wildcards of path.Match; all of them without a pattern. unmatched are
// the patterns that match none or are malformed.
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
