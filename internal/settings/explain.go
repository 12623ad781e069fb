package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"m2m/internal/entra"
	"m2m/internal/exit"
	"m2m/internal/input"
	"m2m/internal/text"
	"m2m/internal/token"
)

// ErrIncomplete says that settings are missing or still placeholders.
var ErrIncomplete = errors.New("settings are missing")

// missing returns what a token needs and nobody set: its names, and the errors
// that say so.
func (s *Settings) missing() (names []string, causes []error) {
	add := func(isMissing bool, name string, cause error) {
		if isMissing {
			names, causes = append(names, name), append(causes, cause)
		}
	}
	if s.Credential.Kind != KindManagedIdentity {
		add(s.Tenant.Value == "", "TENANT_ID", entra.ErrTenantMissing)
		add(s.Client.Value == "", "CLIENT_ID", entra.ErrClientMissing)
		add(s.Credential.Kind == KindNone, "CLIENT_SECRET (or another credential)", token.ErrNoCredential)
	}
	add(s.Scope.Value == "", "API_SCOPE", entra.ErrScopeMissing)
	return names, causes
}

// Check returns one error, an exit.Error, for everything that is missing or wrong
// in what a token needs; nil if nothing is. more is what package token and the
// reading of a credential found; without anything about a setting in it, it is
// returned as it is.
func (s *Settings) Check(more error) error {
	faults := settingErrors(more)
	about := func(which Setting, value string, err error) {
		known := slices.ContainsFunc(faults, func(f *token.SettingError) bool { return f.Setting == string(which) })
		if err != nil && !known {
			faults = append(faults, &token.SettingError{Setting: string(which), Found: value, Err: err})
		}
	}
	if s.Credential.Kind != KindManagedIdentity {
		about(Tenant, s.Tenant.Value, entra.CheckTenant(s.Tenant.Value))
		about(ClientID, s.Client.Value, entra.CheckClientID(s.Client.Value))
		if s.Credential.Kind == KindNone {
			about("credential", "", token.ErrNoCredential)
		} else if !s.Credential.Secret.IsZero() {
			about(ClientSecret, "", entra.CheckClientSecret(s.Credential.Secret))
		}
	}
	about(Scope, s.Scope.Value, entra.CheckScope(s.Scope.Value))
	if len(faults) == 0 {
		return more
	}
	return s.explainAll(faults, more)
}

// ExplainToken words the errors of package token about settings, all in one
// exit.Error that names each setting as the user wrote it, where it came from,
// and where to find the right value. Other errors are returned unchanged.
func (s *Settings) ExplainToken(err error) error {
	if faults := settingErrors(err); len(faults) > 0 {
		return s.explainAll(faults, nil)
	}
	return err
}

// explainAll words faults of settings: first what is missing, then placeholders,
// each in one line, then a line for each other fault. other is an error that may
// be about something else; its words are added.
func (s *Settings) explainAll(faults []*token.SettingError, other error) *exit.Error {
	var lines, hints []string
	var causes []error
	isIncomplete := false
	isMissing := func(f *token.SettingError) bool {
		return faultOf(Setting(f.Setting), f).missing || errors.Is(f, token.ErrNoCredential)
	}
	if names, errs := s.missing(); len(names) > 0 && slices.ContainsFunc(faults, isMissing) {
		lines, causes = append(lines, "not set: "+strings.Join(names, ", ")), append(causes, errs...)
		isIncomplete = true
	}
	for _, place := range s.placeholders(faults) {
		lines = append(lines, place.sentence())
		causes, isIncomplete = append(causes, entra.ErrPlaceholder), true
	}
	if isIncomplete {
		hints, causes = append(hints, s.fillIn()...), append(causes, ErrIncomplete)
	}
	for _, about := range faults {
		which := Setting(about.Setting)
		if errors.Is(about, entra.ErrPlaceholder) || isMissing(about) {
			continue
		}
		g := s.origin(which)
		if which == Tenant && about.Found != "" {
			g.Value = about.Found // one of several
		}
		one := explain(which, g, about)
		lines, hints, causes = append(lines, one.Error()), append(hints, one.Hints()...), append(causes, one.Unwrap())
	}
	if other != nil && len(settingErrors(other)) == 0 {
		lines, causes = append(lines, other.Error()), append(causes, other)
	}
	if len(causes) == 1 {
		return exit.Usagef("%s", lines[0]).Hint(unique(hints)...).Wrap(causes[0])
	}
	return exit.Usagef("%s", strings.Join(lines, "\n")).Hint(unique(hints)...).Wrap(errors.Join(causes...))
}

