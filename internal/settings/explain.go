package settings

import (
	"errors"
	"fmt"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/exit"
	"m2m/internal/text"
	"m2m/internal/token"
)

// ErrMissing says that settings which every token needs are not set. The errors
// of entra for the single values are in the chain too.
var ErrMissing = errors.New("settings are missing")

// CheckCredential says what is wrong with tenant, client, credential and scope
// before anything is sent, as explain does; nil if nothing is known to be. All
// that is missing is told at once. A secret in a file is not looked at.
func (s *Settings) CheckCredential() error {
	if err := s.missing(); err != nil {
		return err
	}
	if s.Credential.Kind != KindManagedIdentity {
		if err := entra.CheckTenant(s.Tenant.Value); err != nil {
			return s.Explain(Tenant, err)
		}
		if err := entra.CheckClientID(s.Client.Value); err != nil {
			return s.Explain(ClientID, err)
		}
	}
	if s.Credential.Kind == KindSecret && s.Credential.File == "" {
		if err := entra.CheckClientSecret(s.Credential.Secret); err != nil {
			return s.Explain(ClientSecret, err)
		}
	}
	return s.checkScope()
}

func (s *Settings) checkScope() error {
	if err := entra.CheckScope(s.Scope.Value); err != nil {
		return s.Explain(Scope, err)
	}
	return nil
}

// missing names everything that is needed and not set.
func (s *Settings) missing() error {
	var names []string
	var causes []error
	add := func(isMissing bool, name string, cause error) {
		if isMissing {
			names, causes = append(names, name), append(causes, cause)
		}
	}
	if s.Credential.Kind != KindManagedIdentity {
		add(s.Tenant.Value == "", "TENANT_ID", entra.ErrTenantMissing)
		add(s.Client.Value == "", "CLIENT_ID", entra.ErrClientMissing)
		add(s.Credential.Kind == KindNone, "CLIENT_SECRET (or another credential)", ErrCredentialMissing)
	}
	add(s.Scope.Value == "", "API_SCOPE", entra.ErrScopeMissing)
	if len(names) == 0 {
		return nil
	}
	return exit.Usagef("not set: %s", strings.Join(names, ", ")).
		Hint(
			"copy .env.example to .env and fill it in, set them in the environment, or give flags (m2m help environment)",
			"the IDs are in the Entra admin center, App registrations, your app, Overview",
			"without a tenant at hand: m2m serve --local -- m2m call /secure-data",
		).
		Wrap(errors.Join(append(causes, ErrMissing)...))
}

// ErrCredentialMissing says that there is no credential.
var ErrCredentialMissing = errors.New("no credential is set")

// Explain turns an error of entra or token about the value of a setting into an
// exit.Error that names the setting as the user wrote it, where it came from, and
// where to find the right value. Other errors are returned unchanged.
func (s *Settings) Explain(which Setting, err error) error {
	return explain(which, s.origin(which), err)
}

