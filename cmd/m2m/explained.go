package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"m2m/internal/call"
	"m2m/internal/entra"
	"m2m/internal/exit"
	"m2m/internal/explain"
	"m2m/internal/settings"
)

// impossible is what is wrong with a request that cannot be sent.
func impossible(err error) error { return exit.Usagef("%v", err).Wrap(err) }

// isPath reports whether an address leaves the host to API_URL.
func isPath(address string) bool {
	return address == "" || address[0] == '/' || address[0] == '?'
}

// unsetAPIURL says where a request went that nobody said where to send.
const unsetAPIURL = "API_URL is not set, so " + settings.DefaultAPIURL + " was called"

// unanswered adds to a failure of the network what only the command line knows:
// that nobody said where the API is.
func unanswered(err error, s *settings.Settings, address string) error {
	if errors.Is(err, call.ErrUnreachable) && isPath(address) && s.APIURL.From.Layer == settings.LayerDefault {
		return exit.Errorf(exit.Unknown, "%v", err).Hint(append(explain.CommandLine.Hints(err), unsetAPIURL)...)
	}
	return err
}

// unexpected is the failure of an answer that is not as expected: what was
// expected and what came, then why, then what to do.
func unexpected(unmet error, wrote string, why *explain.Explanation) error {
	lines := unmetLines(unmet)
	if wrote != "" {
		lines = append(lines, wrote)
	}
	causes, hints := explained(why)
	return exit.Errorf(exit.Unmet, "%s", strings.Join(append(lines, causes...), "\n")).Hint(hints...).Wrap(unmet)
}

// explained puts an explanation into lines, and into hints what to do; nothing is
// known of a nil one.
func explained(why *explain.Explanation) (lines, hints []string) {
	if why == nil {
		return nil, nil
	}
	lines = append(lines, why.Cause)
	for _, fact := range why.Facts {
		lines = append(lines, fmt.Sprintf("  %s: %s", fact.Source, fact.Text))
	}
	hints = slices.Clone(why.Fixes)
	if why.Command != "" {
		hints = append(hints, "run: "+why.Command)
	}
	return lines, hints
}

// unmetLines says of each unmet expectation what was expected and what came.
func unmetLines(unmet error) []string {
	list := (*call.ExpectationError)(nil)
	if !errors.As(unmet, &list) {
		return []string{unmet.Error()}
	}
	var lines []string
	for _, e := range list.Unmet {
		lines = append(lines, e.String())
	}
	return lines
}

// contextOf is what is known about the API and the token beside the answer.
func contextOf(cmd *cobra.Command, request call.Request, s *settings.Settings, tokenFile string, callFlags []string) explain.Context {
	audiences := s.Audiences.Value
	if len(audiences) == 0 {
		audiences, _ = entra.Audiences(s.Scope.Value, s.Client.Value)
	}
	issuer := ""
	if s.Tenant.Value != "" { // else nobody said whose tokens the API takes
		issuer = strings.TrimPrefix(s.Authority.Value, "https://")
	}
	return explain.Context{
		Token:         request.Token,
		Audiences:     audiences,
		RequiredRoles: s.Roles.Value,
		TokenFile:     tokenFile,
		Flags:         verifyFlags(cmd),
		TokenFlags:    tokenFlags(cmd),
		CallFlags:     callFlags,
		TenantID:      s.Tenant.Value,
		IssuerHost:    issuer,
	}
}