// CheckPolicy returns one error, an exit.Error, for everything that is missing or
// wrong in what an API needs to validate tokens; nil if nothing is. noAudience says
// that nothing tells which tokens are meant for it.
func (s *Settings) CheckPolicy(noAudience bool) error {
	var unset []string
	var faults []*token.SettingError
	about := func(which Setting, value string, err error) {
		if err != nil {
			faults = append(faults, &token.SettingError{Setting: string(which), Found: value, Err: err})
		}
	}
	for _, tenant := range s.Tenants.Value {
		about(Tenant, tenant, entra.CheckTenant(tenant))
	}
	for _, which := range []Setting{ClientID, Scope} {
		if value := s.origin(which).Value; len(s.Audiences.Value) == 0 && entra.IsPlaceholder(value) {
			about(which, value, entra.ErrPlaceholder)
		}
	}
	if len(s.Tenants.Value) == 0 {
		unset = append(unset, "TENANT_ID")
	}
	if noAudience {
		unset = append(unset, "API_SCOPE or API_AUDIENCE")
	}
	if len(unset) == 0 && len(faults) == 0 {
		return nil
	}
	var lines, hints []string
	var cause error
	if len(unset) > 0 {
		lines, cause = []string{"not set: " + strings.Join(unset, ", ")}, ErrIncomplete
		hints = append([]string{"m2m serve --local runs the API with a local tenant, which needs no settings"}, s.fillIn()...)
	}
	if len(faults) > 0 {
		wrong := s.explainAll(faults, nil)
		lines, hints, cause = append(lines, wrong.Error()), append(hints, wrong.Hints()...), errors.Join(cause, wrong.Unwrap())
	}
	return exit.Usagef("%s", strings.Join(lines, "\n")).Hint(unique(hints)...).Wrap(cause)
}

// unique removes repeated lines.
func unique(lines []string) (once []string) {
	for _, line := range lines {
		if !slices.Contains(once, line) {
			once = append(once, line)
		}
	}
	return once
}

// namesAt are settings of one place whose values are placeholders.
type namesAt struct {
	from  Source
	names []string
	value string // the last one's; empty for a secret
}

// sentence is "TENANT_ID and CLIENT_ID in .env are placeholders", or for one
// setting its value too.
func (n namesAt) sentence() string {
	subject := and(n.names)
	if n.from.Layer != layerFlag {
		subject += " in " + n.from.place()
	}
	switch {
	case len(n.names) > 1:
		return subject + " are placeholders"
	case n.value == "":
		return subject + " is a placeholder"
	}
	return subject + " is a placeholder: " + text.QuoteGiven(n.value)
}

// placeholders returns the settings whose values were never filled in, by place.
func (s *Settings) placeholders(faults []*token.SettingError) []namesAt {
	var all []namesAt
	for _, about := range faults {
		if !errors.Is(about, entra.ErrPlaceholder) {
			continue
		}
		g := s.origin(Setting(about.Setting))
		from, name := g.From, g.From.Name
		if from.Layer == layerFlag {
			name = "--" + name
		}
		at := slices.IndexFunc(all, func(n namesAt) bool { return n.from.Layer == from.Layer && n.from.File == from.File })
		if at < 0 {
			at, all = len(all), append(all, namesAt{from: from})
		}
		all[at].names, all[at].value = append(all[at].names, name), g.Value
	}
	return all
}

// fillIn says how to get complete settings.
func (s *Settings) fillIn() []string {
	if s.EnvFile != "" {
		return []string{
			"fill in " + s.envFileName() + ": the IDs and the secret are in the Entra admin center, App registrations, your app",
		}
	}
	return []string{"m2m init writes a .env to fill in, and prints the az commands that register API and client"}
}

