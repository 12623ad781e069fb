package directory

import (
	"crypto/x509"
	"fmt"
	"time"

	"m2m/internal/entra"
)

// Tenant is one tenant: the apps that exist in it and what they may do.
type Tenant struct {
	// ID is the tenant's GUID, the tid of its tokens.
	ID string
	// Domains are the domain names that address the same tenant.
	Domains []string
	// Region is the tenant_region_scope of its discovery document, such as
	// "EU" or "NA". Empty means "EU".
	Region string
	// CodeChallengeMethods are the code_challenge_methods_supported of its discovery
	// documents. Entra's have no such field; some clients need one.
	CodeChallengeMethods []string
	// FederationIssuers are the only issuers whose tokens the tenant's policy lets
	// apps present. Nil means any, an empty list none.
	FederationIssuers []string
	// APIs are the registrations that tokens can be requested for. Microsoft Graph
	// and ExchangeAPI are in every tenant and not listed.
	APIs []API
	// Clients are the registrations that can request tokens. One registration
	// that is both client and API appears in both lists with the same ID.
	Clients []Client
	// Identities are managed identities, all assigned to the one machine on which
	// the tenant runs; at most one of them is SystemIdentity.
	Identities []Client
	// Agents are agent identities, each of one client that is a blueprint.
	Agents []Client
}

// API is a registration whose tokens clients request.
type API struct {
	// ID is the application (client) ID: the aud of v2.0 tokens.
	ID string
	// Name is the display name.
	Name string
	// URIs are the App ID URIs, such as api://m2m-demo.
	URIs []string
	// TokenVersion is the registration's requestedAccessTokenVersion. Empty
	// means entra.V1, which is how Entra reads null.
	TokenVersion entra.Version
	// Roles are the values of the app roles (application permissions).
	Roles []string
	// AssignmentRequired refuses a token to clients without a role
	// (AADSTS501051). Entra's default is false: such a client gets a token
	// without roles.
	AssignmentRequired bool
	// OptionalClaims are claims that access tokens carry only because the
	// registration asks for them: some of OptionalClaims.
	OptionalClaims []string
}

// The optional claims that this tenant can add. ClaimCapabilities repeats the
// client capabilities that the request for the token lists; the claims behind it
// tell agent identities from other apps.
const (
	ClaimIDType       = "idtyp"
	ClaimCapabilities = "xms_cc"
	ClaimActorFacets  = "xms_act_fct"
	ClaimSubFacets    = "xms_sub_fct"
	ClaimTenantFacets = "xms_tnt_fct"
	ClaimParentApp    = "xms_par_app_azp"
	ClaimRelation     = "xms_idrel"
)

// OptionalClaims lists the optional claims that this tenant can add.
func OptionalClaims() []string {
	return []string{
		ClaimIDType, ClaimCapabilities, ClaimActorFacets, ClaimSubFacets, ClaimTenantFacets, ClaimParentApp, ClaimRelation,
	}
}

// exchangeID is the application ID of AzureADTokenExchange, the same in all tenants.
const exchangeID = "fb60f99c-7a34-4190-8149-302f77469936"

// exchangeAPI is AzureADTokenExchange of the public cloud.
var exchangeAPI = API{
	ID: exchangeID, Name: "AzureADTokenExchange", URIs: []string{"api://AzureADTokenExchange"}, TokenVersion: entra.V2,
}

// IsExchange reports whether the API is AzureADTokenExchange: a token for it is
// not for an API but is itself presented for another token.
func (a *API) IsExchange() bool { return a.ID == exchangeID }

// Kind is what kind of service principal a Client is.
type Kind string

// The kinds. An App is a registration.
const (
	App            Kind = ""
	SystemIdentity Kind = "system-assigned" // a machine's own managed identity
	UserIdentity   Kind = "user-assigned"   // a managed identity of its own
	AgentIdentity  Kind = "agent"
)

// Client is what requests tokens: a registration, a managed identity or an agent
// identity. Only registrations have credentials.
type Client struct {
	Kind Kind
	// ID is the application (client) ID: azp or appid in tokens.
	ID string
	// ObjectID is the GUID of its service principal in the tenant (not of the
	// registration): oid and sub in tokens. Of an agent identity it equals ID.
	ObjectID string
	// Name is the display name.
	Name string
	// ResourceID is the resource ID of a managed identity in Azure, or of its machine:
	// xms_mirid in tokens.
	ResourceID string
	// Blueprint is the ID of the client that an agent identity belongs to.
	Blueprint string
	// IsBlueprint says that agent identities can belong to the registration. It then
	// gets no token for itself (AADSTS82001).
	IsBlueprint bool
	// Secrets are the client secrets; any one that has not expired is enough.
	Secrets []ClientSecret
	// Certificates are those that the client may sign assertions with. Their
	// keys are RSA; Entra takes no others.
	Certificates []*x509.Certificate
	// Federated are the outside issuers whose tokens the client may present.
	Federated []FederatedCredential
	// Grants are the app roles that an administrator consented to.
	Grants []Grant
	// Disabled switches the enterprise application off (AADSTS7000112).
	Disabled bool
	// NoServicePrincipal says that the registration exists and was never
	// installed in the tenant (AADSTS7000229). It then has no ObjectID.
	NoServicePrincipal bool
	// BlockedByPolicy is the GUID of the Conditional Access policy that refuses
	// the client every token (AADSTS53003). Empty means none.
	BlockedByPolicy string
}

// ClientSecret is one of a client's secrets.
type ClientSecret struct {
	Value entra.Secret
	// Expires is the end date. The zero time never comes.
	Expires time.Time
}

// FederatedCredential trusts one subject of one outside issuer. All values are
// compared exactly.
type FederatedCredential struct {
	// Issuer is the iss of the outside token, an https URL under which its
	// discovery document is found. Entra refuses loopback; a local tenant
	// cannot afford to.
	Issuer string
	// Subject is its sub; empty if there is an Expression.
	Subject string
	// Expression is the claimsMatchingExpression of a flexible credential. It is
	// not evaluated: such a credential fits no token here.
	Expression string
	// Audience is its aud. Empty means api://AzureADTokenExchange.
	Audience string
}

// Grant gives a client roles on one API.
type Grant struct {
	// API is the API's ID or one of its App ID URIs, or https://graph.microsoft.com.
	API string
	// Roles are values of the API's app roles. Graph's are not checked.
	Roles []string
}

// Error says which part of a directory Entra could not hold.
type Error struct {
	// Field is the path of the part, such as Tenants[0].Clients[1].ID.
	Field string
	// Problem is what is wrong with it.
	Problem string
}

// Error returns the path and the problem.
func (e *Error) Error() string { return fmt.Sprintf("%s: %s", e.Field, e.Problem) }
