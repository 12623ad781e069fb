package testreport

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// WriteTAP writes the report as the Test Anything Protocol, version 14: a line for
// each case, and a YAML block behind those that did not pass. A case that could not
// be decided is not ok. With several suites a case is named after its suite too.
func (r Report) WriteTAP(w io.Writer) error {
	r = r.shown()
	out := bufio.NewWriter(w)
	total := 0
	for _, s := range r.Suites {
		total += len(s.Cases)
	}
	fmt.Fprintf(out, "TAP version 14\n1..%d\n", total)
	number := 0
	for _, s := range r.Suites {
		for _, c := range s.Cases {
			number++
			if len(r.Suites) > 1 {
				c.Name = s.Name + ": " + c.Name
			}
			c.writeTAP(out, number)
		}
	}
	return out.Flush()
}

func (c Case) writeTAP(out *bufio.Writer, number int) {
	result, directive := "ok", ""
	switch c.Outcome {
	case Failed, Errored:
		result = "not ok"
	case Skipped:
		directive = " # SKIP " + tapText(c.Message)
	case Passed:
	}
	fmt.Fprintf(out, "%s %d - %s%s\n", result, number, tapText(c.Name), directive)
	if c.Outcome != Failed && c.Outcome != Errored {
		return
	}
	// JSON texts are YAML texts, and nothing in one can end the block.
	severity := "fail"
	if c.Outcome == Errored {
		severity = "error"
	}
	fmt.Fprintf(out, "  ---\n  message: %s\n  severity: %s\n", yamlText(c.Message), severity)
	if c.File != "" {
		fmt.Fprintf(out, "  at:\n    file: %s\n    line: %d\n", yamlText(c.File), c.Line)
	}
	fmt.Fprintf(out, "  duration_ms: %.3f\n", float64(c.Elapsed)/float64(time.Millisecond))
	if c.Detail != "" {
		fmt.Fprintf(out, "  detail:\n")
		for line := range strings.Lines(c.Detail) {
			fmt.Fprintf(out, "    - %s\n", yamlText(strings.TrimRight(line, "\n")))
		}
	}
	fmt.Fprintf(out, "  ...\n")
}

// tapText is a description: one line, in which a number sign begins no directive.
func tapText(s string) string {
	return strings.NewReplacer(`\`, `\\`, "#", `\#`).Replace(s)
}

func yamlText(s string) string {
	encoded, _ := json.Marshal(strings.ToValidUTF8(s, "\uFFFD")) // a string always can be
	return string(encoded)
}
