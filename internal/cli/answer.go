package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"m2m/internal/jq"

	"github.com/spf13/cobra"

	"m2m/internal/call"
	"m2m/internal/entra"
	"m2m/internal/exit"
	"m2m/internal/explain"
	"m2m/internal/settings"
)

// CannotSend is the error of a request that call.Request.Check rejects.
func CannotSend(err error) error { return exit.Usagef("%v", err).Wrap(err) }

// IsPath reports whether an address is a path of API_URL.
func IsPath(address string) bool {
	return address == "" || address[0] == '/' || address[0] == '?'
}

// UnsetAPIURL is a hint for a request to the default address.
const UnsetAPIURL = "API_URL is not set, so " + settings.DefaultAPIURL + " was called"

// NoAnswer adds to the error of a request without response that it went to the
// default address.
func NoAnswer(err error, s *settings.Settings, address string) error {
	if errors.Is(err, call.ErrUnreachable) && IsPath(address) && s.APIURL.From.Layer == settings.LayerDefault {
		return exit.Errorf(exit.Unknown, "%v", err).Hint(append(explain.CommandLine.Hints(err), UnsetAPIURL)...)
	}
	return err
}

// Unexpected is the error of a response that is not as expected: what was expected
// and received, wrote if it is not empty, and the explanation. why may be nil.
func Unexpected(unmet error, wrote string, why *explain.Explanation) error {
	if errors.Is(unmet, jq.ErrMemory) {
		return exit.Usagef("%v", unmet).Wrap(unmet)
	}
	lines := unmetLines(unmet)
	if wrote != "" {
		lines = append(lines, wrote)
	}
	causes, hints := Explained(why)
	return exit.Errorf(exit.Unmet, "%s", strings.Join(append(lines, causes...), "\n")).Hint(hints...).Wrap(unmet)
}

// Explained returns an explanation as lines and hints, none for nil.
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

// unmetLines has a line for each unmet expectation.
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

// ContextOf is what an explanation may use next to the response: the token, what the
// API expects as far as it is configured, and the flags that hints repeat.
func ContextOf(cmd *cobra.Command, request call.Request, s *settings.Settings, tokenFile string, callFlags []string) explain.Context {
	audiences := s.Audiences.Value
	if len(audiences) == 0 {
		audiences, _ = entra.Audiences(s.Scope.Value, s.Client.Value)
	}
	issuer := ""
	if s.Tenant.Value != "" { // else the issuer of the API's tokens is not known
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
