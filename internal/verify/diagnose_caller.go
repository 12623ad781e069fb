package verify

import (
	"fmt"
	"slices"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/text"
)

func (r tokenReport) adviseKind(reason error) advice {
	switch t := r.Token; reason {
	case ErrIDToken:
		return advice{
			"an ID token tells a client who signed in; one registration as client and API makes it look like an access token",
			"send the access token, not the id_token",
		}
	case ErrUserToken:
		return advice{
			fmt.Sprintf("the client acts for a user (scp %s)", text.Quote(strings.Join(t.Scopes, " "))),
			"use the client credentials flow (m2m token), or let users in: --require-scope, or --allow-user",
		}
	case ErrClientMissing:
		if r.Issuer.Given {
			return r.adviseForeign("the client's ID (a GUID) in azp or appid")
		}
		return advice{"an access token of Entra's names its client in azp (v2.0) or appid (v1.0)", refetch}
	}
	return advice{"neither idtyp nor oid = sub marks it as an app's, and it holds no scp of a user's", refetch}
}

// adviseClient knows the mistake that the portal invites: it shows an app's
// client ID, the object ID of its registration and, on another page, the
// object ID of its service principal.
func (r tokenReport) adviseClient() advice {
	t := r.Token
	fix := r.allowClient()
	switch {
	case t.ClientID == "":
		return advice{"the token names no client that the list could hold", ""}
	case slices.Contains(r.Policy.Clients, t.ObjectID):
		return advice{"the list holds the object ID of the app's service principal, not its client ID", fix}
	case entra.IsGUID(t.ClientID):
		fix += "; compare with: az ad sp show --id " + t.ClientID
	}
	return advice{
		"another app is calling, or, likely if the app is the right one, the list holds an object ID: an app's client ID, its registration's object ID and its service principal's are three different GUIDs",
		fix,
	}
}

// allowClient is the flag that lets the calling app in.
func (r tokenReport) allowClient() string {
	const fix = "if this app may call, add it: --client"
	if !pastable(r.Token.ClientID) {
		return fix
	}
	return fix + " " + r.Token.ClientID
}

func (r tokenReport) advisePermission(reason error) advice {
	p, t := r.Policy, r.Token
	switch {
	case reason == ErrScopeOnly:
		return advice{
			"app-only tokens never carry scp: scopes are a user's, roles an app's",
			"name a role for apps: --require-role (REQUIRED_ROLES)",
		}
	case reason == ErrScopeMissing && len(t.Scopes) > 0 && alike(t.Scopes, p.Scopes):
		return advice{"the spelling differs, and scopes are compared exactly", "use one spelling in the API's registration and in REQUIRED_SCOPES"}
	case reason == ErrScopeMissing:
		return advice{"the client did not ask for the scope, or the user has not consented to it", "ask for the scope " + strings.Join(p.Scopes, " ") + " and consent to it"}
	case alike(t.Roles, p.Roles):
		return advice{"the spelling differs, and roles are compared exactly", "use one spelling in the API's registration and in REQUIRED_ROLES"}
	case len(t.Roles) > 0:
		return advice{"the client holds other roles than the required one", r.grant()}
	}
	return advice{
		fmt.Sprintf("the client holds no role of this API: likely none is granted to it, or an administrator has not consented yet, or the token (issued %s) is older than the grant", text.Time(t.IssuedAt)),
		r.grant(),
	}
}

func (r tokenReport) grant() string {
	client := "the client"
	if id := r.Token.ClientID; pastable(id) {
		client = "client " + id
	}
	return fmt.Sprintf("grant the app role %s to %s as an application permission, give admin consent, then %s",
		strings.Join(r.Policy.Roles, " or "), client, refetch)
}

// alike reports whether two lists share a value but for upper and lower case.
func alike(has, required []string) bool {
	return slices.ContainsFunc(has, func(a string) bool {
		return slices.ContainsFunc(required, func(b string) bool { return a != b && strings.EqualFold(a, b) })
	})
}
