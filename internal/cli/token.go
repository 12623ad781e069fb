package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"m2m/internal/entra"
	"m2m/internal/exit"
	"m2m/internal/input"
	"m2m/internal/settings"
	"m2m/internal/text"
	"m2m/internal/token"
	"m2m/internal/token/cache"
)

// maxSecretFile bounds a file that holds a secret, in bytes.
const maxSecretFile = 16 << 10

// Acquisition says how to acquire a token, next to the settings.
type Acquisition struct {
	claims  string
	region  string
	MinTTL  time.Duration
	refresh bool
	noCache bool
	agent   string
	flags   *pflag.FlagSet
	Timeout time.Duration
}

// Add adds the flags of a command that acquires a token.
func (how *Acquisition) Add(flags *pflag.FlagSet) {
	flags.BoolVar(&how.refresh, "refresh", false, "ask for a new token even if the cache has one")
	flags.BoolVar(&how.noCache, "no-cache", false, "neither read nor write the cache")
	how.AddUncached(flags)
}

// AddUncached adds the flags of a command that acquires a token and never uses the
// cache.
func (how *Acquisition) AddUncached(flags *pflag.FlagSet) {
	flags.StringVar(&how.claims, "claims", "", "pass on a claims challenge, a `JSON` object")
	flags.StringVar(&how.region, "region", "", "ask the regional endpoint of this Azure `REGION`")
	flags.DurationVar(&how.Timeout, "timeout", 30*time.Second,
		"time limit for the token, retries included; for managed identity 1m30s")
	flags.StringVar(&how.agent, "agent", "", "acquire for the agent identity with this `ID`; the client is its blueprint")
	how.flags = flags
	AddLocalFlag(flags)
	settings.AddFlags(flags, settings.Scope)
	settings.AddFlags(flags, settings.AuthorityFlags...)
	settings.AddFlags(flags, settings.CredentialFlags...)
}

// Renewed returns the same acquisition of a new token, not one from the cache.
func (how Acquisition) Renewed() Acquisition {
	how.refresh = true
	return how
}

// Uncached returns the same acquisition without the cache.
func (how Acquisition) Uncached() Acquisition {
	how.noCache = true
	return how
}

// AddTokenFile adds --token-file.
func AddTokenFile(flags *pflag.FlagSet, path *string) {
	flags.StringVar(path, "token-file", "", "send the token in `PATH` instead of a new one; - is stdin")
}

// Agent is the agent identity to acquire for; empty for none.
func (how Acquisition) Agent() string { return how.agent }

// Check rejects values that cannot be meant.
func (how Acquisition) Check() error { return CheckTimeout(how.Timeout) }

// CheckTimeout rejects a --timeout that has passed before a request is sent.
func CheckTimeout(timeout time.Duration) error {
	if timeout <= 0 {
		return exit.Usagef("--timeout is a time such as 10s or 2m, not %s", timeout)
	}
	return nil
}

// identityTimeout is the default for managed identities: IMDS is away for up to 70
// seconds while it is updated.
const identityTimeout = 90 * time.Second

// timeout is --timeout, or its default for a kind of credential.
func (how Acquisition) timeout(kind settings.CredentialKind) time.Duration {
	isGiven := how.flags != nil && how.flags.Changed("timeout")
	if !isGiven && (kind == settings.KindManagedIdentity || kind == settings.KindFederatedMI) {
		return max(how.Timeout, identityTimeout)
	}
	return how.Timeout
}

// Acquire returns a token for the settings, from the cache or the identity provider.
func (session *Session) Acquire(ctx context.Context, how Acquisition) (token.Token, error) {
	env, s := session.Env, session.Settings
	env.Trace(s.Credential.Why)
	request, err := session.tokenRequest(how)
	if err != nil {
		return token.Token{}, session.incomplete(err)
	}
	client := &token.Client{Transport: session.Transport, Now: env.Now}
	client.Warn = func(line string) { env.Say("warning: %s", line) }
	if env.Debug {
		client.Debug = env.Trace
	}
	if !how.noCache && s.Places.CacheDir != "" {
		client.Cache = &cache.Store{Dir: s.Places.CacheDir}
	}
	ctx, cancel := context.WithTimeout(ctx, how.timeout(s.Credential.Kind))
	defer cancel()
	got, err := client.Acquire(ctx, request)
	if err != nil {
		return token.Token{}, s.Refused(request, s.ExplainToken(err))
	}
	switch left := got.ExpiresOn.Sub(env.Now()).Truncate(time.Second); {
	case got.Short && how.MinTTL > 0:
		env.Say("warning: the freshest token there is expires in %s, sooner than --min-ttl %s", text.Duration(left), how.MinTTL)
	case left <= 0:
		env.Say("warning: the identity provider gave a token that expires at once; compare the clocks")
	}
	return got, nil
}

