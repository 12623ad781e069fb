package issuer

import (
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"
)

// refusal is an answer of Entra's that is not a token: a code, an OAuth error
// word (RFC 6749, 5.2), an HTTP status, and a sentence of our own.
//
// Word and status are those of real replies where such a reply is known:
// faults of the credential are 401, faults of the request 400.
type refusal struct {
	code   int
	word   string
	status int
	reason string
	// suberror and claims are sent by Conditional Access alone.
	suberror string
	claims   string
}

// The error words: those of OAuth (RFC 6749, 5.2) and four of Entra's own.
const (
	invalidRequest     = "invalid_request"
	invalidClient      = "invalid_client"
	invalidGrant       = "invalid_grant"
	invalidScope       = "invalid_scope"
	invalidResource    = "invalid_resource"
	invalidTenant      = "invalid_tenant"
	invalidInstance    = "invalid_instance"
	unauthorizedClient = "unauthorized_client"
	unsupportedGrant   = "unsupported_grant_type"
)

func badRequest(code int, word, format string, args ...any) *refusal {
	return &refusal{code: code, word: word, status: http.StatusBadRequest, reason: fmt.Sprintf(format, args...)}
}

func badCredential(code int, format string, args ...any) *refusal {
	return &refusal{code: code, word: invalidClient, status: http.StatusUnauthorized, reason: fmt.Sprintf(format, args...)}
}

// hasPage reports whether Microsoft's error page knows the code; replies with
// the others carry no error_uri.
func (r *refusal) hasPage() bool { return r.code != 70003 && r.code != 700038 }

// The request as a whole.

func wrongMethod(method string) *refusal {
	return badRequest(900561, invalidRequest, "this endpoint takes POST, got %s", quote(method))
}

func malformedBody(why string) *refusal {
	return badRequest(9002313, invalidRequest, "the request body cannot be read: %s", why)
}

func missingField(name, why string) *refusal {
	return badRequest(900144, invalidRequest, "form field '%s' is missing%s", name, why)
}

func repeatedField(name string) *refusal {
	return badRequest(9000411, invalidRequest, "form field %s was sent more than once", quote(name))
}

func resourceOnV2() *refusal {
	return badRequest(901002, invalidRequest, "parameter 'resource' is not supported on this endpoint; send scope=<resource>/.default, or use /oauth2/token")
}

func grantNotSupported(grant string) *refusal {
	return badRequest(70003, unsupportedGrant, "grant type %s is not supported; this tenant knows client_credentials", quote(grant))
}

// The tenant.

func unknownTenant(word, tenant string) *refusal {
	return badRequest(90002, word, "tenant %s does not exist here; check the tenant ID and the cloud", quote(tenant))
}

func zeroTenant(word string) *refusal {
	return badRequest(900021, word, "tenant '%s' is empty: it is an all-zero GUID", zeroGUID)
}

func malformedTenant(word, tenant string) *refusal {
	return badRequest(900023, word, "%s is neither a tenant ID nor a domain name", quote(tenant))
}

func tenantNeeded(segment string) *refusal {
	return badRequest(50059, invalidRequest, "client_credentials needs a tenant in the URL, not /%s", segment)
}

func unknownInstance(host string) *refusal {
	return badRequest(50049, invalidInstance, "unknown authority host %s", quote(host))
}

// The app.

func unknownApp(id, tenant string) *refusal {
	return badRequest(700016, unauthorizedClient, "no app %s in tenant %s; check the client ID and the tenant", quote(id), tenant)
}

func zeroApp(id string) *refusal {
	return badRequest(700038, unauthorizedClient, "%s is not an application identifier", id)
}

func severalClientIDs() *refusal {
	return badRequest(7000110, invalidRequest, "the Authorization header and the body name different clients")
}

func disabledApp(id string) *refusal {
	return badRequest(7000112, unauthorizedClient, "app %s is disabled in this tenant", id)
}

func noServicePrincipal(id, tenant string) *refusal {
	return badCredential(7000229, "app %s has no service principal in tenant %s", id, tenant)
}

// blockedByPolicy is Conditional Access for workload identities. The claims
// name the policy that blocks, to whoever knows to look there.
func blockedByPolicy(policy string) *refusal {
	r := badRequest(53003, invalidGrant, "refused by Conditional Access policy %s", policy)
	r.suberror = "message_only"
	r.claims = `{"access_token":{"capolids":{"essential":true,"values":["` + policy + `"]}}}`
	return r
}

// The credential.

func credentialNeeded() *refusal {
	return badCredential(7000216, "client_credentials needs 'client_secret' or 'client_assertion'")
}

func wrongSecret(id string) *refusal {
	return badCredential(7000215, "the secret does not match any secret of app %s; send the secret's value, not its ID", id)
}

func expiredSecrets(id string) *refusal {
	return badCredential(7000222, "the secret of app %s is past its end date", id)
}

// The resource.

func scopeNotDefault(scope string) *refusal {
	return badRequest(1002012, invalidScope, "scope %s must be <resource>/.default for client_credentials", quote(scope))
}

func malformedScope(scope string) *refusal {
	return badRequest(70011, invalidScope, "scope %s is not valid", quote(scope))
}

func severalResources(scope string) *refusal {
	return badRequest(28000, invalidScope, "scope %s names more than one resource; ask for one token per resource", quote(scope))
}

func unknownResource(resource, tenant string) *refusal {
	return badRequest(500011, invalidResource, "no API %s in tenant %s; compare it with the API's Application ID URI", quote(resource), tenant)
}

func zeroResource(resource string) *refusal {
	return badRequest(700039, invalidResource, "%s is not a resource identifier", resource)
}

func assignmentRequired(client, resource string) *refusal {
	return badRequest(501051, invalidGrant, "app %s has no app role on %s, and that API requires assignment", client, quote(resource))
}

// quoteLimit bounds what of a client's own words goes back to it and to the log.
const quoteLimit = 128

// quote puts a client's words between single quotes, as Entra does, escaped
// and bounded.
func quote(s string) string {
	escaped := fmt.Sprintf("%q", bound(s))
	inner := strings.ReplaceAll(escaped[1:len(escaped)-1], `\"`, `"`)
	return "'" + strings.ReplaceAll(inner, "'", `\'`) + "'"
}

// bound cuts s to quoteLimit bytes, never inside a character.
func bound(s string) string {
	if len(s) <= quoteLimit {
		return s
	}
	cut := quoteLimit
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
