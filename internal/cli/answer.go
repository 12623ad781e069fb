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
	"m2m/internal/text"
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

// mostLines is how many lines an error about a response has, without -v.
const mostLines = 6

// Unexpected is the error of a response that is not as expected: the status and the
// cause, what the response says about itself, what was written to a file if wrote is not
// empty, and what to do. What supports it are its facts. why may be nil.
func (env *Env) Unexpected(unmet error, wrote string, why *explain.Diagnosis) error {
	if errors.Is(unmet, jq.ErrMemory) {
		return exit.Usagef("%v", unmet).Wrap(unmet)
	}
	lines, facts, hints := Explained(unmet, why)
	if wrote != "" {
		lines = append(lines, wrote)
	}
	if keep := max(mostLines-len(lines), 1); !env.Verbose && !env.JSONErrors && len(hints) > keep {
		hints = append(hints[:keep-1:keep-1], hints[len(hints)-1]) // the last one is the command
	}
	cause := ""
	if why != nil {
		cause = why.Cause
	}
	return exit.Errorf(exit.Unmet, "%s", strings.Join(lines, "\n")).Fact(facts...).Because(cause).Hint(hints...).Wrap(unmet)
}

// Explained says in lines what came instead of what was expected, and why: the cause
// first if it is certain, else what the response says. Facts are what it rests on.
// why may be nil.
func Explained(unmet error, why *explain.Diagnosis) (lines, facts, hints []string) {
	status, others := unmetLines(unmet)
	if why == nil {
		if status != nil {
			others = slices.Insert(others, 0, status.String())
		}
		return others, nil, nil
	}
	words := wordsOf(why)
	if status != nil {
		words = slices.DeleteFunc(words, func(w string) bool { return strings.Contains(status.Found, w) })
	}
	cause := why.Line()
	lines = others
	switch {
	case why.Certainty != explain.Certain && len(words) > 0 && status != nil:
		lines = append(lines, statusWords(status)+": "+words[0], cause)
		words = words[1:]
	case status != nil && !strings.Contains(cause, status.Found):
		lines = append(lines, statusWords(status)+": "+cause)
	default:
		lines = append(lines, cause)
	}
	for _, w := range words {
		lines = append(lines, why.Speaker()+" says: "+w)
	}
	for _, fact := range why.Facts {
		isShown := func(line string) bool { return strings.Contains(line, fact.Text) }
		if !slices.ContainsFunc(lines, isShown) {
			facts = append(facts, fmt.Sprintf("%s: %s", fact.Source, fact.Text))
		}
	}
	hints = bounded(why.Fixes)
	if why.Command != "" {
		hints = append(hints, text.Bound("run: "+why.Command, maxLine))
	}
	return bounded(lines), bounded(facts), hints
}

// maxLine bounds a line that has words of a response in it, in bytes: longer than any
// command that explain prints.
const maxLine = 8 << 10

// bounded makes each text one line, with nothing in it that a terminal obeys.
func bounded(texts []string) []string {
	var lines []string
	for _, s := range texts {
		lines = append(lines, text.Bound(s, maxLine))
	}
	return lines
}

// wordsOf returns what a response says in words, at most two lines; nothing that the
// cause repeats.
func wordsOf(why *explain.Diagnosis) (words []string) {
	add := func(w string) {
		isKnown := func(known string) bool { return strings.Contains(known, w) || strings.Contains(w, known) }
		if w != "" && len(words) < 2 && !strings.Contains(why.Cause, w) && !slices.ContainsFunc(words, isKnown) {
			words = append(words, w)
		}
	}
	add(why.Said)
	for _, fact := range why.Facts {
		if fact.Source == explain.FromAPI {
			add(fact.Text)
		}
	}
	return words
}

// statusWords is the status that came, and the one that was expected if it was named.
func statusWords(e *call.Expectation) string {
	if e.Expected == call.DefaultStatus {
		return e.Found
	}
	return e.Found + " (expected " + e.Expected + ")"
}

// unmetLines returns the status, if it is not the expected one, and a line for each
// other unmet expectation.
func unmetLines(unmet error) (status *call.Expectation, others []string) {
	list := (*call.ExpectationError)(nil)
	if !errors.As(unmet, &list) {
		if unmet == nil {
			return nil, nil
		}
		return nil, []string{unmet.Error()}
	}
	for _, e := range list.Unmet {
		if e.Name == "status" {
			status = &e
		} else {
			others = append(others, e.String())
		}
	}
	return status, others
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
