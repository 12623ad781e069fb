package issuer

import (
	"fmt"
	"slices"
	"strings"

	"m2m/internal/tenant/refusal"
)

// mostNamed bounds how many names an error lists.
const mostNamed = 12

// nearKey says which key was meant, or which there are.
func nearKey(word string, keys []key) string {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.name
	}
	plain := strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(word))
	for _, name := range append([]string{entraNames()[plain]}, names...) {
		if slices.Contains(names, name) && (name == entraNames()[plain] || strings.ReplaceAll(name, "_", "") == plain) {
			return fmt.Sprintf("; did you mean %q?", name)
		}
	}
	return near(word, names)
}

// near says which of the known names was meant, if one resembles the word, or
// else which there are.
func near(word string, known []string) string {
	best, distance := "", len(word)/3+1
	for _, name := range known {
		if d := editDistance(strings.ToLower(word), strings.ToLower(name)); d <= distance && d < max(len(name), 2) {
			best, distance = name, d-1
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf("; did you mean %q?", refusal.Bound(best))
	case len(known) == 0 || len(known) > mostNamed:
		return ""
	}
	quoted := make([]string, len(known))
	for i, name := range known {
		quoted[i] = fmt.Sprintf("%q", refusal.Bound(name))
	}
	return "; known here: " + strings.Join(quoted, ", ")
}

// editDistance counts the letters to change, add or leave out between two
// words (Levenshtein), which are cut to 64 bytes.
func editDistance(a, b string) int {
	a, b = a[:min(len(a), 64)], b[:min(len(b), 64)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
