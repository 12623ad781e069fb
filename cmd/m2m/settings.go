package main

import "m2m/internal/entra"

// What holds where nothing is set.
const (
	defaultAuthority = "https://login.microsoftonline.com"
	defaultAPIURL    = "http://127.0.0.1:8000"
)

// settingsInput is what settings are resolved from: everything that was given,
// and nothing of the process itself.
type settingsInput struct {
	// flags holds the flags that the user gave, by name without dashes, with
	// their values in order. A flag left at its default is not in it.
	flags map[string][]string
	// local holds the settings of the running local tenant, by the names they
	// have in the environment; nil without --local.
	local map[string]string
	// lookup finds a variable of the environment.
	lookup func(string) (string, bool)
	// dir is the working directory: .env is found there, and relative paths of
	// flags and the environment start there.
	dir string
	// envFile is the file that --env-file names; empty means .env in dir, if
	// there is one.
	envFile string
	// noEnvFile says that no .env is read. With local set none is read either.
	noEnvFile bool
	// goos is the operating system, as runtime.GOOS; it decides where caches and
	// state live.
	goos string
	// uses says what the command will do with the settings.
	uses uses
	// client is one that a suite defines, in place of the caller's; nil for none.
	client *suiteIdentity
}

// uses says which of the caller's secrets a command sends, and where. The trust
// rules for .env follow from it (settings_trust.go).
type uses struct {
	// credential: a token is acquired.
	credential bool
	// givenToken: a token that the caller gave is sent to the API.
	givenToken bool
	// call: the token is sent to an API.
	call bool
	// apiURL: a token is sent to API_URL, because the call names a path only.
	apiURL bool
}

// settings is every setting of a command, with where each came from.
type settings struct {
	tenant    given[string]
	client    given[string]
	scope     given[string]
	authority given[string] // an https origin without a slash at the end
	audiences given[[]string]
	roles     given[[]string] // any one is enough
	scopes    given[[]string] // any one is enough
	apiURL    given[string]   // from.layer is layerDefault if nobody set it
	caFile    given[string]   // absolute; empty for none
	// loginProxy is the proxy of a local tenant that intercepts, for requests to
	// login hosts. Only what such a tenant wrote down can set it.
	loginProxy entra.Secret

	credential credentialSettings
	places     places
	// envFile is the path of the .env that was read; empty if none was.
	envFile string
}

// given is a value and where it came from. The zero value is "not set".
type given[T any] struct {
	value T
	from  source
}

// credentialKind names the way in which the app proves its identity.
type credentialKind string

const (
	credentialNone            credentialKind = ""
	credentialSecret          credentialKind = "client secret"
	credentialCertificate     credentialKind = "certificate"
	credentialFederatedFile   credentialKind = "federated token file"
	credentialGitHub          credentialKind = "GitHub Actions token"
	credentialManagedIdentity credentialKind = "managed identity"
)

// credentialSettings says which credential is used, and what it is made of. The
// zero value is no credential.
type credentialSettings struct {
	kind credentialKind
	from source
	// why is a sentence for --debug: which credential, and by which rule.
	why string

	// secret is the client secret, where its value was given.
	secret entra.Secret
	// file is absolute: the certificate, the federated token, or the file that
	// holds the client secret, where that is "-" for stdin.
	file string
	// password of the certificate, where its value was given.
	password entra.Secret
	// passwordFile holds the password of the certificate; "-" is stdin.
	passwordFile string
	// sendChain: the certificate's chain is sent too.
	sendChain bool
	// identityClient is the client ID of a user-assigned managed identity; empty
	// for the machine's own.
	identityClient string
}

// places are the folders that m2m keeps things in, as absolute paths; empty
// where the environment tells none (no HOME).
type places struct {
	cacheDir string
	stateDir string
}

// authorityURL returns the tenant and login host that tokens are asked of.
func (s *settings) authorityURL() entra.Authority {
	return entra.Authority{Origin: s.authority.value, Tenant: s.tenant.value}
}

// credentialFiles are the files that hold credentials of m2m's own; a name that
// is empty or "-" names none.
func (s *settings) credentialFiles() []string {
	return []string{s.envFile, s.credential.file, s.credential.passwordFile}
}

// suiteIdentity is a client that a suite defines. What it sets comes before the
// flags; tenant, login host and scope are the caller's where it leaves them out.
// A nil one sets nothing.
type suiteIdentity struct {
	values     map[setting]given[string]
	credential credentialSettings
}

func (c *suiteIdentity) find(s setting) (given[string], bool) {
	if c == nil {
		return given[string]{}, false
	}
	g, ok := c.values[s]
	return g, ok
}

func (c *suiteIdentity) hasCredential() bool { return c != nil && c.credential.kind != credentialNone }