// tokenRequest reads the credential and returns the request, or one error for all
// that is missing or wrong.
func (session *Session) tokenRequest(how Acquisition) (token.Request, error) {
	s := session.Settings
	credential, err := credentialOf(session.Env, s)
	request := token.Request{
		Authority:  s.AuthorityURL(),
		ClientID:   s.Client.Value,
		Scope:      s.Scope.Value,
		Claims:     how.claims,
		Region:     how.region,
		Agent:      how.agent,
		Credential: credential,
		MinTTL:     how.MinTTL,
		Refresh:    how.refresh,
	}
	if err == nil && credential != nil {
		err = request.Check(session.Env.Now())
	}
	return request, s.Check(err)
}

// Missing is the error of settings that a token cannot be acquired without; nil if
// none is missing. The credential itself is not read.
func (session *Session) Missing() error { return session.incomplete(session.Settings.Check(nil)) }

// Check reads the credential and checks it, and sends nothing.
func (session *Session) Check(how Acquisition) (token.Credential, error) {
	request, err := session.tokenRequest(how)
	if err != nil {
		return nil, session.incomplete(err)
	}
	return request.Credential, nil
}

// TokenOptions say which token a request is sent with.
type TokenOptions struct {
	NoToken   bool
	TokenFile string // a file that holds one; "-" is stdin, empty means none
	How       Acquisition
}

// Token returns the token to send: none, a given one, or one that it acquires.
func (session *Session) Token(ctx context.Context, o TokenOptions) (entra.Secret, error) {
	switch {
	case o.NoToken:
		return entra.Secret{}, nil
	case o.TokenFile != "":
		session.noteDefault()
		return tokenFromFile(session.Env, o.TokenFile)
	}
	got, err := session.Acquire(ctx, o.How)
	if err == nil {
		session.noteDefault()
	}
	return got.Access, err
}

// noteDefault says that a token goes to the default address.
func (session *Session) noteDefault() {
	if session.Uses.APIURL {
		NoteDefault(session.Env, session.Settings)
	}
}

// NoteDefault says that tokens go to the default address, if that is so.
func NoteDefault(env *Env, s *settings.Settings) {
	if s.APIURL.From.Layer == settings.LayerDefault {
		env.Say("hint: API_URL is not set, so the token goes to %s", settings.DefaultAPIURL)
	}
}

// tokenFromFile reads a token, in any form that input.Clean accepts.
func tokenFromFile(env *Env, path string) (entra.Secret, error) {
	content, err := secretFrom(env, entra.Secret{}, path, "token")
	if err != nil {
		return entra.Secret{}, err
	}
	bare, stripped, err := input.Clean(content.Reveal())
	if len(stripped) > 0 {
		env.Trace("token file: read without " + strings.Join(stripped, ", "))
	}
	if err != nil {
		return entra.Secret{}, exit.Usagef("%s holds no token: %v", FileName(path), err).Wrap(err)
	}
	return entra.NewSecret(bare), nil
}