// ExplainToken does for the errors of package token what explain does for those
// of entra: one that is about a setting names the setting.
func (s *Settings) ExplainToken(err error) error {
	if about := (*token.SettingError)(nil); errors.As(err, &about) {
		return s.Explain(Setting(about.Setting), err)
	}
	return err
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

// explain words an error about one value. The cause is the sentinel alone: the
// error around it has words and advice of its own.
func explain(which Setting, g Given[string], err error) error {
	fault, known := faultOf(err)
	if !known || !fault.missing && g.From.Layer == layerNone {
		return err
	}
	reason := fault.sentinel.Error()
	switch {
	case fault.missing:
	case rowOf(which).Secret:
		reason = g.From.Subject() + " " + fault.predicate
	case fault.sentinel == entra.ErrAuthorityHost:
		reason = fmt.Sprintf("%s is %s: %v", g.From.Subject(), text.Quote(g.Value), authorityDetail(err))
	case looksSecret(g.Value):
		reason = g.From.Subject() + " " + fault.predicate + ", and looks like a client secret"
	default:
		reason = fmt.Sprintf("%s %s: %s", g.From.Subject(), fault.predicate, text.Quote(g.Value))
	}
	return exit.Usagef("%s", reason).Hint(adviceOn(which, g, fault.sentinel)...).Wrap(fault.sentinel)
}

// authorityDetail returns the error that says most about a login host, without
// the words that token.SettingError adds.
func authorityDetail(err error) error {
	if about := (*token.SettingError)(nil); errors.As(err, &about) {
		return about.Err
	}
	return err
}

// valueFault words one error about a value, as the predicate of a sentence whose
// subject is the setting.
type valueFault struct {
	sentinel  error
	predicate string
	missing   bool
}

var valueFaults = []valueFault{
	{sentinel: entra.ErrPlaceholder, predicate: "is a placeholder"},
	{sentinel: entra.ErrTenantMissing, missing: true},
	{sentinel: entra.ErrTenantCommon, predicate: "names a group of tenants, not one"},
	{sentinel: entra.ErrTenantForm, predicate: "is neither a GUID nor a domain name"},
	{sentinel: entra.ErrClientMissing, missing: true},
	{sentinel: entra.ErrClientForm, predicate: "is not a GUID"},
	{sentinel: entra.ErrSecretIsItsID, predicate: "has the form of a GUID: that is the secret's ID, not its value"},
	{sentinel: entra.ErrSecretHasSpace, predicate: "begins or ends with white space"},
	{sentinel: entra.ErrScopeMissing, missing: true},
	{sentinel: entra.ErrScopeNotDefault, predicate: "does not end in /.default"},
	{sentinel: entra.ErrScopeSeveral, predicate: "names several resources, and a token is for one"},
	{sentinel: entra.ErrAuthorityHost, predicate: "is not an https origin"},
}

func faultOf(err error) (valueFault, bool) {
	for _, f := range valueFaults {
		if errors.Is(err, f.sentinel) {
			return f, true
		}
	}
	return valueFault{}, false
}

// looksSecret reports whether a value is probably a client secret that was set in
// the wrong place: Entra's secrets have a ~ in them.
func looksSecret(value string) bool {
	return len(value) >= 24 && strings.Contains(value, "~") && !strings.Contains(value, "/")
}

// adviceOn says what to do, and where the portal shows the right value.
func adviceOn(which Setting, g Given[string], sentinel error) []string {
	switch which {
	case Tenant:
		if sentinel == entra.ErrTenantCommon {
			return []string{fix(which, g) + " the one tenant that the app has a service principal in: an app-only token belongs to a tenant"}
		}
		return []string{fix(which, g) + " the Directory (tenant) ID: Entra admin center, App registrations, your app, Overview"}
	case ClientID:
		return []string{fix(which, g) + " the Application (client) ID: Entra admin center, App registrations, your app, Overview"}
	case ClientSecret:
		return secretAdvice(which, g, sentinel)
	case Scope:
		return []string{fix(which, g) + " " + betterScope(g.Value, sentinel)}
	case AuthorityHost:
		return []string{fix(which, g) + " an https address with nothing behind the host, or give --cloud"}
	}
	return nil
}

func secretAdvice(which Setting, g Given[string], sentinel error) []string {
	if sentinel == entra.ErrSecretHasSpace {
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
		return "put into the file of --" + g.From.Name
	case g.From.Layer == layerFlag:
		return "give as --" + g.From.Name
	}
	return "set " + g.From.Name + " to"
}

// betterScope says what the scope should probably be.
func betterScope(scope string, sentinel error) string {
	corrected := entra.DefaultScope(scope)
	if corrected == "" || sentinel == entra.ErrPlaceholder {
		return "the API's Application ID URI and /.default, such as api://GUID/.default"
	}
	if sentinel == entra.ErrScopeSeveral {
		return text.Quote(corrected) + ", and ask for each resource in a request of its own"
	}
	return text.Quote(corrected) + ": an app-only token carries every permission that was granted, so none is named"
}
