package strictyaml

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Nearest returns the known word that was likely meant; "" if none is near.
func Nearest(word string, known []string) string {
	best, found := 3, ""
	for _, k := range known {
		if d := editDistance(word, k); d < best && d < len(k) {
			best, found = d, k
		}
	}
	return found
}

// editDistance counts the letters to change, add, drop or swap with the next
// one to make b of a.
func editDistance(a, b string) int {
	if max(len(a), len(b)) > 40 {
		return 40
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, before
		row[0] = i + 1
		for j := range len(b) {
			changed := 0
			if a[i] != b[j] {
				changed = 1
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+changed)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}

// bound cuts s to at most n bytes at a rune's edge, and puts a dot for each
// character that a terminal would act on.
func bound(s string, n int) string {
	cut := len(s) > n
	if cut {
		s = s[:n]
		for len(s) > 0 && !utf8.ValidString(s[max(0, len(s)-utf8.UTFMax):]) {
			s = s[:len(s)-1]
		}
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '.'
	}, strings.ToValidUTF8(s, "."))
	if cut {
		s += "…"
	}
	return s
}
