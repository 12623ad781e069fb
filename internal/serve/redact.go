package serve

import "m2m/internal/text"

// maxLogged is how much of one text from outside a log line takes, in bytes.
const maxLogged = 128

// quoted makes text of a caller's choice safe for any log, whatever the log's own
// form: parts that look like tokens are taken out, the rest is bounded, and what
// is not printable is escaped. Only the beginning of a long text is looked at.
func quoted(s string) string {
	start := text.Cut(s, 16*maxLogged)
	return text.Bound(text.Redact(start), maxLogged)
}
