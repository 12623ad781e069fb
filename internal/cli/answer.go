package cli

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

// CannotSend is what is wrong with a request that cannot be sent.
func CannotSend(err error) error { return exit.Usagef("%v", err).Wrap(err) }

// IsPath reports whether an address leaves the host to API_URL.
func IsPath(address string) bool {
	return address == "" || address[0] == '/' || address[0] == '?'
}

// UnsetAPIURL says where a request went that nobody said where to send.
const UnsetAPIURL = "API_URL is not set, so " + settings.DefaultAPIURL + " was called"

// NoAnswer adds to a failure of the network what only the command line knows:
// that nobody said where the API is.
func NoAnswer(err error, s *settings.Settings, address string) error {
	if errors.Is(err, call.ErrUnreachable) && IsPath(address) && s.APIURL.From.Layer == settings.LayerDefault {
		return exit.Errorf(exit.Unknown, "%v", err).Hint(append(explain.CommandLine.Hints(err), UnsetAPIURL)...)
	}
	return err
}

// Unexpected is the failure of an answer that is not as expected: what was
// expected and what came, then why, then what to do.
func Unexpected(unmet error, wrote string, why *explain.Explanation) error {
	lines := unmetLines(unmet)
	if wrote != "" {
		lines = append(lines, wrote)
	}
	causes, hints := Explained(why)
	return exit.Errorf(exit.Unmet, "%s", strings.Join(append(lines, causes...), "\n")).Hint(hints...).Wrap(unmet)
}

// Explained puts an explanation into lines, and into hints what to do; nothing is
// known of a nil one.
func Explained(why *explain.Explanation) (lines, hints []string) {
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

// ContextOf is what is known about the API and the token beside the answer.
func ContextOf(cmd *cobra.Command, request call.Request, s *settings.Settings, tokenFile string, callFlags []string) explain.Context {
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
		TokenFlags:    TokenFlags(cmd),
		CallFlags:     callFlags,
		TenantID:      s.Tenant.Value,
		IssuerHost:    issuer,
	}
}