// envFileName names the .env as the caller knows it.
func (s *Settings) envFileName() string {
	for _, from := range []Source{s.Tenant.From, s.Client.From, s.Credential.From, s.Scope.From} {
		if from.Layer == LayerEnvFile || from.Layer == LayerNamedFile {
			return from.File
		}
	}
	return EnvFileName
}

// settingErrors collects the errors about settings in a tree of errors.
func settingErrors(err error) []*token.SettingError {
	switch e := err.(type) { //nolint:errorlint // the tree is walked one error at a time
	case *token.SettingError:
		return []*token.SettingError{e}
	case interface{ Unwrap() error }:
		return settingErrors(e.Unwrap())
	case interface{ Unwrap() []error }:
		var all []*token.SettingError
		for _, joined := range e.Unwrap() {
			all = append(all, settingErrors(joined)...)
		}
		return all
	}
	return nil
}

// Explain does what ExplainToken does for an error of entra about one setting.
func (s *Settings) Explain(which Setting, err error) error {
	return explain(which, s.origin(which), err)
}

// origin returns a setting's value and source; of a secret only the source.
func (s *Settings) origin(which Setting) Given[string] {
	switch which {
	case Tenant:
		return s.Tenant
	case ClientID:
		return s.Client
	case Scope:
		return s.Scope
	case AuthorityHost:
		return s.Authority
	case ClientSecret:
		return Given[string]{From: s.Credential.From}
	}
	return Given[string]{}
}

// explain words an error about one value. The cause of the result is the bare
// error of the fault: the error around it has words of its own.
func explain(which Setting, g Given[string], err error) *exit.Error {
	if not := (*input.NotError)(nil); errors.As(err, &not) {
		return explainNot(which, g, err, not)
	}
	f := faultOf(which, err)
	if f.predicate == "" || !f.missing && g.From.Layer == layerNone {
		return exit.Usagef("%v", err).Hint(f.hints...).Wrap(err)
	}
	reason := f.err.Error()
	switch {
	case f.missing:
	case rowOf(which).Secret:
		reason = g.From.Subject() + " " + f.predicate
	case text.LooksSecret(g.Value):
		reason = g.From.Subject() + " " + f.predicate + ", and may be a secret"
	case errors.Is(f.err, entra.ErrAuthorityHost):
		reason = fmt.Sprintf("%s is %s: %v", g.From.Subject(), text.QuoteGiven(g.Value), authorityDetail(err))
	default:
		reason = fmt.Sprintf("%s %s: %s", g.From.Subject(), f.predicate, text.Quote(g.Value))
	}
	return exit.Usagef("%s", reason).Hint(adviceOn(which, g, f.err)...).Wrap(f.err)
}

// explainNot words a value or a file that is something else than it should be. Its
// cause has hints of its own.
func explainNot(which Setting, g Given[string], err error, not *input.NotError) *exit.Error {
	reason := err.Error()
	if rowOf(which).Secret {
		subject := g.From.Subject()
		if g.From.Layer == layerFlag {
			subject = "the content of --" + g.From.Name
		}
		reason = subject + " is " + not.Is
	}
	var hints []string
	switch not.Use {
	case input.UseCertificate:
		hints = []string{"give the file of the certificate and its private key by its path: --certificate PATH, or AZURE_CLIENT_CERTIFICATE_PATH"}
	case input.UseSecretFile:
		hints = []string{"give the file that holds the client secret by its path: --client-secret-file PATH"}
	case input.UseFederatedToken:
		hints = []string{"give the file of a token of another issuer by its path: --federated-token-file PATH"}
	default:
		if which == ClientSecret && len(not.Fix) == 0 {
			hints = secretAdvice(which, g, not)
		}
	}
	return exit.Usagef("%s", reason).Hint(hints...).Wrap(not)
}

// authorityDetail returns the error that says most about a login host, without
// the words that token.SettingError adds.
func authorityDetail(err error) error {
	if about := (*token.SettingError)(nil); errors.As(err, &about) {
		return about.Err
	}
	return err
}

// fault words one error about a setting: as the predicate of a sentence whose
// subject is the setting, with adviceOn, or in the error's own words, with hints.
type fault struct {
	err       error
	predicate string
	missing   bool
	hints     []string
}

