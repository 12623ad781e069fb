package issuer

import (
	"net/url"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/tenant/refusal"
)

const defaultScope = "/.default"

// parseResource returns what the token is asked for: scope names it on v2.0,
// resource on v1.0.
func parseResource(v entra.Version, form url.Values) (string, *refusal.Refusal) {
	if v == entra.V1 {
		resource := strings.TrimSpace(form.Get("resource"))
		if resource == "" {
			return "", refusal.MissingField.With("resource")
		}
		return resource, nil
	}
	if form.Get("resource") != "" {
		return "", refusal.ResourceOnV2.With()
	}
	return parseScope(form.Get("scope"))
}

// parseScope returns the one resource that a scope asks for. MSAL Go adds three
// OpenID scopes to every request; none of the four means anything here.
//
// Exactly one "/.default" is taken away: the slash at the end of an App ID URI
// has to be written twice, and with one slash the aud lacks it.
func parseScope(scope string) (resource string, refused *refusal.Refusal) {
	for _, one := range strings.Fields(scope) {
		switch one {
		case "openid", "offline_access", "profile", "email":
			continue
		}
		name, ok := strings.CutSuffix(one, defaultScope)
		switch {
		case !entra.IsScopeToken(one) || ok && name == "":
			return "", refusal.MalformedScope.With(scope)
		case !ok:
			return "", refusal.ScopeNotDefault.With(scope)
		case resource != "" && !strings.EqualFold(resource, name):
			return "", refusal.SeveralResources.With(scope)
		}
		resource = name
	}
	switch {
	case strings.TrimSpace(scope) == "":
		return "", refusal.MissingField.With("scope")
	case resource == "":
		return "", refusal.ScopeNotDefault.With(scope)
	}
	return resource, nil
}
