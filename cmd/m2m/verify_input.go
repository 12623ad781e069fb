package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"m2m/internal/text"
	"m2m/internal/transport"
	"m2m/internal/verify"
)

// Bounds of what verify reads, in bytes: a line of a batch, a file or pipe with
// one token, a key set. A token is far smaller than the first. What is longer is
// judged by its beginning, and refused for its size.
const (
	maxTokenInput = 64 << 10
	maxTokenFile  = 16 << 20
	maxJWKS       = 512 << 10
)

// atMostOne refuses a second argument. what names the first.
func atMostOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) <= 1 {
			return nil
		}
		return &usageError{
			reason: fmt.Sprintf("%s takes one argument, %s, but was given %d", cmd.CommandPath(), what, len(args)),
			hints:  []string{"put quotes around an argument that has a space in it"},
		}
	}
}

// tokenInput returns the token that was given: as an argument, in a file, or
// on stdin. A terminal is never waited for.
func (a *app) tokenInput(args []string) (string, error) {
	source := "-"
	if len(args) == 1 {
		source = args[0]
	} else if isTerminal(a.stdin) {
		return "", &usageError{
			reason: "there is no token to verify",
			hints:  []string{"pipe one in: m2m token | m2m verify", "or paste it as an argument: m2m verify TOKEN"},
		}
	}
	path, isFile := strings.CutPrefix(source, "@")
	switch {
	case source == "@":
		return "", &usageError{reason: "there is no file name after @", hints: []string{"give the path of a file that holds one token: m2m verify @token.txt"}}
	case isFile:
	case strings.TrimSpace(source) == "":
		return "", &usageError{
			reason: "there is no token to verify: the argument is empty",
			hints:  []string{"if it is a variable, it is not set"},
		}
	case source == "-":
		path = "-"
	default:
		return source, nil
	}
	data, _, err := a.readStart(path, maxTokenFile)
	input := string(data)
	if err != nil {
		return "", &usageError{
			reason: "the token cannot be read: " + err.Error(),
			hints:  []string{"give the path of a file that holds one token: m2m verify @token.txt"},
			err:    err,
		}
	}
	if strings.TrimSpace(input) == "" {
		return "", &usageError{
			reason: "there is no token to verify: " + fileName(path) + " is empty",
			hints:  []string{"if it came from a pipe, see what the command before it said on stderr"},
		}
	}
	return input, nil
}

// keySet reads the keys that --jwks names.
func (a *app) keySet(ctx context.Context, client *http.Client, s *settings, o verifyOptions) (verify.KeySource, error) {
	data, err := a.jwks(ctx, client, o.jwks)
	if err != nil {
		return nil, err
	}
	issuer := verify.KeySetOptions{Issuer: o.issuer}
	if o.issuer == "" && s.tenant.value != "" {
		issuer.Authority = s.authorityURL()
	}
	keys, err := verify.NewKeySet(data, issuer)
	if err != nil {
		return nil, &usageError{reason: fmt.Sprintf("--jwks %s: %v", shownPlace(o.jwks), err), err: err}
	}
	return keys, nil
}

func (a *app) jwks(ctx context.Context, client *http.Client, place string) ([]byte, error) {
	switch u, err := url.Parse(place); {
	case err != nil && strings.Contains(place, "://"):
		return nil, &usageError{reason: "--jwks is no URL"}
	case err != nil || u.Scheme != "https" && u.Scheme != "http":
		data, err := a.readFile(place, maxJWKS)
		if err != nil {
			return nil, &usageError{reason: fmt.Sprintf("the keys cannot be read: %v", err), err: err}
		}
		return data, nil
	}
	request, err := jwksRequest(ctx, place)
	if err != nil {
		return nil, err
	}
	answer, err := withoutRedirects(client).Do(request)
	if err != nil {
		return nil, keysOutOfReach(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, &failure{code: exitUnknown, reason: fmt.Sprintf("the keys are out of reach: %s answered %s", shownPlace(place), text.OneLine(answer.Status, 100))}
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, maxJWKS+1))
	if err != nil || len(data) > maxJWKS {
		return nil, &failure{code: exitUnknown, reason: fmt.Sprintf("the keys of %s could not be read whole, or are larger than %d KiB", shownPlace(place), maxJWKS>>10), err: errors.Join(err)}
	}
	return data, nil
}

// shownPlace is the place of the keys for a message: a password in its URL stays
// out.
func shownPlace(place string) string {
	if u, err := url.Parse(place); err == nil && u.User != nil {
		return u.Redacted()
	}
	return place
}

// jwksRequest asks for the keys over https: whoever can change the keys on
// their way can have any token believed. Plain http is for this machine.
func jwksRequest(ctx context.Context, place string) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, place, nil)
	if err != nil {
		return nil, &usageError{reason: "--jwks is no URL: " + err.Error(), err: err}
	}
	ip := net.ParseIP(request.URL.Hostname())
	if request.URL.Scheme != "https" && (ip == nil || !ip.IsLoopback()) {
		return nil, &usageError{
			reason: "--jwks " + quoted(shownPlace(place)) + ": keys are only fetched over https, because whoever can change them on their way can have any token believed",
			hints:  []string{"write https://, or fetch the keys in a way you trust and name the file"},
		}
	}
	return request, nil
}

// withoutRedirects returns a client that stays at the address it was given.
func withoutRedirects(client *http.Client) *http.Client {
	stays := *client
	stays.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &stays
}

// keysOutOfReach says why nothing came from the address of --jwks.
func keysOutOfReach(err error) error {
	var file *transport.CAFileError
	if errors.As(err, &file) {
		return file
	}
	fault := transport.Diagnose("", err)
	return &failure{code: exitUnknown, reason: "the keys are out of reach: " + fault.Error(), err: fault}
}
