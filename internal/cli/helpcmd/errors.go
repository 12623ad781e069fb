package helpcmd

import (
	"strings"

	"m2m/internal/cli"
	"m2m/internal/explain"
	"m2m/internal/explain/catalogue"
	"m2m/internal/text"
)

// errorsTopic is the page that lists the errors of APIs.
const errorsTopic = "errors"

// mostExplained is how many errors one question is answered with.
const mostExplained = 5

// listErrors prints which errors of APIs and gateways m2m explains, in the order in
// which it looks for them.
func listErrors(page cli.Page) {
	page.Line("m2m call explains these errors of APIs and gateways. m2m help NAME, or help with a code or the " +
		"words of an error in quotes, prints what an error means and what to do.")
	service := "-"
	for _, row := range catalogue.Rows() {
		if row.Service != service {
			service = row.Service
			page.Line("")
			page.Line(service)
		}
		name := row.ID
		if len(row.Codes) > 0 {
			name += " (" + strings.Join(row.Codes, ", ") + ")"
		}
		page.Line("  " + name)
	}
}

// explainErrors prints the rows that a question is about; false if there are none.
func explainErrors(page cli.Page, question string) bool {
	found := catalogue.Lookup(question)
	for i, row := range found[:min(len(found), mostExplained)] {
		if i > 0 {
			page.Line("")
		}
		printRow(page, row)
	}
	if more := len(found) - mostExplained; more > 0 {
		page.Line("")
		page.Line(text.Plural(more, "error") + " more; m2m help errors lists them")
	}
	return len(found) > 0
}

func printRow(page cli.Page, row catalogue.Row) {
	lines := [][2]string{
		{"error", row.ID}, {"from", row.Service}, {"codes", strings.Join(row.Codes, ", ")}, {"cause", catalogue.Plain(row.Cause)},
	}
	for _, action := range row.Do {
		lines = append(lines, [2]string{"fix", explain.General(action)})
	}
	for _, fix := range row.Fix {
		lines = append(lines, [2]string{"fix", catalogue.Plain(fix)})
	}
	lines = append(lines, [2]string{"certainty", string(row.Certainty)}, [2]string{"source", row.Source})
	for _, line := range lines {
		if line[1] != "" {
			page.Hang(line[0], line[1], 11)
		}
	}
}
