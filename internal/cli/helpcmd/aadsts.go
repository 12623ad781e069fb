package helpcmd

import (
	"fmt"

	"m2m/internal/cli"
	"m2m/internal/entra"
	"m2m/internal/exit"
)

// explainAADSTS prints the row of an AADSTS code in the catalogue.
func explainAADSTS(env *cli.Env, code int) error {
	entry, ok := entra.LookupAADSTS(code)
	if !ok {
		return exit.Usagef("AADSTS%d is not among the codes that m2m explains", code).
			Hint(
				fmt.Sprintf("Microsoft's own page is https://login.microsoftonline.com/error?code=%d", code),
				"the tenant's sign-in log shows the failure under the correlation id of the answer",
			)
	}
	printAADSTS(env.Page(), entry)
	return nil
}

func printAADSTS(page cli.Page, e entra.AADSTS) {
	name := e.Name
	if e.Coined {
		name += " (unofficial name)"
	}
	rows := [][2]string{
		{fmt.Sprintf("AADSTS%d", e.Code), name},
		{"cause", e.Cause},
		{"remedy", e.Remedy},
		{"retry", e.Retry.Advice()},
		{"answer", wireWords(e.Wire)},
		{"confidence", string(e.Confidence)},
	}
	for _, row := range rows {
		if row[1] == "" {
			continue
		}
		page.Hang(row[0], row[1], 15)
	}
}

// wireWords says with which HTTP status and error the code is sent, if that is known.
func wireWords(w entra.Wire) string {
	if w.Error == "" {
		return ""
	}
	text := w.Error
	if w.Status != 0 {
		text = fmt.Sprintf("HTTP %d %s", w.Status, w.Error)
	}
	if w.Basis == entra.WireInferred {
		text += " (inferred, not seen)"
	}
	return text
}
