package text

import "strings"

// longestWord bounds the words that Nearest compares, in bytes: the comparison
// takes time in proportion to the product of their lengths.
const longestWord = 64

// Nearest returns the known word that was probably meant by word; "" if none is
// near enough. Case does not count. About a third of the letters may differ; of
// equally near words the first is returned.
func Nearest(word string, known []string) string {
	best, limit := "", len(word)/3+2
	for _, k := range known {
		if d := editDistance(strings.ToLower(word), strings.ToLower(k)); d < limit && d < len(k) {
			best, limit = k, d
		}
	}
	return best
}

// editDistance counts the letters to change, add, remove or swap with the next
// one to turn a into b (optimal string alignment). Words that are too long to
// compare are as far apart as they are long.
func editDistance(a, b string) int {
	if max(len(a), len(b)) > longestWord {
		return max(len(a), len(b))
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
