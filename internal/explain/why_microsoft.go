package explain

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"m2m/internal/entra"
	"m2m/internal/jwt"
	"m2m/internal/text"
	"m2m/internal/transport"
)

// microsoftAPI reads the error codes of Microsoft Graph, Azure Resource Manager
// and their like. Sources: learn.microsoft.com/graph/errors and
// learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors.
func microsoftAPI(e *evidence) *Explanation {
	if !e.rejected() {
		return nil
	}
	switch e.body.code {
	case "InvalidAuthenticationToken", "InvalidAuthenticationTokenAudience", "InvalidAuthenticationInfo":
		return e.microsoftToken()
	case "InvalidAuthenticationTokenTenant":
		return certain(CodeWrongTenant, "the subscription belongs to another tenant than the token",
			"set TENANT_ID to the tenant that the subscription belongs to").with(e.verifyCommand())
	case "ExpiredAuthenticationToken":
		return certain(CodeExpired, "the API says that the token has expired", "get a new one").with(e.freshCommand())
	case "Authorization_RequestDenied":
		return certain(CodeMissingRole,
			fmt.Sprintf("Microsoft Graph says that the client lacks the permission; the token carries %s", e.rolesOrNone()),
			"add the permission to the client as an application permission, not a delegated one, and grant admin consent",
			"then get a new token: the old one does not change").with(e.freshCommand())
	case "AuthorizationFailed", "LinkedAuthorizationFailed", "AuthorizationPermissionMismatch":
		return certain(CodeMissingRole, "the client has no Azure role that allows this here; such roles are not in the token",
			"give the client's service principal a role on the resource: az role assignment create --assignee "+e.clientIDOr("CLIENT_ID")+
				" --role ROLE --scope RESOURCE",
			"a new assignment takes some minutes to work").with(e.verifyCommand())
	}
	return nil
}

func (e *evidence) microsoftToken() *Explanation {
	resource := e.microsoftResource()
	if e.token == nil || sameAudience(e.token.Audience, resource) || e.isGraph() && entra.IsGraph(e.token.Audience) {
		return likely(CodeInvalidToken, "the API cannot accept the token; likely it is for another cloud or tenant, or was changed on the way",
			"get a new one").with(e.freshCommand())
	}
	if transport.Loopback(e.URL.Hostname()) {
		return likely(CodeWrongAudience,
			fmt.Sprintf("the API cannot accept the token, which is for %s: likely it was asked for another API",
				orNothing(text.Bound(e.token.Audience, maxShown))),
			"set API_SCOPE to the resource of the API behind this address").with(e.verifyCommand())
	}
	return certain(CodeWrongAudience,
		fmt.Sprintf("the token is for %s, and was sent to %s", orNothing(text.Bound(e.token.Audience, maxShown)),
			text.Bound(e.URL.Host, maxShown)),
		fmt.Sprintf("ask for a token for it: API_SCOPE=%s/.default", resource)).
		with(e.command("m2m token --scope " + text.ShellQuote(resource+"/.default")))
}

// microsoftResource is the resource of a Microsoft API: the origin, but for
// Storage and Key Vault, where every account has a host of its own.
func (e *evidence) microsoftResource() string {
	host := text.LowerASCII(e.URL.Hostname())
	for _, shared := range []string{"storage.azure.com", "vault.azure.net"} {
		if strings.HasSuffix(host, ".core.windows.net") && strings.HasPrefix(shared, "storage") || strings.HasSuffix(host, "."+shared) {
			return "https://" + shared
		}
	}
	return "https://" + text.Bound(host, maxShown)
}

func (e *evidence) rolesOrNone() string {
	if e.token == nil || len(e.token.Roles) == 0 {
		return "no roles"
	}
	return "only the roles " + list(e.token.Roles)
}

// clientIDOr puts nothing but an ID into a command that a user may run.
func (e *evidence) clientIDOr(name string) string {
	if e.token != nil && entra.IsGUID(e.token.ClientID) {
		return e.token.ClientID
	}
	return name
}

// libraryMessage is a message of a library, and what it means. The texts
// are of ASP.NET Core and Microsoft.IdentityModel (IDX…, IDW…), Spring, PyJWT
// and others; they change, which is why each is a guess.
type libraryMessage struct {
	words *regexp.Regexp
	say   func(e *evidence) *Explanation
}

