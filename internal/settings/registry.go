package settings

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// Setting is the name of a setting in words. token.SettingError uses the same
// words, so that Explain finds where the value came from.
type Setting string

// The settings.
const (
	Tenant              Setting = "tenant"
	ClientID            Setting = "client ID"
	ClientSecret        Setting = "client secret"
	Certificate         Setting = "certificate"
	CertificatePassword Setting = "certificate password"
	SendChain           Setting = "certificate chain"
	FederatedToken      Setting = "federated token"
	ManagedIdentity     Setting = "managed identity"
	Scope               Setting = "scope"
	AuthorityHost       Setting = "authority host"
	Audiences           Setting = "audiences"
	RequiredRoles       Setting = "required roles"
	RequiredScopes      Setting = "required scopes"
	APIURL              Setting = "API address"
	CAFile              Setting = "extra CA"
	CacheDir            Setting = "cache directory"
	StateDir            Setting = "state directory"
)

// Row describes one setting: its variables and flags, and its line in help and
// README.
type Row struct {
	Setting Setting
	// Variables are its names in the environment, a .env and the local tenant's
	// settings. The first one with a value counts, so the plain name wins.
	Variables []string
	// Flags are in the order of a command's help.
	Flags []Flag
	// Help is one line.
	Help string
	// Secret says that the value must never be shown.
	Secret bool
	// path says that the value is the path of a file or folder.
	path bool
}

// Flag is a flag that gives a setting.
type Flag struct {
	Name  string // without dashes
	usage string // with the name of the value in backquotes, as pflag wants it
	kind  flagKind
}

// flagKind says whether a flag takes a text, several texts or no value.
type flagKind int

const (
	flagText flagKind = iota
	flagList
	flagSwitch
)

// Rows is the table of all settings, in the order in which help shows them. To
// add a setting, add a row here and a field to Settings.
var Rows = []Row{
	{
		Setting: Tenant, Variables: []string{"TENANT_ID", "AZURE_TENANT_ID"},
		Flags: []Flag{{Name: "tenant", usage: "the tenant's Directory (tenant) `ID`, or a domain name of it"}},
		Help:  "the tenant: its Directory (tenant) ID, or one of its domain names; for serve and verify several, by commas",
	},
	{
		Setting: ClientID, Variables: []string{"CLIENT_ID", "AZURE_CLIENT_ID"},
		Flags: []Flag{{Name: "client-id", usage: "the calling app's Application (client) `ID`"}},
		Help:  "the calling app: its Application (client) ID",
	},
	{
		Setting: ClientSecret, Variables: []string{"CLIENT_SECRET", "AZURE_CLIENT_SECRET"},
		Flags:  []Flag{{Name: "client-secret-file", usage: "read the client secret from `PATH`; - is stdin"}},
		Help:   "the app's client secret: its value, not its ID; the flag names a file that holds it, - is stdin",
		Secret: true,
	},
	{
		Setting: Certificate, Variables: []string{"AZURE_CLIENT_CERTIFICATE_PATH"},
		Flags: []Flag{{Name: "certificate", usage: "sign in with the certificate and key in `PATH`, PEM or PFX"}},
		Help:  "a certificate with its private key, PEM or PFX, instead of a secret",
		path:  true,
	},
	{
		Setting: CertificatePassword, Variables: []string{"AZURE_CLIENT_CERTIFICATE_PASSWORD"},
		Flags:  []Flag{{Name: "certificate-password-file", usage: "read the certificate's password from `PATH`; - is stdin"}},
		Help:   "the password of the certificate's file; the flag names a file that holds it, - is stdin",
		Secret: true,
	},
	{
		Setting: SendChain, Variables: []string{"AZURE_CLIENT_SEND_CERTIFICATE_CHAIN"},
		Flags: []Flag{{Name: "send-chain", usage: "send the certificate's chain too", kind: flagSwitch}},
		Help:  "1 or true: send the certificate's chain too (subject name and issuer authentication)",
	},
	{
		Setting: FederatedToken, Variables: []string{"AZURE_FEDERATED_TOKEN_FILE"},
		Flags: []Flag{
			{Name: "federated-token-file", usage: "sign in with the token of another issuer in `PATH`; - is stdin"},
			{Name: "federated-token-env", usage: "sign in with the token of another issuer in the environment variable `NAME`"},
			{Name: "federated", usage: "sign in with a token of `PROVIDER`: github, azure-pipelines or managed-identity"},
			{Name: "federated-audience", usage: "the `AUDIENCE` of the federated token, if it is not the cloud's"},
		},
		Help: "a file with a token of another issuer, instead of a secret; --federated fetches one",
		path: true,
	},
	{
		Setting: ManagedIdentity,
		Flags: []Flag{
			{Name: "managed-identity", usage: "sign in as the Azure machine's own identity", kind: flagSwitch},
			{Name: "managed-identity-client", usage: "sign in as the user-assigned identity with this client `ID`"},
		},
		Help: "the identity of the Azure machine itself, instead of a secret; by flag only",
	},
	{
		Setting: Scope, Variables: []string{"API_SCOPE"},
		Flags: []Flag{{Name: "scope", usage: "what the token is for: the API's `URI` or GUID, then /.default"}},
		Help:  "what the token is for: the API's App ID URI or GUID, followed by /.default",
	},
	{
		Setting: AuthorityHost, Variables: []string{"AZURE_AUTHORITY_HOST"},
		Flags: []Flag{
			{Name: "authority-host", usage: "the login host `URL`, if it is not https://login.microsoftonline.com"},
			{Name: "cloud", usage: "the Microsoft cloud by `NAME`: public, usgov, china, france, germany or singapore"},
		},
		Help: "the login host; the default is https://login.microsoftonline.com",
	},
	{
		Setting: Audiences, Variables: []string{"API_AUDIENCE"},
		Flags: []Flag{{Name: "audience", usage: "an `AUDIENCE` that the API accepts (repeatable)", kind: flagList}},
		Help:  "the audiences the API accepts, by commas; the default follows from API_SCOPE",
	},
	{
		Setting: RequiredRoles, Variables: []string{"REQUIRED_ROLES"},
		Flags: []Flag{{Name: "require-role", usage: "a `ROLE` of which an app-only token needs one (repeatable)", kind: flagList}},
		Help:  "roles of which an app-only token needs one, by commas",
	},
	{
		Setting: RequiredScopes, Variables: []string{"REQUIRED_SCOPES"},
		Flags: []Flag{{Name: "require-scope", usage: "a `SCOPE` of which a user's token needs one (repeatable)", kind: flagList}},
		Help:  "scopes of which a user's token needs one, by commas",
	},
	{
		Setting: APIURL, Variables: []string{"API_URL"},
		Help: "where the API is, for a call that gives a path only; the default is " + DefaultAPIURL,
	},
	{
		Setting: CAFile, Variables: []string{"M2M_CA_FILE"},
		Flags: []Flag{{Name: "ca-file", usage: "trust the certificates in `PATH` (PEM) in addition to the system's"}},
		Help:  "certificates (PEM) to trust in addition to the system's",
		path:  true,
	},
	{
		Setting: CacheDir, Variables: []string{"M2M_CACHE_DIR"},
		Help: "where tokens are cached; the default is m2m in the user's cache directory",
		path: true,
	},
	{
		Setting: StateDir, Variables: []string{"M2M_STATE_DIR"},
		Help: "where a running local tenant is written down; the default is m2m in the user's state directory",
		path: true,
	},
}

