package token

import "strconv"

// maxQuoted bounds what an error repeats of a value that may be anything.
const maxQuoted = 200

// quote quotes a value of unknown origin for an error, bounded, so that it can
// neither flood a terminal nor send it control sequences.
func quote(s string) string {
	if len(s) <= maxQuoted {
		return strconv.Quote(s)
	}
	return strconv.Quote(s[:maxQuoted]) + "…"
}
