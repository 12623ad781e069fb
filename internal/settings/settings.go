package settings

import "m2m/internal/entra"

// What holds where nothing is set.
const (
	defaultAuthority = "https://login.microsoftonline.com"
	DefaultAPIURL    = "http://127.0.0.1:8000"
)

// Input is what settings are resolved from: everything that was given,
// and nothing of the process itself.
type Input struct {
	// flags holds the flags that the user gave, by name without dashes, with
	// their values in order. A flag left at its default is not in it.
	Flags map[string][]string
	// local holds the settings of the running local tenant, by the names they
	// have in the environment; nil without --local.
	Local map[string]string
	// lookup finds a variable of the environment.
	Lookup func(string) (string, bool)
	// dir is the working directory: .env is found there, and relative paths of
	// flags and the environment start there.
	Dir string
	// envFile is the file that --env-file names; empty means .env in dir, if
	// there is one.
	EnvFile string
	// noEnvFile says that no .env is read. With local set none is read either.
	NoEnvFile bool
	// goos is the operating system, as runtime.GOOS; it decides where caches and
	// state live.
	GOOS string
	// uses says what the command will do with the settings.
	Uses Uses
	// client is one that a suite defines, in place of the caller's; nil for none.
	Client *Identity
}

// Uses says which of the caller's secrets a command sends, and where. The trust
// rules for .env follow from it (settings_trust.go).
type Uses struct {
	// credential: a token is acquired.
	Credential bool
	// givenToken: a token that the caller gave is sent to the API.
	GivenToken bool
	// call: the token is sent to an API.
	Call bool
	// apiURL: a token is sent to API_URL, because the call names a path only.
	APIURL bool
}

// Settings is every setting of a command, with where each came from.
type Settings struct {
	Tenant    Given[string]
	Client    Given[string]
	Scope     Given[string]
	Authority Given[string] // an https origin without a slash at the end
	Audiences Given[[]string]
	Roles     Given[[]string] // any one is enough
	Scopes    Given[[]string] // any one is enough
	APIURL    Given[string]   // from.layer is layerDefault if nobody set it
	CAFile    Given[string]   // absolute; empty for none
	// loginProxy is the proxy of a local tenant that intercepts, for requests to
	// login hosts. Only what such a tenant wrote down can set it.
	LoginProxy entra.Secret

	Credential Credential
	Places     places
	// envFile is the path of the .env that was read; empty if none was.
	EnvFile string
}

// Given is a value and where it came from. The zero value is "not set".
type Given[T any] struct {
	Value T
	From  Source
}

// CredentialKind names the way in which the app proves its identity.
type CredentialKind string

const (
	KindNone            CredentialKind = ""
	KindSecret          CredentialKind = "client secret"
	KindCertificate     CredentialKind = "certificate"
	KindFederatedFile   CredentialKind = "federated token file"
	KindGitHub          CredentialKind = "GitHub Actions token"
	KindManagedIdentity CredentialKind = "managed identity"
)

// Credential says which credential is used, and what it is made of. The
// zero value is no credential.
type Credential struct {
	Kind CredentialKind
	From Source
	// why is a sentence for --debug: which credential, and by which rule.
	Why string

	// secret is the client secret, where its value was given.
	Secret entra.Secret
	// file is absolute: the certificate, the federated token, or the file that
	// holds the client secret, where that is "-" for stdin.
	File string
	// password of the certificate, where its value was given.
	Password entra.Secret
	// passwordFile holds the password of the certificate; "-" is stdin.
	PasswordFile string
	// sendChain: the certificate's chain is sent too.
	SendChain bool
	// identityClient is the client ID of a user-assigned managed identity; empty
	// for the machine's own.
	IdentityClient string
}

// places are the folders that m2m keeps things in, as absolute paths; empty
// where the environment tells none (no HOME).
type places struct {
	CacheDir string
	StateDir string
}

// AuthorityURL returns the tenant and login host that tokens are asked of.
func (s *Settings) AuthorityURL() entra.Authority {
	return entra.Authority{Origin: s.Authority.Value, Tenant: s.Tenant.Value}
}

// CredentialFiles are the files that hold credentials of m2m's own; a name that
// is empty or "-" names none.
func (s *Settings) CredentialFiles() []string {
	return []string{s.EnvFile, s.Credential.File, s.Credential.PasswordFile}
}

// Identity is a client that a suite defines. What it sets comes before the
// flags; tenant, login host and scope are the caller's where it leaves them out.
// A nil one sets nothing.
type Identity struct {
	Values     map[Setting]Given[string]
	Credential Credential
}

func (c *Identity) find(s Setting) (Given[string], bool) {
	if c == nil {
		return Given[string]{}, false
	}
	g, ok := c.Values[s]
	return g, ok
}

func (c *Identity) hasCredential() bool { return c != nil && c.Credential.Kind != KindNone }
