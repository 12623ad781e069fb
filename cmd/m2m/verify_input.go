package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"m2m/internal/cli"
	"m2m/internal/exit"
	"m2m/internal/input"
	"m2m/internal/jwks"
	"m2m/internal/settings"
	"m2m/internal/text"
	"m2m/internal/transport"
)

// Bounds of what verify reads, in bytes: a line of a batch, a file or pipe with
// one token, a key set. A token is far smaller than the first. What is longer is
// judged by its beginning, and refused for its size.
const (
	maxTokenInput = 64 << 10
	maxTokenFile  = 16 << 20
	maxJWKS       = 512 << 10
)

// tokenInput returns the token that was given: as an argument, in a file, or
// on stdin. A terminal is never waited for.
func tokenInput(env *cli.Env, args []string) (string, error) {
	source := "-"
	if len(args) == 1 {
		source = args[0]
	} else if cli.IsTerminal(env.Stdin) {
		return "", exit.Usagef("there is no token to verify").
			Hint("pipe one in: m2m token | m2m verify", "or paste it as an argument: m2m verify TOKEN")
	}
	path, isFile := strings.CutPrefix(source, "@")
	switch {
	case source == "@":
		return "", exit.Usagef("there is no file name after @").Hint("give the path of a file that holds one token: m2m verify @token.txt")
	case isFile:
	case strings.TrimSpace(source) == "":
		return "", exit.Usagef("there is no token to verify: the argument is empty").Hint("if it is a variable, it is not set")
	case source == "-":
		path = "-"
	default:
		return source, nil
	}
	data, err := env.ReadFile(path, maxTokenFile)
	if err != nil && !errors.Is(err, input.ErrTooLarge) { // verify says of a long token that it is too long
		return "", exit.Usagef("the token cannot be read: %v", err).
			Hint("give the path of a file that holds one token: m2m verify @token.txt").
			Wrap(err)
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return "", exit.Usagef("there is no token to verify: %s is empty", cli.FileName(path)).
			Hint("if it came from a pipe, see what the command before it said on stderr")
	}
	return string(data), nil
}

// keySetFor reads the keys that --jwks names.
func keySetFor(env *cli.Env, ctx context.Context, client *http.Client, s *settings.Settings, o verifyOptions) (jwks.Source, error) {
	data, err := readJWKS(env, ctx, client, o.jwks)
	if err != nil {
		return nil, err
	}
	issuer := jwks.SetOptions{Issuer: o.issuer}
	if o.issuer == "" && s.Tenant.Value != "" {
		issuer.Authority = s.AuthorityURL()
	}
	keys, err := jwks.NewSet(data, issuer)
	if err != nil {
		return nil, exit.Usagef("--jwks %s: %v", shownPlace(o.jwks), err).Wrap(err)
	}
	return keys, nil
}

func readJWKS(env *cli.Env, ctx context.Context, client *http.Client, place string) ([]byte, error) {
	switch u, err := url.Parse(place); {
	case err != nil && strings.Contains(place, "://"):
		return nil, exit.Usagef("--jwks is no URL")
	case err != nil || u.Scheme != "https" && u.Scheme != "http":
		data, err := env.ReadFile(place, maxJWKS)
		if err != nil {
			return nil, exit.Usagef("the keys cannot be read: %v", err).Wrap(err)
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
		return nil, exit.Errorf(exit.Unknown, "the keys are out of reach: %s answered %s", shownPlace(place), text.OneLine(answer.Status, 100))
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, maxJWKS+1))
	if err != nil || len(data) > maxJWKS {
		return nil, exit.Errorf(exit.Unknown, "the keys of %s could not be read whole, or are larger than %d KiB", shownPlace(place), maxJWKS>>10).Wrap(errors.Join(err))
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
		return nil, exit.Usagef("--jwks is no URL: %v", err).Wrap(err)
	}
	if request.URL.Scheme != "https" && !transport.Loopback(request.URL.Hostname()) {
		return nil, exit.Usagef("--jwks %s: keys are only fetched over https, because whoever can change them on their way can have any token believed", text.Quote(shownPlace(place))).
			Hint("write https://, or fetch the keys in a way you trust and name the file")
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
	return exit.Errorf(exit.Unknown, "the keys are out of reach: %v", fault).Wrap(fault)
}
