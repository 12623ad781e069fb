package main

import (
	"slices"

	"github.com/spf13/pflag"
)

// setting is the name of one setting in words. The words are those of
// token.SettingError, so that its errors find their way back to a source.
type setting string

const (
	settingTenant              setting = "tenant"
	settingClient              setting = "client ID"
	settingSecret              setting = "client secret"
	settingCertificate         setting = "certificate"
	settingCertificatePassword setting = "certificate password"
	settingSendChain           setting = "certificate chain"
	settingFederatedToken      setting = "federated token"
	settingManagedIdentity     setting = "managed identity"
	settingScope               setting = "scope"
	settingAuthority           setting = "authority host"
	settingAudiences           setting = "audiences"
	settingRoles               setting = "required roles"
	settingScopes              setting = "required scopes"
	settingAPIURL              setting = "API address"
	settingCAFile              setting = "extra CA"
	settingCacheDir            setting = "cache directory"
	settingStateDir            setting = "state directory"
)

// settingRow is everything the program knows about one setting: where it is
// read, and what help and the README say of it.
type settingRow struct {
	setting setting
	// names are its variables in the environment, .env and the local tenant's
	// settings. The first one that has a value counts, so the plain name wins.
	names []string
	// flags are its flags, in the order of a command's help.
	flags []settingFlag
	// help is one line about it.
	help string
	// secret says that its value must never be shown.
	secret bool
	// path says that its value is the path of a file or folder.
	path bool
}

// settingFlag is a flag that gives a setting.
type settingFlag struct {
	name  string // without dashes
	usage string // as pflag takes it: the name of the value in backquotes
	kind  flagKind
}

// flagKind is what a flag takes: one text, several, or nothing.
type flagKind int

const (
	flagText flagKind = iota
	flagList
	flagSwitch
)

// settingRows is the table of all settings (DESIGN section 4), in the order in
// which help shows them. A setting is added here and nowhere else, but for the
// field of settings that holds it.
var settingRows = []settingRow{
	{
		setting: settingTenant, names: []string{"TENANT_ID", "AZURE_TENANT_ID"},
		flags: []settingFlag{{name: "tenant", usage: "the tenant's Directory (tenant) `ID`, or a domain name of it"}},
		help:  "the tenant: its Directory (tenant) ID, or one of its domain names",
	},
	{
		setting: settingClient, names: []string{"CLIENT_ID", "AZURE_CLIENT_ID"},
		flags: []settingFlag{{name: "client-id", usage: "the calling app's Application (client) `ID`"}},
		help:  "the calling app: its Application (client) ID",
	},
	{
		setting: settingSecret, names: []string{"CLIENT_SECRET", "AZURE_CLIENT_SECRET"},
		flags:  []settingFlag{{name: "client-secret-file", usage: "read the client secret from `PATH`; - is stdin"}},
		help:   "the app's client secret: its value, not its ID; the flag names a file that holds it, - is stdin",
		secret: true,
	},
	{
		setting: settingCertificate, names: []string{"AZURE_CLIENT_CERTIFICATE_PATH"},
		flags: []settingFlag{{name: "certificate", usage: "sign in with the certificate and key in `PATH`, PEM or PFX"}},
		help:  "a certificate with its private key, PEM or PFX, in place of a secret",
		path:  true,
	},
	{
		setting: settingCertificatePassword, names: []string{"AZURE_CLIENT_CERTIFICATE_PASSWORD"},
		flags:  []settingFlag{{name: "certificate-password-file", usage: "read the certificate's password from `PATH`; - is stdin"}},
		help:   "the password of the certificate's file; the flag names a file that holds it, - is stdin",
		secret: true,
	},
	{
		setting: settingSendChain, names: []string{"AZURE_CLIENT_SEND_CERTIFICATE_CHAIN"},
		flags: []settingFlag{{name: "send-chain", usage: "send the certificate's chain too", kind: flagSwitch}},
		help:  "1 or true: send the certificate's chain too (subject name and issuer authentication)",
	},
	{
		setting: settingFederatedToken, names: []string{"AZURE_FEDERATED_TOKEN_FILE"},
		flags: []settingFlag{
			{name: "federated-token-file", usage: "sign in with the token of another issuer in `PATH`"},
			{name: "federated", usage: "sign in with a token that `github` Actions gives this job"},
		},
		help: "a file with a token of another issuer, in place of a secret; --federated github asks GitHub Actions for one",
		path: true,
	},
	{
		setting: settingManagedIdentity,
		flags: []settingFlag{
			{name: "managed-identity", usage: "sign in as the Azure machine's own identity", kind: flagSwitch},
			{name: "managed-identity-client", usage: "sign in as the user-assigned identity with this client `ID`"},
		},
		help: "the identity of the Azure machine itself, in place of a secret; by flag only",
	},
	{
		setting: settingScope, names: []string{"API_SCOPE"},
		flags: []settingFlag{{name: "scope", usage: "what the token is for: the API's `URI` or GUID, then /.default"}},
		help:  "what the token is for: the API's App ID URI or GUID, followed by /.default",
	},
	{
		setting: settingAuthority, names: []string{"AZURE_AUTHORITY_HOST"},
		flags: []settingFlag{
			{name: "authority-host", usage: "the login host `URL`, if it is not https://login.microsoftonline.com"},
			{name: "cloud", usage: "the Microsoft cloud by `NAME`: public, usgov, china, france, germany or singapore"},
		},
		help: "the login host; the default is https://login.microsoftonline.com",
	},
	{
		setting: settingAudiences, names: []string{"API_AUDIENCE"},
		flags: []settingFlag{{name: "audience", usage: "an `AUDIENCE` that the API accepts (repeatable)", kind: flagList}},
		help:  "the audiences the API accepts, by commas; the default follows from API_SCOPE",
	},
	{
		setting: settingRoles, names: []string{"REQUIRED_ROLES"},
		flags: []settingFlag{{name: "require-role", usage: "a `ROLE` of which an app-only token needs one (repeatable)", kind: flagList}},
		help:  "roles of which an app-only token needs one, by commas",
	},
	{
		setting: settingScopes, names: []string{"REQUIRED_SCOPES"},
		flags: []settingFlag{{name: "require-scope", usage: "a `SCOPE` of which a user's token needs one (repeatable)", kind: flagList}},
		help:  "scopes of which a user's token needs one, by commas",
	},
	{
		setting: settingAPIURL, names: []string{"API_URL"},
		help: "where the API is, for a call that gives a path only; the default is " + defaultAPIURL,
	},
	{
		setting: settingCAFile, names: []string{"M2M_CA_FILE"},
		flags: []settingFlag{{name: "ca-file", usage: "trust the certificates in `PATH` (PEM) beside the system's"}},
		help:  "certificates (PEM) to trust beside the system's",
		path:  true,
	},
	{
		setting: settingCacheDir, names: []string{"M2M_CACHE_DIR"},
		help: "where tokens are cached; the default is m2m in the user's cache directory",
		path: true,
	},
	{
		setting: settingStateDir, names: []string{"M2M_STATE_DIR"},
		help: "where a running local tenant is written down; the default is m2m in the user's state directory",
		path: true,
	},
}