var libraryMessages = sync.OnceValue(func() []libraryMessage {
	return []libraryMessage{
		{regexp.MustCompile(`(?i)\bIDW10201\b|neither scope (n)?or roles`), func(e *evidence) *Explanation {
			if e.token != nil && len(e.token.Roles)+len(e.token.Scopes) > 0 {
				return likely(CodeNoRoles,
					fmt.Sprintf("the API's library wants a role or a scope, and does not see that the token is one %s: likely it reads them elsewhere",
						describePermissions(e.token)),
					"in ASP.NET Core, set MapInboundClaims to false and RoleClaimType to \"roles\"").with(e.verifyCommand())
			}
			return likely(CodeNoRoles, "the API's library wants a role or a scope in the token, and likely found neither",
				"assign an app role of the API to the client, grant admin consent, and get a new token").with(e.freshCommand())
		}},
		{regexp.MustCompile(`(?i)\bIDX1020[68]\b|\bIDX10214\b|audience`), audienceMessage},
		{regexp.MustCompile(`(?i)\bIDX10205\b|\bIDX40001\b|\bissuer\b|\biss\b`), issuerMessage},
		{regexp.MustCompile(`(?i)\bIDX1050[0-9]\b|\bIDX1051[0-9]\b|signature|signing key|\bkid\b|\bjwk`), keyMessage},
		{regexp.MustCompile(`(?i)\bIDX10222\b|not valid (before|yet)|not yet valid|\bnbf\b`), func(e *evidence) *Explanation {
			return likely(CodeNotYetValid, "the API says that the token is not valid yet: a clock is likely wrong",
				"set the API's clock by NTP").with(e.verifyCommand())
		}},
		{regexp.MustCompile(`(?i)\bIDX10223\b|expired (at|on)\b|has expired|signature has expired`), func(e *evidence) *Explanation {
			return likely(CodeExpired, "the API says that the token has expired: by this machine's clock it has not, so the API's is likely ahead",
				"get a new token, and set the API's clock by NTP").with(e.freshCommand())
		}},
	}
})

// saidByLibrary reads the words in which an API says why, in the challenge or in
// the body.
func saidByLibrary(e *evidence) *Explanation {
	if !e.unauthorized() {
		return nil
	}
	words := text.OneLine(e.bearer.Params["error_description"]+"\n"+e.body.code+"\n"+e.body.message, 2*maxText)
	for _, d := range libraryMessages() {
		if d.words.MatchString(words) {
			return d.say(e)
		}
	}
	return nil
}

func audienceMessage(e *evidence) *Explanation {
	cause := "the API says that the token's audience is wrong: it likely expects another form of its own name"
	if e.token != nil && e.token.Audience != "" {
		cause = fmt.Sprintf("the API says that the token's audience is wrong: the token is for %s, and the API likely expects another "+
			"form of its name",
			text.Bound(e.token.Audience, maxShown))
	}
	return likely(CodeWrongAudience, cause,
		"a v1.0 token carries the App ID URI and a v2.0 token the client ID: have the API accept both",
		"or set requestedAccessTokenVersion to 2 in the API's manifest, have it expect its client ID, and get a new token").with(
		e.verifyCommand())
}

func issuerMessage(e *evidence) *Explanation {
	x := likely(CodeVersion,
		"the API says that the issuer is wrong: likely another tenant, or a v1.0 token where it expects v2.0 or the reverse",
		"v1.0 tokens are issued by https://sts.windows.net/TENANT/, v2.0 tokens by https://login.microsoftonline.com/TENANT/v2.0: have "+
			"the API accept the one it gets",
		"the API's manifest decides the version (requestedAccessTokenVersion); a change needs a new token")
	if e.token != nil && e.token.Issuer != "" {
		x.Cause += fmt.Sprintf("; the token's is %s", text.Bound(e.token.Issuer, maxShown))
	}
	return x.with(e.verifyCommand())
}

func keyMessage(e *evidence) *Explanation {
	cause := "the API cannot match the token's signature to a key: likely it reads the keys of another tenant or cloud, or has not " +
		"fetched the new ones"
	if e.token != nil && e.token.Kind == jwt.Other {
		cause += "; the token may not be Entra's at all"
	}
	return likely(CodeWrongKey, cause,
		"have the API read the keys from the token's own tenant, and fetch them again when a new key ID appears").with(e.verifyCommand())
}
