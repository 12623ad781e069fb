package testreport

import (
	"bufio"
	_ "embed"
	"fmt"
	"html"
	"io"
	"strings"
	"time"

	"m2m/internal/text"
)

//go:embed page.css
var pageStyle string

// WriteHTML writes the report as one page that needs no other file and runs no
// script: a table of each suite with the time of each case as a bar, and what is
// known of those that did not pass.
func (r Report) WriteHTML(w io.Writer) error {
	r = r.shown()
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>%s</title>
<style>
%s</style>
<h1>%[1]s</h1>
`, html.EscapeString(r.Name), pageStyle)
	longest := time.Duration(1)
	for _, s := range r.Suites {
		for _, c := range s.Cases {
			longest = max(longest, c.Elapsed)
		}
	}
	for _, s := range r.Suites {
		s.writeHTML(out, longest, len(r.Suites) > 1)
	}
	fmt.Fprint(out, "</html>\n")
	return out.Flush()
}

func (s Suite) writeHTML(out *bufio.Writer, longest time.Duration, named bool) {
	if named {
		fmt.Fprintf(out, "<h2>%s</h2>\n", html.EscapeString(s.Name))
	}
	fmt.Fprintf(out, "<p>%s", s.counts())
	if !s.Started.IsZero() {
		fmt.Fprintf(out, " on <time datetime=%q>%s</time>", s.Started.UTC().Format(time.RFC3339), text.Time(s.Started))
	}
	fmt.Fprint(out, "</p>\n<table>\n<tr><th>outcome<th>request<th>result<th>time<th></tr>\n")
	for _, c := range s.Cases {
		word := c.Outcome.String()
		fmt.Fprintf(out, "<tr class=%q><td>%s<td><b>%s</b><br><code>%s</code><td>%s<td>%s<td><i style=\"width:%.1f%%\"></i></tr>\n",
			word, word, html.EscapeString(c.Name), html.EscapeString(c.Subject), html.EscapeString(c.Result),
			shortTime(c.Elapsed), 100*float64(c.Elapsed)/float64(longest))
		if c.Outcome == Passed || c.Message == "" && c.Detail == "" {
			continue
		}
		fmt.Fprintf(out, "<tr class=%q><td><td colspan=4><pre>%s</pre></tr>\n", word, html.EscapeString(c.annotation()))
	}
	fmt.Fprint(out, "</table>\n")
}

// String returns the word of an outcome.
func (o Outcome) String() string {
	switch o {
	case Failed:
		return "failed"
	case Errored:
		return "unknown"
	case Skipped:
		return "skipped"
	case Passed:
	}
	return "passed"
}

func (s Suite) counts() string {
	var words []string
	for _, o := range []Outcome{Passed, Failed, Errored, Skipped} {
		n := 0
		for _, c := range s.Cases {
			if c.Outcome == o {
				n++
			}
		}
		if n > 0 || o == Passed {
			words = append(words, fmt.Sprintf("%d %s", n, o))
		}
	}
	return strings.Join(words, ", ")
}

func shortTime(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return text.Duration(d)
}