// The settings of which a command takes the flags, beside single ones.
var (
	credentialSettingsFlags = []setting{
		settingClient, settingSecret, settingCertificate, settingCertificatePassword, settingSendChain,
		settingFederatedToken, settingManagedIdentity,
	}
	authoritySettingsFlags = []setting{settingTenant, settingAuthority, settingCAFile}
	policySettingsFlags    = []setting{settingAudiences, settingRoles, settingScopes}
)

// addSettingFlags adds the flags of settings to a command's. Their values are
// read by givenFlags, never through variables: a flag that the caller did not
// give must not count as a value.
func addSettingFlags(flags *pflag.FlagSet, which ...setting) {
	for _, s := range which {
		for _, f := range rowOf(s).flags {
			switch f.kind {
			case flagList:
				flags.StringArray(f.name, nil, f.usage)
			case flagSwitch:
				flags.Bool(f.name, false, f.usage)
			default:
				flags.String(f.name, "", f.usage)
			}
		}
	}
}

// givenFlags returns the values of the flags that the caller gave and that give
// a setting, by name without dashes.
func givenFlags(flags *pflag.FlagSet) map[string][]string {
	given := map[string][]string{}
	flags.Visit(func(f *pflag.Flag) {
		if !isSettingFlag(f.Name) {
			return
		}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			given[f.Name] = list.GetSlice()
		} else {
			given[f.Name] = []string{f.Value.String()}
		}
	})
	return given
}

// isSettingFlag reports whether a flag gives a setting.
func isSettingFlag(name string) bool {
	return slices.ContainsFunc(settingRows, func(r settingRow) bool {
		return slices.ContainsFunc(r.flags, func(f settingFlag) bool { return f.name == name })
	})
}

// settingFlags returns the names of every setting's flags, without dashes.
func settingFlags() []string {
	var names []string
	for _, row := range settingRows {
		names = append(names, row.flagNames()...)
	}
	return names
}

// flagNames returns the names of the setting's flags, without dashes.
func (r settingRow) flagNames() []string {
	names := make([]string, len(r.flags))
	for i, f := range r.flags {
		names[i] = f.name
	}
	return names
}

// rowOf returns the row of a setting; the zero row for a name that is none.
func rowOf(s setting) settingRow {
	for i := range settingRows {
		if settingRows[i].setting == s {
			return settingRows[i]
		}
	}
	return settingRow{}
}

// settingVariables returns the names of every setting's variables.
func settingVariables() []string {
	var names []string
	for _, row := range settingRows {
		names = append(names, row.names...)
	}
	return names
}

// rowOfVariable returns the row that a variable belongs to; the zero row for a
// name that is none.
func rowOfVariable(name string) settingRow {
	for i := range settingRows {
		if slices.Contains(settingRows[i].names, name) {
			return settingRows[i]
		}
	}
	return settingRow{}
}

// isSettingVariable reports whether a variable is a setting.
func isSettingVariable(name string) bool { return rowOfVariable(name).setting != "" }
