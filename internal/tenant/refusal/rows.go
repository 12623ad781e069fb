package refusal

import "net/http"

// Rows about the request as a whole.
var (
	WrongMethod      = request(900561, InvalidRequest, "this endpoint takes POST, got %q")
	MalformedBody    = request(9002313, InvalidRequest, "the request body cannot be read: %s")
	MissingField     = request(900144, InvalidRequest, "form field '%s' is missing")
	WrongContentType = request(900144, InvalidRequest,
		"form field 'grant_type' is missing: the body's content type is %q, not application/x-www-form-urlencoded")
	RepeatedField = request(9000411, InvalidRequest, "form field %q was sent more than once")
	ResourceOnV2  = request(901002, InvalidRequest,
		"parameter 'resource' is not supported on this endpoint; send scope=<resource>/.default, or use /oauth2/token")
	GrantNotSupported = request(70003, UnsupportedGrant, "grant type %q is not supported; this tenant knows client_credentials")
	SeveralClientIDs  = request(7000110, InvalidRequest, "the Authorization header and the body name different clients")
)

// Rows about the tenant. The word is that of the token endpoints; the
// discovery documents and key sets say InvalidTenant.
var (
	UnknownTenant   = request(90002, InvalidRequest, "tenant %q does not exist here; check the tenant ID and the cloud")
	ZeroTenant      = request(900021, InvalidRequest, "tenant '%s' is empty: it is an all-zero GUID")
	MalformedTenant = request(900023, InvalidRequest, "%q is neither a tenant ID nor a domain name")
	TenantNeeded    = request(50059, InvalidRequest, "client_credentials needs a tenant in the URL, not /%s")
	UnknownInstance = request(50049, InvalidInstance, "unknown authority host %q")
)

// Rows about the app.
var (
	UnknownApp         = request(700016, UnauthorizedClient, "no app %q in tenant %s; check the client ID and the tenant")
	ZeroApp            = request(700038, UnauthorizedClient, "%s is not an application identifier")
	DisabledApp        = request(7000112, UnauthorizedClient, "app %s is disabled in this tenant")
	NoServicePrincipal = credential(7000229, "app %s has no service principal in tenant %s")
	BlockedByPolicy    = request(53003, InvalidGrant, "refused by Conditional Access policy %s")
)

// Rows about a secret, and about a request without any credential.
var (
	CredentialNeeded = credential(7000216, "client_credentials needs 'client_secret' or 'client_assertion'")
	WrongSecret      = credential(7000215, "the secret does not match any secret of app %s; send the secret's value, not its ID")
	ExpiredSecret    = credential(7000222, "the secret of app %s is past its end date")
)

// Rows about an assertion: signed with a certificate, or federated.
var (
	UnknownAssertionType    = request(90023, InvalidRequest, "client_assertion_type %q is not supported")
	MalformedAssertion      = credential(50027, "the assertion is not a well-formed JWT: %s")
	RejectedSignature       = credential(700027, "assertion of app %s rejected: %s")
	AssertionOfAnother      = credential(700021, "the assertion's iss and sub must both be the client ID %s")
	AssertionWithoutSubject = credential(700022, "the assertion has no sub")
	AssertionForAnother     = credential(700023, "assertion audience %q is not this tenant's token endpoint %s")
	AssertionOutOfTime      = credential(700024, "the assertion is valid from %s to %s, and now it is %s")
	NoFederatedCredential   = credential(70025, "app %s has no federated credentials")
	FederatedIssuer         = credential(700211, "no federated credential of this app has issuer %q")
	FederatedAudience       = credential(700212, "no federated credential of this app has audience %q")
	FederatedSubject        = credential(700213, "no federated credential of this app has subject %q")
	FederatedMetadata       = credential(70024, "the keys of issuer %q cannot be read: %q")
	FederatedMetadataIssuer = credential(700221, "the token's issuer is %q, its discovery document says %q")
)

// Rows about the resource.
var (
	ScopeNotDefault    = request(1002012, InvalidScope, "scope %q must be <resource>/.default for client_credentials")
	MalformedScope     = request(70011, InvalidScope, "scope %q is not valid")
	SeveralResources   = request(28000, InvalidScope, "scope %q names more than one resource; ask for one token per resource")
	UnknownResource    = request(500011, InvalidResource, "no API %q in tenant %s; compare it with the API's Application ID URI")
	ZeroResource       = request(700039, InvalidResource, "%s is not a resource identifier")
	AssignmentRequired = request(501051, InvalidGrant, "app %s has no app role on %q, and that API requires assignment")
)

// Rows about Entra itself: a fault on request, and one of this program.
var (
	ServiceFailed      = Row{50000, http.StatusInternalServerError, ServerError, "the token could not be made (a fault on request)"}
	ServiceUnavailable = Row{90033, http.StatusServiceUnavailable, Unavailable,
		"the service is unavailable for the moment (a fault on request)"}
	NotSigned = Row{50000, http.StatusInternalServerError, ServerError, "the token could not be signed: %s"}
)

func request(code int, word, text string) Row {
	return Row{code, http.StatusBadRequest, word, text}
}

func credential(code int, text string) Row {
	return Row{code, http.StatusUnauthorized, InvalidClient, text}
}
