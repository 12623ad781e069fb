package testreport

import (
	"slices"

	"m2m/internal/text"
)

// Bounds of what a report repeats, in bytes.
const (
	maxLine   = 1000
	maxDetail = 64 << 10
)

// shown returns the report as each form writes it: a text is one line, but for the
// detail, its length is bounded, and what is not printable is escaped.
func (r Report) shown() Report {
	line := func(s *string) { *s = text.Bound(*s, maxLine) }
	line(&r.Name)
	r.Suites = slices.Clone(r.Suites)
	for i := range r.Suites {
		s := &r.Suites[i]
		line(&s.Name)
		s.Properties, s.Cases = slices.Clone(s.Properties), slices.Clone(s.Cases)
		for j := range s.Properties {
			line(&s.Properties[j].Name)
			line(&s.Properties[j].Value)
		}
		for j := range s.Cases {
			c := &s.Cases[j]
			for _, field := range []*string{&c.Class, &c.Name, &c.File, &c.Message, &c.Kind, &c.Subject, &c.Result} {
				line(field)
			}
			c.Detail = text.Printable(text.Cut(c.Detail, maxDetail))
		}
	}
	return r
}