// faults are the errors about the value of a setting of the table.
var faults = []fault{
	{err: entra.ErrPlaceholder, predicate: "is a placeholder"},
	{err: entra.ErrTenantMissing, predicate: "is not set", missing: true},
	{err: entra.ErrTenantCommon, predicate: "names a group of tenants, not one"},
	{err: entra.ErrTenantForm, predicate: "is neither a GUID nor a domain name"},
	{err: entra.ErrClientMissing, predicate: "is not set", missing: true},
	{err: entra.ErrClientForm, predicate: "is not a GUID"},
	{err: entra.ErrSecretIsItsID, predicate: "has the form of a GUID: that is the secret's ID, not its value"},
	{err: entra.ErrSecretHasSpace, predicate: "begins or ends with white space"},
	{err: token.ErrNoSecret, predicate: "is empty"},
	{err: entra.ErrScopeMissing, predicate: "is not set", missing: true},
	{err: entra.ErrScopeNotDefault, predicate: "does not end in /.default"},
	{err: entra.ErrScopeSignIn, predicate: "is for the sign-in of a user, and an app-only token has none"},
	{err: entra.ErrScopeSeveral, predicate: "names several resources, and a token is for one"},
	{err: entra.ErrAuthorityHost, predicate: "is not an https origin"},
}

// Advice on the file of a certificate.
var (
	passwordHint = []string{"set AZURE_CLIENT_CERTIFICATE_PASSWORD, or give a file that holds it with --certificate-password-file"}
	pairHint     = []string{
		"put the private key and the certificate that was made from it into one file: cat KEY.pem CERTIFICATE.pem > BOTH.pem",
	}
	regionHint = []string{"leave --region out to use the global endpoint"}
)

// foreignFaults are the errors of token that are not a value of a setting: files,
// and what flags other than those of settings give.
var foreignFaults = []fault{
	{err: token.ErrNoCredential, hints: []string{"set CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH or AZURE_FEDERATED_TOKEN_FILE"}},
	{err: token.ErrPasswordMissing, hints: passwordHint},
	{err: token.ErrPasswordWrong, hints: passwordHint},
	{err: token.ErrKeyEncryption, hints: []string{"encrypt the key anew: openssl pkcs8 -topk8 -v2 aes-256-cbc -in KEY.pem -out NEW.pem"}},
	{err: token.ErrKeyMismatch, hints: pairHint},
	{err: token.ErrNoPrivateKey, hints: pairHint},
	{err: token.ErrNoCertificate, hints: pairHint},
	{err: token.ErrKeyKind, hints: []string{"make an RSA key and certificate, and upload the certificate under Certificates & secrets"}},
	{err: token.ErrCertificateExpired, hints: []string{
		"make a new certificate, and upload it under Certificates & secrets before it is used",
	}},
	{err: token.ErrCertificateNotYet, hints: []string{"check the clock of this machine"}},
	{err: token.ErrNotGitHub, hints: []string{
		"give the job the permission: permissions: {id-token: write}",
		"GitHub then sets ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN; pull requests from forks never get them",
	}},
	{err: token.ErrNotPipelines, hints: []string{
		"map the job's token: env: {SYSTEM_ACCESSTOKEN: $(System.AccessToken)}; SYSTEM_OIDCREQUESTURI is set by Azure Pipelines",
	}},
	{err: token.ErrNoServiceConnection, hints: []string{
		"set AZURESUBSCRIPTION_SERVICE_CONNECTION_ID to the ID of the service connection; the tasks AzureCLI@2 and AzurePowerShell@5 set it",
	}},
	{err: token.ErrJobURL, hints: []string{"leave ACTIONS_ID_TOKEN_REQUEST_URL and SYSTEM_OIDCREQUESTURI as the CI system sets them"}},
	{err: token.ErrAssertionExpired, hints: []string{
		"get a new token from its issuer right before it is used; check the clock of this machine",
	}},
	{err: token.ErrAssertionEncrypted, hints: []string{"ask the issuer for a signed token (JWS, RS256)"}},
	{err: token.ErrAssertionForm, hints: []string{
		"give the token of the other issuer alone, with its three parts: look at it with m2m verify --decode",
	}},
	{err: token.ErrAssertionEmpty, hints: []string{"check that the issuer or the step before wrote the token"}},
	{err: token.ErrAgentIsClient, hints: []string{"give with --agent the ID of the agent identity, and with CLIENT_ID that of its blueprint"}},
	{err: token.ErrAgentManaged, hints: []string{
		"use --federated managed-identity, with CLIENT_ID of the blueprint that trusts the identity",
	}},
	{err: fs.ErrPermission, hints: []string{
		"let the user of this process read the file; for a token that Kubernetes projects, set fsGroup in the pod's securityContext",
	}},
	{err: token.ErrClaimsForm, hints: []string{"decode the claims of a WWW-Authenticate header from base64 first"}},
	{err: token.ErrRegionForm, hints: regionHint},
	{err: token.ErrRegionHost, hints: regionHint},
}

