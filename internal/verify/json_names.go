package verify

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// checkNames refuses names that a laxer reader could take for one another:
// encoding/json lets "Iss" and "iſs" (U+017F) overwrite iss. The decoder has
// already refused names that are equal byte for byte, so that only names with
// an upper-case or non-ASCII letter need a closer look.
func checkNames(o Object, known func() []string) error {
	if !anyFolds(o) {
		return nil
	}
	names := known()
	seen := make(map[string]bool, o.Len())
	for m := range o.All() {
		name, other := m.Name, folds(m.Name)
		if other {
			name = fold(name)
		}
		if seen[name] {
			return ErrNameDuplicate
		}
		seen[name] = true
		if other && slices.Contains(names, name) {
			return ErrNameCase
		}
	}
	return nil
}

func anyFolds(o Object) bool {
	for m := range o.All() {
		if folds(m.Name) {
			return true
		}
	}
	return false
}

func folds(name string) bool {
	for i := range len(name) {
		if c := name[i]; 'A' <= c && c <= 'Z' || c >= utf8.RuneSelf {
			return true
		}
	}
	return false
}

// fold maps every rune to the one form that strings.EqualFold treats as equal:
// lower case for ASCII, else the smallest of its orbit.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		if 'A' <= least && least <= 'Z' {
			return least + 'a' - 'A'
		}
		return least
	}, name)
}
