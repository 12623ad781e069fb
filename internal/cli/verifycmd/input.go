package verifycmd

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"m2m/internal/cli"
	"m2m/internal/exit"
	"m2m/internal/input"
	"m2m/internal/issuer"
	"m2m/internal/jwks"
	"m2m/internal/jwt"
	"m2m/internal/settings"
	"m2m/internal/text"
	"m2m/internal/transport"
)

// Bounds of what verify reads, in bytes: a line of a batch, a file or pipe with
// one token, a key set. Of longer input the beginning is verified; it is rejected
// for its size, because even the first bound is far more than a token has.
const (
	maxTokenInput = 64 << 10
	maxTokenFile  = 16 << 20
	maxJWKS       = 512 << 10
)

// oneToken rejects a second argument, unless the words are those of one token that the
// shell split: Bearer eyJ…, or a token of several lines.
func oneToken(cmd *cobra.Command, args []string) error {
	if _, stripped, err := input.Clean(strings.Join(args, " ")); len(args) > 1 && err == nil && stripped != nil {
		return nil
	}
	return cli.AtMostOne("the token")(cmd, args)
}

// tokenInput returns the token that was given: as an argument, in a file, or on
// stdin, unless that is a terminal.
func tokenInput(env *cli.Env, args []string) (string, error) {
	source := "-"
	if len(args) > 1 {
		return strings.Join(args, " "), nil
	} else if len(args) == 1 {
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

// keySet reads the keys that --jwks names.
func keySet(ctx context.Context, env *cli.Env, client *http.Client, s *settings.Settings, o options) (jwks.Source, error) {
	data, err := readJWKS(ctx, env, client, o.jwks)
	if err != nil {
		return nil, err
	}
	data, err = followDiscovery(ctx, env, client, o, data)
	if err != nil {
		return nil, err
	}
	data, changed, err := input.KeySet(data)
	if err != nil {
		e := exit.Usagef("--jwks %s: %v", shownPlace(o.jwks), err).Wrap(err)
		if keys := keysOf(o.issuer); keys != "" {
			return nil, e.Hint("the keys of " + text.Quote(o.issuer) + ": --jwks " + text.ShellQuote(text.Printable(keys)))
		}
		return nil, e
	}
	if len(changed) > 0 {
		env.Trace("key set: read without " + strings.Join(changed, ", "))
	}
	whose := jwks.SetOptions{Issuer: o.issuer}
	if o.issuer == "" && s.Tenant.Value != "" {
		whose.Authority = s.AuthorityURL()
	}
	keys, err := jwks.NewSet(data, whose)
	if err != nil {
		return nil, exit.Usagef("--jwks %s: %v", shownPlace(o.jwks), err).Wrap(err)
	}
	return keys, nil
}

// followDiscovery returns the key set that a discovery document at a URL names, and
// every other text as it is. A document in a file is not followed: a file asks for
// no request.
func followDiscovery(ctx context.Context, env *cli.Env, client *http.Client, o options, data []byte) ([]byte, error) {
	iss, keys, ok := jwks.Discovery(data)
	if !ok || !strings.Contains(o.jwks, "://") {
		return data, nil
	}
	if o.issuer != "" && iss != o.issuer {
		env.Say("warning: the discovery document names the issuer %s, and --issuer %s", text.Quote(iss), text.Quote(o.issuer))
	}
	env.Say("note: --jwks %s is a discovery document; reading the keys at %s", shownPlace(o.jwks), text.Quote(keys))
	return readJWKS(ctx, env, client, keys)
}

// issuerAlone is the error for an issuer whose keys are not given.
func issuerAlone(iss string) error {
	e := exit.Usagef("--issuer needs --jwks: the keys of that issuer")
	switch keys := keysOf(iss); {
	case issuer.OfIssuer(iss).ID == issuer.Entra:
		return e.Hint("for tokens of Entra's leave out --issuer, and name the tenant: --tenant ID")
	case keys != "":
		return e.Hint("add --jwks " + text.ShellQuote(text.Printable(keys)))
	}
	return e.Hint("add --jwks with the address or the file of its key set")
}

// keysOf is where an issuer likely publishes its keys; empty if that cannot be told.
func keysOf(iss string) string {
	if keys, _ := issuer.OfIssuer(iss).KeysAddress(&jwt.Token{Issuer: iss}); keys != "" {
		return keys
	}
	if strings.HasPrefix(iss, "https://") {
		return strings.TrimSuffix(iss, "/") + "/.well-known/openid-configuration"
	}
	return ""
}

func readJWKS(ctx context.Context, env *cli.Env, client *http.Client, place string) ([]byte, error) {
	switch u, err := url.Parse(place); {
	case err != nil && strings.Contains(place, "://"):
		return nil, exit.Usagef("--jwks is not a URL")
	case err != nil || u.Scheme != "https" && u.Scheme != "http":
		data, err := env.ReadFile(place, maxJWKS)
		if err != nil {
			return nil, exit.Usagef("the keys cannot be read: %v", err).Wrap(err)
		}
		return data, nil
	}
	if err := mayFetchKeys(place); err != nil {
		return nil, err
	}
	data, _, err := transport.Fetch(ctx, transport.WithoutRedirects(client), place, transport.Limits{Bytes: maxJWKS})
	var status *transport.StatusError
	switch {
	case errors.As(err, &status):
		return nil, exit.Errorf(exit.Unknown, "the keys are out of reach: %s answered %s", shownPlace(place), text.OneLine(status.Text, 100))
	case errors.As(err, new(*transport.SizeError)):
		return nil, exit.Errorf(exit.Unknown, "the keys of %s could not be read whole, or are larger than %d KiB", shownPlace(place), maxJWKS>>10)
	case err != nil:
		return nil, keysOutOfReach(err)
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

// mayFetchKeys says why keys are not fetched from an address: over plain http
// an attacker on the network could replace them and have any token accepted. This machine
// is excepted.
func mayFetchKeys(place string) error {
	u, err := url.Parse(place)
	if err != nil {
		return exit.Usagef("--jwks is not a URL: %v", err).Wrap(err)
	}
	if u.Scheme != "https" && !transport.Loopback(u.Hostname()) {
		const reason = "--jwks %s: keys are only fetched over https, " +
			"because an attacker on the network could replace them and have any token accepted"
		return exit.Usagef(reason, text.Quote(shownPlace(place))).
			Hint("write https://, or fetch the keys in a way you trust and name the file")
	}
	return nil
}

// keysOutOfReach says why nothing came from the address of --jwks.
func keysOutOfReach(err error) error {
	var file *transport.CAFileError
	if errors.As(err, &file) {
		return file
	}
	if proxy := (*transport.ProxySettingError)(nil); errors.As(err, &proxy) {
		return proxy
	}
	fault := transport.Diagnose("", err)
	return exit.Errorf(exit.Unknown, "the keys are out of reach: %v", fault).Wrap(fault)
}
