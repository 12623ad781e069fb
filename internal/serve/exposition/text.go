// Package exposition writes metrics in the text format of Prometheus, version 0.0.4,
// and counts what they are made of. It is written without a library:
// docs/decisions/metrics-by-hand.md.
package exposition

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ContentType is the media type of a Text.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// Text is a list of families of metrics. The zero value is empty.
type Text struct{ strings.Builder }

// Family begins a family: its name, its type and what it counts.
func (e *Text) Family(name, kind, help string) {
	fmt.Fprintf(e, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

// Sample writes one value; labels are names and values in turn.
func (e *Text) Sample(name string, value any, labels ...string) {
	e.WriteString(name)
	for i := 0; i+1 < len(labels); i += 2 {
		separator := ","
		if i == 0 {
			separator = "{"
		}
		fmt.Fprintf(e, `%s%s="%s"`, separator, labels[i], strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(labels[i+1]))
	}
	if len(labels) > 0 {
		e.WriteByte('}')
	}
	fmt.Fprintf(e, " %v\n", value)
}

// One writes a family of a single value.
func (e *Text) One(name, kind, help string, value any) {
	e.Family(name, kind, help)
	e.Sample(name, value)
}

// Histogram writes the samples of one histogram.
func (e *Text) Histogram(name string, h *Histogram, labels ...string) {
	var count uint64
	for i, bound := range h.upper {
		count += h.buckets[i].Load()
		e.Sample(name+"_bucket", count, slices.Concat(labels, []string{"le", strconv.FormatFloat(bound.Seconds(), 'g', -1, 64)})...)
	}
	count += h.buckets[len(h.upper)].Load()
	e.Sample(name+"_bucket", count, slices.Concat(labels, []string{"le", "+Inf"})...)
	e.Sample(name+"_sum", float64(h.sum.Load())/1e9, labels...)
	e.Sample(name+"_count", count, labels...)
}
