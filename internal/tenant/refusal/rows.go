package refusal

import "net/http"

// Rows about the request as a whole.
var (
	WrongMethod      = request(900561, InvalidRequest, "this endpoint takes POST, got %q")
	MalformedBody    = request(9002313, InvalidRequest, "the request body cannot be read: %s")
	MissingField     = request(900144, InvalidRequest, "form field '%s' is missing")
	WrongContentType = request(900144, InvalidRequest,
		"form field 'grant_type' is missing: the body's content type is %q, not application/x-www-form-urlencoded")
	RepeatedField     = request(9000411, InvalidRequest, "form field %q was sent more than once")
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
	BlockedByPolicy    = request(53003, InvalidGrant, "blocked by Conditional Access policy %s")
)

// Rows about a secret, and about a request without any credential.
var (
	CredentialNeeded = credential(7000216, "client_credentials needs 'client_secret' or 'client_assertion'")
	WrongSecret      = credential(7000215, "the secret does not match any secret of app %s; send the secret's value, not its ID")
	ExpiredSecret    = credential(7000222, "the secret of app %s is past its end date")
)

// Rows about an assertion signed with a certificate.
var (
	UnknownAssertionType    = request(90023, InvalidRequest, "client_assertion_type %q is not supported")
	MalformedAssertion      = credential(50027, "the assertion is not a well-formed JWT: %s")
	AssertionWithoutKey     = credential(5002723, "the assertion's header names no certificate (x5t, x5t#S256 or kid)")
	AssertionType           = request(5002727, InvalidRequest, "the assertion's header has typ %q; it must be JWT")
	AssertionAlgorithm      = credential(5002738, "signature algorithm %q is not supported; use %s")
	RejectedSignature       = credential(700027, "assertion of app %s rejected: %s")
	AssertionOfAnother      = credential(700021, "the assertion's iss and sub must both be the client ID %s")
	AssertionWithoutSubject = credential(700022, "the assertion has no sub")
	AssertionForAnother     = credential(700023, "assertion audience %q is not this tenant's token endpoint %s")
	AssertionOutOfTime      = credential(700024, "the assertion is valid from %s to %s, and now it is %s")
)

// Rows about a federated credential: what the app's registration says.
var (
	NoFederatedCredential = credential(70025, "app %s has no federated credentials")
	FederatedIssuer       = credential(700211, "no federated credential of this app has issuer %q")
	FederatedAudience     = credential(700212, "no federated credential of this app has audience %q")
	FederatedSubject      = credential(700213, "no federated credential of this app has subject %q%s")
	FederatedExchange     = credential(700214,
		"the audience of a federated credential for this issuer must be api://AzureADTokenExchange, not %q")
	FederatedSubjectCase = credential(7002138,
		"subject %q differs from subject %q of a federated credential of this app in upper and lower case only")
	FlexibleCredential = credential(7002131,
		"no federated credential of this app has subject %q; the flexible credential with the expression %q is not evaluated by this tenant")
	FederationForbidden     = credential(700223, "the policy of tenant %s forbids federated credentials")
	FederatedIssuerPolicy   = credential(700238, "the policy of tenant %s does not allow federated credentials from issuer %q")
	FederatedTokenChained   = credential(700231, "a token that was obtained with a federated credential cannot be presented as one")
	FederatedUserToken      = credential(700229, "a token of Entra presented as a federated credential must be an app's; this is a user's")
	FederatedAgentAssertion = credential(7002142, "the assertion was made for agent identity %q and not for %s")
	NoFederatedIdentity     = credential(7000226, "app %s trusts no managed identity")
)

// Rows about the documents of an outside issuer. Of 90061 and 900612 the answers are
// known, and those of the others are inferred from these.
var (
	FederatedUnreachable    = request(50166, InvalidRequest, "the request to issuer %q failed: %q")
	FederatedEndpoint       = request(90061, InvalidRequest, "the request to issuer %q failed: %q")
	FederatedMetadata       = request(900611, InvalidRequest, "the discovery document of issuer %q cannot be used: %q")
	FederatedKeys           = request(900612, InvalidRequest, "the keys of issuer %q cannot be used: %q")
	FederatedKeyUnknown     = credential(7000272, "key %q is not among the keys that issuer %q publishes")
	FederatedMetadataIssuer = credential(700221, "the token's issuer is %q, its discovery document says %q")
)

// Rows about agent identities. Of 82001 the word was seen.
var (
	BlueprintForItself = request(82001, UnauthorizedClient,
		"agentic application %s is not permitted to request app-only tokens for resource %q; request them for an agent identity")
	FMIPathNeeded    = request(82008, InvalidRequest, "blueprint %s must send fmi_path with the token exchange scope%s")
	AgentUnknown     = request(700016, UnauthorizedClient, "no agent identity %q of blueprint %s in tenant %s")
	AgentHasNoSecret = credential(7000215, "agent identity %s has no secret; its blueprint requests the assertion to send")
)

// Rows about mutual TLS and proof of possession, which this tenant does not have. 392200
// was seen at the mutual-TLS host.
var (
	TLSCertificateNeeded   = request(392200, InvalidRequest, "token_type=mtls_pop needs a client certificate in the TLS handshake")
	TLSCertificateExpired  = credential(392204, "the client certificate of the TLS connection is expired")
	TLSCertificateKind     = request(392189, InvalidRequest, "token_type=mtls_pop takes certificates of Microsoft's own apps only")
	TLSCertificateMismatch = request(500181, InvalidRequest, "the client certificate of the TLS connection is not that of the assertion")
	ProofOfPossession      = Row{Code: 51000, Status: http.StatusPreconditionFailed, Word: InvalidRequest,
		text: "token_type=%s needs a feature that is not enabled for this tenant"}
)

// Rows about the resource. Of 9010010 the word was seen at the authorization
// endpoint, and the status when a token was refreshed.
var (
	ScopeNotDefault    = request(1002012, InvalidScope, "scope %q must be <resource>/.default for client_credentials")
	MalformedScope     = request(70011, InvalidScope, "scope %q is not valid")
	SeveralResources   = request(28000, InvalidScope, "scope %q names more than one resource; request one token per resource")
	UnknownResource    = request(500011, InvalidResource, "no API %q in tenant %s; compare it with the API's Application ID URI")
	ZeroResource       = request(700039, InvalidResource, "%s is not a resource identifier")
	AssignmentRequired = request(501051, InvalidGrant, "app %s has no app role on %q, and that API requires assignment")
	ResourceMismatch   = request(9010010, InvalidTarget,
		"resource %q is not an Application ID URI of the app that the scope %q names; they are compared character by character")
)

// Rows about Entra itself: a fault on request, and one of this program.
var (
	ServiceFailed = Row{Code: 50000, Status: http.StatusInternalServerError, Word: ServerError,
		text: "the token could not be made (a fault on request)"}
	ServiceUnavailable = Row{Code: 90033, Status: http.StatusServiceUnavailable, Word: Unavailable,
		text: "the service is unavailable for the moment (a fault on request)"}
	NotSigned = Row{Code: 50000, Status: http.StatusInternalServerError, Word: ServerError, text: "the token could not be signed: %s"}
)

func request(code int, word, text string) Row {
	return Row{Code: code, Status: http.StatusBadRequest, Word: word, text: text}
}

func credential(code int, text string) Row {
	return Row{Code: code, Status: http.StatusUnauthorized, Word: InvalidClient, text: text}
}
