package serve

import (
	"log"
	"log/slog"
	"strings"

	"m2m/internal/text"
)

// netLog passes what net/http and its reverse proxy log on to a logger: one line, a
// message of m2m, and the text of the other side escaped and bounded, because it quotes what
// strangers sent.
type netLog struct{ log *slog.Logger }

// NetLogger returns the standard library's form of a logger, for what net/http reports.
func NetLogger(l *slog.Logger) *log.Logger { return log.New(netLog{loggerOrDiscard(l)}, "", 0) }

// Write implements io.Writer.
func (n netLog) Write(line []byte) (int, error) {
	n.log.Warn("net/http", "reason", quoted(strings.TrimRight(string(line[:min(len(line), 16*maxLogged)]), "\n")))
	return len(line), nil
}

// maxLogged is how much of one text from outside a log line takes, in bytes.
const maxLogged = 128

// quoted makes text of a caller's choice safe for any log, whatever the log's own
// form: parts that look like tokens are taken out, the rest is bounded, and what
// is not printable is escaped. Only the beginning of a long text is looked at.
func quoted(s string) string {
	start := text.Cut(s, 16*maxLogged)
	return text.Bound(text.Redact(start), maxLogged)
}
