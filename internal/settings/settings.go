package settings

import "m2m/internal/entra"

// The values of settings that nobody set.
const (
	defaultAuthority = "https://login.microsoftonline.com"
	DefaultAPIURL    = "http://127.0.0.1:8000"
)

// Input is everything that settings are resolved from.
type Input struct {
	// Flags holds the flags that were given, by name without dashes, with their
	// values in order. A flag left at its default is not in it.
	Flags map[string][]string
	// Local holds the settings of the running local tenant, by variable; nil
	// without --local.
	Local map[string]string
	// LocalIdentity is the managed identity of a local tenant that is used where no
	// credential is given; nil means none.
	LocalIdentity *LocalIdentity
	// Lookup finds an environment variable.
	Lookup func(string) (string, bool)
	// Dir is the working directory: a .env is found there, and relative paths of
	// flags and the environment start there.
	Dir string
	// EnvFile is the file that --env-file names; empty means .env in Dir, if
	// there is one.
	EnvFile string
	// EnvContent is the content of EnvFile where that is "-", stdin.
	EnvContent []byte
	// NoEnvFile says that no .env is read. Next to Local none is looked for either.
	NoEnvFile bool
	// GOOS is the operating system, as runtime.GOOS; it decides where caches and
	// state live.
	GOOS string
	// Uses says what the command does with the settings.
	Uses Uses
	// Client is a client that a suite defines; nil for the caller's own.
	Client *Identity
}

// Uses says what a command does with its settings. The rules for a .env that was
// found depend on it (trust.go).
type Uses struct {
	Credential bool // a token is acquired
	GivenToken bool // a token that the caller gave is sent to the API
	Call       bool // the token is sent to an API
	APIURL     bool // the request goes to API_URL, because the call gives only a path
	// Carries names what else of the caller's the request carries, such as "the
	// header X-Api-Key" or "the body"; empty for nothing that may be secret.
	Carries string
	// Judge says that the command decides about tokens: there may be several tenants.
	Judge bool
	// OwnPolicy says that a flag that is not a setting decides about tokens too
	// (--client, --issuer, --jwks).
	OwnPolicy bool
}

// Settings is every setting of a command, with where each came from.
type Settings struct {
	Tenant    Given[string]   // its value is empty if there are several
	Tenants   Given[[]string] // all of them, for a command that validates tokens
	Client    Given[string]
	Scope     Given[string]
	Authority Given[string] // an https origin without a slash at the end
	Audiences Given[[]string]
	Roles     Given[[]string] // any one is enough
	Scopes    Given[[]string] // any one is enough
	APIURL    Given[string]   // From.Layer is LayerDefault if nobody set it
	CAFile    Given[string]   // absolute; empty for none
	// LoginProxy is the proxy of a local tenant with --intercept, for requests to
	// login hosts; zero for none. Only the state of such a tenant sets it.
	LoginProxy entra.Secret

	Credential Credential
	Places     Places
	// EnvFile is the path of the .env that was read; empty if none was.
	EnvFile string
	// Cleaned says, for --debug, which values were not taken as they were given:
	// quotes, braces and invisible characters around them were left out.
	Cleaned []string
	// Passed are the values of tenant, client, scope and authority host that another one
	// was taken instead of.
	Passed map[Setting][]Given[string]
	// Unused are the variables of a .env that was found and whose values do not
	// count, because the caller's settings decide about tokens.
	Unused []string
	// Called is the address in a .env that was found, for a command that calls it.
	Called string
}

// Given is a value and where it came from. The zero value is "not set".
type Given[T any] struct {
	Value T
	From  Source
}

// CredentialKind is the way in which the app proves its identity.
type CredentialKind string

// The kinds of credentials.
const (
	KindNone            CredentialKind = ""
	KindSecret          CredentialKind = "client secret"
	KindCertificate     CredentialKind = "certificate"
	KindFederatedFile   CredentialKind = "federated token file"
	KindFederatedEnv    CredentialKind = "federated token in a variable"
	KindGitHub          CredentialKind = "GitHub Actions token"
	KindPipelines       CredentialKind = "Azure Pipelines token"
	KindFederatedMI     CredentialKind = "managed identity as federated token"
	KindManagedIdentity CredentialKind = "managed identity"
)

// Credential says which credential is used, and what it is made of. The zero
// value is no credential.
type Credential struct {
	Kind CredentialKind
	From Source
	// Why is a sentence for --debug: which credential, and by which rule.
	Why string

	// Secret is the client secret, if its value was given.
	Secret entra.Secret
	// File is the absolute path of the certificate, of the federated token, or of
	// the file that holds the client secret, where "-" is stdin.
	File string
	// Password is the certificate's, if its value was given.
	Password entra.Secret
	// PasswordFile holds the certificate's password; "-" is stdin.
	PasswordFile string
	// SendChain says that the certificate's chain is sent too.
	SendChain bool
	// Variable is the environment variable that holds the federated token.
	Variable string
	// Audience is the audience to ask a federated token for, or to expect in it; empty
	// is the cloud's.
	Audience string
	// IdentityClient is the client ID of a user-assigned managed identity; empty
	// for the system-assigned one.
	IdentityClient string
	// Local is where a local tenant gives its tokens; nil means the machine's own
	// endpoint.
	Local *LocalIdentity
}

// LocalIdentity is a managed identity of a local tenant.
type LocalIdentity struct {
	// Endpoint and Header are those of App Service's protocol.
	Endpoint string
	Header   entra.Secret
	// Client is the client ID of a user-assigned identity; empty for the
	// system-assigned one.
	Client string
}

// goesToProvider reports whether the credential is presented to the login host
// for a tenant and client. A managed identity is requested from the machine.
func (c Credential) goesToProvider() bool {
	return c.Kind != KindNone && c.Kind != KindManagedIdentity
}

// Places are the absolute paths of the folders that m2m keeps files in; empty
// where the environment does not say (no HOME).
type Places struct {
	CacheDir string
	StateDir string
}

// IsLocal reports whether the settings are those of a running local tenant.
func (s *Settings) IsLocal() bool { return s.Authority.From.Layer == layerLocal }

// AuthorityURL returns the tenant and login host that tokens are requested from.
func (s *Settings) AuthorityURL() entra.Authority {
	return entra.Authority{Origin: s.Authority.Value, Tenant: s.Tenant.Value}
}

// CredentialFiles returns the files that hold credentials; an element that is
// empty or "-" is no file.
func (s *Settings) CredentialFiles() []string {
	return []string{s.EnvFile, s.Credential.File, s.Credential.PasswordFile}
}

// Identity is a client that a suite defines. Its values win over flags; what it
// lacks (tenant, login host, scope) is the caller's.
type Identity struct {
	Values     map[Setting]Given[string]
	Credential Credential
}

// find returns the suite's value of a setting; none if c is nil.
func (c *Identity) find(s Setting) (Given[string], bool) {
	if c == nil {
		return Given[string]{}, false
	}
	g, ok := c.Values[s]
	return g, ok
}

func (c *Identity) hasCredential() bool { return c != nil && c.Credential.Kind != KindNone }