// credentialOf makes the credential of the settings, and reads its secret.
func credentialOf(env *Env, s *settings.Settings) (token.Credential, error) {
	c := s.Credential
	//exhaustive:enforce
	switch c.Kind {
	case settings.KindSecret:
		secret, err := secretFrom(env, c.Secret, c.File, "client secret")
		if err != nil {
			return nil, err
		}
		return token.NewClientSecret(secret), nil
	case settings.KindCertificate:
		password, err := secretFrom(env, c.Password, c.PasswordFile, "certificate password")
		if err != nil {
			return nil, err
		}
		content, err := env.ReadFile(c.File, token.MaxCertificateFile)
		if err != nil {
			return nil, unreadableFile(env, "certificate", c.File, err)
		}
		return token.NewCertificate(token.CertificateFile{
			Path: FileName(c.File), Content: content, Password: password, SendChain: c.SendChain, Now: env.Now(),
		})
	case settings.KindFederatedFile:
		if c.File == "-" {
			return token.NewFederatedToken(token.FederatedToken{
				Setting: "federated token from stdin", Audience: c.Audience, Read: readOnce(env),
			}), nil
		}
		return token.NewFederatedFile(c.File, c.Audience), nil
	case settings.KindFederatedEnv:
		return token.NewFederatedToken(token.FederatedToken{
			Setting: "federated token in " + text.QuoteGiven(c.Variable), Audience: c.Audience, Read: readVariable(env, c.Variable),
		}), nil
	case settings.KindGitHub:
		return gitHubCredential(env, c.Audience), nil
	case settings.KindPipelines:
		return pipelinesCredential(env), nil
	case settings.KindFederatedMI:
		return token.NewFederatedIdentity(c.IdentityClient, c.Audience), nil
	case settings.KindManagedIdentity:
		if c.Local != nil {
			return token.NewManagedIdentityAt(c.Local.Endpoint, c.Local.Header, c.IdentityClient), nil
		}
		return token.NewManagedIdentity(c.IdentityClient), nil
	case settings.KindNone: // token.Request.Check reports it
	}
	return nil, nil
}

// GitHubTokenVariable has the bearer token with which a job of GitHub Actions
// requests its ID token.
const GitHubTokenVariable = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"

// gitHubCredential is that of a GitHub Actions job, from the runner's variables.
func gitHubCredential(env *Env, audience string) token.Credential {
	url, _ := env.Lookup("ACTIONS_ID_TOKEN_REQUEST_URL")
	bearer, _ := env.Lookup(GitHubTokenVariable)
	return token.NewGitHub(token.GitHub{RequestURL: url, RequestToken: entra.NewSecret(bearer), Audience: audience})
}

// pipelinesCredential is that of a job of Azure Pipelines, from the agent's variables.
func pipelinesCredential(env *Env) token.Credential {
	uri, _ := env.Lookup("SYSTEM_OIDCREQUESTURI")
	bearer, _ := env.Lookup("SYSTEM_ACCESSTOKEN")
	connection, _ := env.Lookup("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID")
	return token.NewPipelines(token.Pipelines{RequestURI: uri, AccessToken: entra.NewSecret(bearer), ServiceConnection: connection})
}

// readOnce reads stdin at the first call and returns the same at each later one.
func readOnce(env *Env) func() ([]byte, error) {
	return sync.OnceValues(func() ([]byte, error) { return env.ReadFile("-", maxSecretFile) })
}

// readVariable reads a variable that holds a token.
func readVariable(env *Env, name string) func() ([]byte, error) {
	return func() ([]byte, error) {
		value, ok := env.Lookup(name)
		if !ok {
			return nil, errors.New("the variable is not set")
		}
		return []byte(value), nil
	}
}

// secretFrom returns a secret that was given by value, or reads it from a file, as
// input.Secret does.
func secretFrom(env *Env, value entra.Secret, file, what string) (entra.Secret, error) {
	if file == "" {
		return value, nil
	}
	data, err := env.ReadFile(file, maxSecretFile)
	if err != nil {
		return entra.Secret{}, unreadableSecret(what, err)
	}
	content, changed := input.Secret(data)
	if len(changed) > 0 {
		env.Trace(fmt.Sprintf("file of the %s: read without %s", what, strings.Join(changed, ", ")))
	}
	if content == "" {
		return entra.Secret{}, exit.Usagef("the %s is empty: nothing was read from %s", what, FileName(file)).
			Hint("if it came from a pipe, see what the command before it said on stderr")
	}
	return entra.NewSecret(content), nil
}

// unreadableFile is the error of a file that a setting names. A path that may be a
// secret, given instead of its file, is left out.
func unreadableFile(env *Env, setting, path string, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	found := path
	relative, below := strings.CutPrefix(path, env.Dir+string(filepath.Separator))
	if !input.IsPathLike(path) || below && !input.IsPathLike(relative) {
		found = ""
	}
	return &token.SettingError{Setting: setting, Found: found, Err: text.WithoutPath(err)}
}

// unreadableSecret leaves the path out, for it may be the secret itself, given
// instead of its file.
func unreadableSecret(what string, err error) error {
	reason := err
	if about := (*fs.PathError)(nil); errors.As(err, &about) {
		reason = about.Err
	}
	return exit.Usagef("the file of the %s cannot be read: %v", what, reason).
		Hint("give the path of a file that holds it and nothing else, or - for stdin").
		Wrap(reason)
}
