package main

import "slices"

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
	// flags are its flags, without dashes and arguments.
	flags []string
	// help is one line about it.
	help string
	// secret says that its value must never be shown.
	secret bool
	// path says that its value is the path of a file or folder.
	path bool
}

// settingRows is the table of all settings (DESIGN section 3), in the order in
// which help shows them.
func settingRows() []settingRow {
	return []settingRow{
		{setting: settingTenant, names: []string{"TENANT_ID", "AZURE_TENANT_ID"}, flags: []string{"tenant"},
			help: "the tenant: its Directory (tenant) ID, or one of its domain names"},
		{setting: settingClient, names: []string{"CLIENT_ID", "AZURE_CLIENT_ID"}, flags: []string{"client-id"},
			help: "the calling app: its Application (client) ID"},
		{setting: settingSecret, names: []string{"CLIENT_SECRET", "AZURE_CLIENT_SECRET"}, flags: []string{"client-secret-file"},
			help: "the app's client secret: its value, not its ID; the flag names a file that holds it, - is stdin", secret: true},
		{setting: settingCertificate, names: []string{"AZURE_CLIENT_CERTIFICATE_PATH"}, flags: []string{"certificate"},
			help: "a certificate with its private key, PEM or PFX, in place of a secret", path: true},
		{setting: settingCertificatePassword, names: []string{"AZURE_CLIENT_CERTIFICATE_PASSWORD"}, flags: []string{"certificate-password-file"},
			help: "the password of the certificate's file; the flag names a file that holds it, - is stdin", secret: true},
		{setting: settingSendChain, names: []string{"AZURE_CLIENT_SEND_CERTIFICATE_CHAIN"}, flags: []string{"send-chain"},
			help: "1 or true: send the certificate's chain too (subject name and issuer authentication)"},
		{setting: settingFederatedToken, names: []string{"AZURE_FEDERATED_TOKEN_FILE"}, flags: []string{"federated-token-file", "federated"},
			help: "a file with a token of another issuer, in place of a secret; --federated github asks GitHub Actions for one", path: true},
		{setting: settingManagedIdentity, flags: []string{"managed-identity", "managed-identity-client"},
			help: "the identity of the Azure machine itself, in place of a secret; by flag only"},
		{setting: settingScope, names: []string{"API_SCOPE"}, flags: []string{"scope"},
			help: "what the token is for: the API's App ID URI or GUID, followed by /.default"},
		{setting: settingAuthority, names: []string{"AZURE_AUTHORITY_HOST"}, flags: []string{"authority-host", "cloud"},
			help: "the login host; the default is https://login.microsoftonline.com"},
		{setting: settingAudiences, names: []string{"API_AUDIENCE"}, flags: []string{"audience"},
			help: "the audiences the API accepts, by commas; the default follows from API_SCOPE"},
		{setting: settingRoles, names: []string{"REQUIRED_ROLES"}, flags: []string{"require-role"},
			help: "roles of which an app-only token needs one, by commas"},
		{setting: settingScopes, names: []string{"REQUIRED_SCOPES"}, flags: []string{"require-scope"},
			help: "scopes of which a user's token needs one, by commas"},
		{setting: settingAPIURL, names: []string{"API_URL"},
			help: "where the API is, for a call that gives a path only; the default is " + defaultAPIURL},
		{setting: settingCAFile, names: []string{"M2M_CA_FILE"}, flags: []string{"ca-file"},
			help: "certificates (PEM) to trust beside the system's", path: true},
		{setting: settingCacheDir, names: []string{"M2M_CACHE_DIR"},
			help: "where tokens are cached; the default is m2m in the user's cache directory", path: true},
		{setting: settingStateDir, names: []string{"M2M_STATE_DIR"},
			help: "where a running local tenant is written down; the default is m2m in the user's state directory", path: true},
	}
}

// rowOf returns the row of a setting; the zero row for a name that is none.
func rowOf(s setting) settingRow {
	rows := settingRows()
	i := slices.IndexFunc(rows, func(r settingRow) bool { return r.setting == s })
	if i < 0 {
		return settingRow{}
	}
	return rows[i]
}

// settingVariables returns the names of every setting's variables.
func settingVariables() []string {
	var names []string
	for _, row := range settingRows() {
		names = append(names, row.names...)
	}
	return names
}

// rowOfVariable returns the row that a variable belongs to; the zero row for a
// name that is none.
func rowOfVariable(name string) settingRow {
	rows := settingRows()
	i := slices.IndexFunc(rows, func(r settingRow) bool { return slices.Contains(r.names, name) })
	if i < 0 {
		return settingRow{}
	}
	return rows[i]
}

// isSettingVariable reports whether a variable is a setting.
func isSettingVariable(name string) bool { return rowOfVariable(name).setting != "" }