// Settings whose flags a command takes together.
var (
	CredentialFlags = []Setting{
		ClientID, ClientSecret, Certificate, CertificatePassword, SendChain,
		FederatedToken, ManagedIdentity,
	}
	AuthorityFlags = []Setting{Tenant, AuthorityHost, CAFile}
	PolicyFlags    = []Setting{Audiences, RequiredRoles, RequiredScopes}
)

// AddFlags adds the flags of some settings to a command. GivenFlags reads their
// values; a flag's default must not count as a value.
func AddFlags(flags *pflag.FlagSet, which ...Setting) {
	for _, s := range which {
		for _, f := range rowOf(s).Flags {
			switch f.kind {
			case flagList:
				flags.StringArray(f.Name, nil, f.usage)
			case flagSwitch:
				flags.Bool(f.Name, false, f.usage)
			default:
				flags.Var(&textFlag{}, f.Name, f.usage)
			}
		}
	}
}

// GivenFlags returns the flags of settings that were given, for Input.Flags.
func GivenFlags(flags *pflag.FlagSet) map[string][]string {
	given := map[string][]string{}
	flags.Visit(func(f *pflag.Flag) {
		if !IsFlag(f.Name) {
			return
		}
		switch value := f.Value.(type) {
		case pflag.SliceValue:
			given[f.Name] = value.GetSlice()
		case *textFlag:
			given[f.Name] = value.given
		default:
			given[f.Name] = []string{f.Value.String()}
		}
	})
	return given
}

// textFlag is the value of a flag that takes one text. It keeps all that it was
// given: that there are two is an error of Resolve, or several tenants.
type textFlag struct{ given []string }

// String implements pflag.Value.
func (t *textFlag) String() string { return strings.Join(t.given, ",") }

// Set implements pflag.Value.
func (t *textFlag) Set(value string) error {
	t.given = append(t.given, value)
	return nil
}

// Type implements pflag.Value: GetString reads such a flag.
func (t *textFlag) Type() string { return "string" }

// SeveralTenants makes the help of a command whose Uses have Judge say that
// --tenant may be repeated.
func SeveralTenants(flags *pflag.FlagSet) {
	flags.Lookup(rowOf(Tenant).Flags[0].Name).Usage =
		"accept tokens of this tenant: its Directory (tenant) `ID`, or a domain name of it (repeatable)"
}

// IsFlag reports whether name, without dashes, is a flag of a setting.
func IsFlag(name string) bool {
	return slices.ContainsFunc(Rows, func(r Row) bool {
		return slices.ContainsFunc(r.Flags, func(f Flag) bool { return f.Name == name })
	})
}

// FlagNames returns the flags of all settings, without dashes.
func FlagNames() []string {
	var names []string
	for _, row := range Rows {
		names = append(names, row.FlagNames()...)
	}
	return names
}

// FlagNames returns the flags of the setting, without dashes.
func (r Row) FlagNames() []string {
	names := make([]string, len(r.Flags))
	for i, f := range r.Flags {
		names[i] = f.Name
	}
	return names
}

// rowOf returns the row of a setting; the zero row if there is none.
func rowOf(s Setting) Row {
	for i := range Rows {
		if Rows[i].Setting == s {
			return Rows[i]
		}
	}
	return Row{}
}

// Variables returns the variables of all settings.
func Variables() []string {
	var names []string
	for _, row := range Rows {
		names = append(names, row.Variables...)
	}
	return names
}

// RowOfVariable returns the row that a variable belongs to; the zero row if it is
// not the variable of a setting.
func RowOfVariable(name string) Row {
	for i := range Rows {
		if slices.Contains(Rows[i].Variables, name) {
			return Rows[i]
		}
	}
	return Row{}
}

// IsVariable reports whether name is the variable of a setting.
func IsVariable(name string) bool { return RowOfVariable(name).Setting != "" }
