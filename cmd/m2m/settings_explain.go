package main

import (
	"errors"
	"fmt"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/exit"
	"m2m/internal/token"
)

// maxQuotedValue bounds what a message repeats of a value, in characters.
const maxQuotedValue = 64

// quoted repeats a value in a message, bounded.
func quoted(value string) string {
	if runes := []rune(value); len(runes) > maxQuotedValue {
		value = string(runes[:maxQuotedValue]) + "…"
	}
	return fmt.Sprintf("%q", value)
}

// explain turns what is wrong with the value of one setting, found by a Check
// function of entra or of token, into an exit.Error that names the setting as
// its user wrote it, where it came from, and where the right value is found.
// Errors it knows nothing of are returned as they are.
func (s *settings) explain(which setting, err error) error {
	return explain(which, s.origin(which), err)
}

// explainToken does for the errors of package token what explain does for those
// of entra: one that is about a setting names the setting.
func (s *settings) explainToken(err error) error {
	if about := (*token.SettingError)(nil); errors.As(err, &about) {
		return s.explain(setting(about.Setting), err)
	}
	return err
}

// origin returns a setting's value and source. A secret's value is left out.
func (s *settings) origin(which setting) given[string] {
	switch which {
	case settingTenant:
		return s.tenant
	case settingClient:
		return s.client
	case settingScope:
		return s.scope
	case settingAuthority:
		return s.authority
	case settingSecret:
		return given[string]{from: s.credential.from}
	}
	return given[string]{}
}

// explain is the sentence about one value. The sentinel stays in the chain, the
// error around it does not: its words would repeat ours.
func explain(which setting, g given[string], err error) error {
	fault, known := faultOf(err)
	if !known || !fault.missing && g.from.layer == layerNone {
		return err // of something that is no setting of the table
	}
	reason := fault.sentinel.Error()
	switch {
	case fault.missing:
	case rowOf(which).secret:
		reason = g.from.subject() + " " + fault.predicate
	case fault.sentinel == entra.ErrAuthorityHost:
		reason = fmt.Sprintf("%s is %s: %v", g.from.subject(), quoted(g.value), authorityDetail(err))
	case looksSecret(g.value):
		reason = g.from.subject() + " " + fault.predicate + ", and looks like a client secret"
	default:
		reason = fmt.Sprintf("%s %s: %s", g.from.subject(), fault.predicate, quoted(g.value))
	}
	return exit.Usagef("%s", reason).Hint(adviceOn(which, g, fault.sentinel)...).Wrap(fault.sentinel)
}

// authorityDetail is the error that wraps the sentinel, which says more; of a
// token.SettingError only what is inside.
func authorityDetail(err error) error {
	if about := (*token.SettingError)(nil); errors.As(err, &about) {
		return about.Err
	}
	return err
}

// valueFault is one way in which a value is wrong, as the end of a sentence
// that starts with the setting.
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

// looksSecret reports whether a value was probably meant for CLIENT_SECRET and
// pasted elsewhere: the secrets that Entra makes have a ~ in them.
func looksSecret(value string) bool {
	return len(value) >= 24 && strings.Contains(value, "~") && !strings.Contains(value, "/")
}

// adviceOn says what to do, and where in the portal the right value stands.
func adviceOn(which setting, g given[string], sentinel error) []string {
	switch which {
	case settingTenant:
		if sentinel == entra.ErrTenantCommon {
			return []string{fix(which, g) + " the one tenant that the app has a service principal in: an app-only token belongs to a tenant"}
		}
		return []string{fix(which, g) + " the Directory (tenant) ID: Entra admin center, App registrations, your app, Overview"}
	case settingClient:
		return []string{fix(which, g) + " the Application (client) ID: Entra admin center, App registrations, your app, Overview"}
	case settingSecret:
		return secretAdvice(which, g, sentinel)
	case settingScope:
		return []string{fix(which, g) + " " + betterScope(g.value, sentinel)}
	case settingAuthority:
		return []string{fix(which, g) + " an https address with nothing behind the host, or give --cloud"}
	}
	return nil
}

func secretAdvice(which setting, g given[string], sentinel error) []string {
	if sentinel == entra.ErrSecretHasSpace {
		return []string{"remove the white space: a line end at the end, mostly"}
	}
	return []string{
		fix(which, g) + " the secret's Value: Entra admin center, App registrations, your app, Certificates & secrets",
		"the Value is shown once, when the secret is made; if it is lost, make a new one",
	}
}

// fix begins the advice on a setting: where to put the right value.
func fix(which setting, g given[string]) string {
	row := rowOf(which)
	switch {
	case g.from.layer == layerNone || g.from.layer == layerDefault:
		return fmt.Sprintf("set %s in the environment or in .env, or give --%s: it is", row.names[0], row.flags[0].name)
	case g.from.layer == layerFlag && row.secret:
		return "put into the file of --" + g.from.name
	case g.from.layer == layerFlag:
		return "give as --" + g.from.name
	}
	return "set " + g.from.name + " to"
}

// betterScope is what a scope should be.
func betterScope(scope string, sentinel error) string {
	corrected := entra.DefaultScope(scope)
	if corrected == "" || sentinel == entra.ErrPlaceholder {
		return "the API's Application ID URI and /.default, such as api://GUID/.default"
	}
	if sentinel == entra.ErrScopeSeveral {
		return quoted(corrected) + ", and ask for each resource in a request of its own"
	}
	return quoted(corrected) + ": an app-only token carries every permission that was granted, so none is named"
}