// hintsBySetting is the advice on errors that no row knows, such as those of the
// file system.
var hintsBySetting = sync.OnceValue(func() map[Setting][]string {
	return map[Setting][]string{
		Certificate:            {"give a PEM or PFX file that holds the certificate and its private key"},
		"federated token file": {"set AZURE_FEDERATED_TOKEN_FILE to the file that the workload's token is projected to"},
		ManagedIdentity:        {"give the Client ID of the user-assigned identity, not its Object ID or name"},
		"CA file":              {"give the PEM file of the certification authority with --ca-file or M2M_CA_FILE"},
	}
})

// faultOf returns the row of an error about a setting; without a predicate if it
// is not about the value of a setting of the table.
func faultOf(which Setting, err error) fault {
	rows := foreignFaults
	if slices.Contains([]Setting{Tenant, ClientID, ClientSecret, Scope, AuthorityHost}, which) {
		rows = faults
	}
	for _, f := range rows {
		if errors.Is(err, f.err) {
			return f
		}
	}
	return fault{hints: hintsBySetting()[which]}
}

// adviceOn says what to do, and where the portal shows the right value.
func adviceOn(which Setting, g Given[string], err error) []string {
	switch which {
	case Tenant:
		if errors.Is(err, entra.ErrTenantCommon) {
			return []string{fix(which, g) + " the one tenant that the app has a service principal in: an app-only token belongs to a tenant"}
		}
		return []string{fix(which, g) + " the Directory (tenant) ID: Entra admin center, App registrations, your app, Overview"}
	case ClientID:
		return []string{fix(which, g) + " the Application (client) ID: Entra admin center, App registrations, your app, Overview"}
	case ClientSecret:
		return secretAdvice(which, g, err)
	case Scope:
		return []string{fix(which, g) + " " + betterScope(g.Value, err)}
	case AuthorityHost:
		return []string{fix(which, g) + " an https address with nothing behind the host, or give --cloud"}
	}
	return nil
}

func secretAdvice(which Setting, g Given[string], err error) []string {
	if errors.Is(err, entra.ErrSecretHasSpace) {
		return []string{"remove the white space: a line end at the end, mostly"}
	}
	return []string{
		fix(which, g) + " the secret's Value: Entra admin center, App registrations, your app, Certificates & secrets",
		"the Value is shown once, when the secret is made; if it is lost, make a new one",
	}
}

// fix begins the advice on a setting: where to put the right value.
func fix(which Setting, g Given[string]) string {
	row := rowOf(which)
	switch {
	case g.From.Layer == layerNone || g.From.Layer == LayerDefault:
		return fmt.Sprintf("set %s in the environment or in .env, or give --%s: it is", row.Variables[0], row.Flags[0].Name)
	case g.From.Layer == layerFlag && row.Secret:
		return "put it into the file of --" + g.From.Name
	case g.From.Layer == layerFlag:
		return "give --" + g.From.Name
	}
	return "set " + g.From.Name + " to"
}

// betterScope says what the scope should probably be.
func betterScope(scope string, err error) string {
	corrected := entra.DefaultScope(scope)
	if corrected == "" || errors.Is(err, entra.ErrPlaceholder) {
		return "the API's Application ID URI and /.default, such as api://GUID/.default"
	}
	if errors.Is(err, entra.ErrScopeSeveral) {
		return text.Quote(corrected) + ", and ask for each resource in a request of its own"
	}
	return text.Quote(corrected) + ": an app-only token carries every permission that was granted, so none is named"
}
