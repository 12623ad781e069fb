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
	// APIs are the registrations that tokens can be asked for. Microsoft Graph
	// is in every tenant and not listed.
	APIs []API
	// Clients are the registrations that can ask for tokens. One registration
	// that is both client and API appears in both lists with the same ID.
	Clients []Client
}

// API is a registration whose tokens clients ask for.
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
	// registration asks for them. Known: ClaimIDType, and ClaimCapabilities, which
	// repeats the client capabilities that the request for the token lists.
	OptionalClaims []string
}

// The optional claims that this tenant can add.
const (
	ClaimIDType       = "idtyp"
	ClaimCapabilities = "xms_cc"
)

// Client is a registration that asks for tokens.
type Client struct {
	// ID is the application (client) ID: azp or appid in tokens.
	ID string
	// ObjectID is the GUID of its service principal in the tenant (not of the
	// registration): oid and sub in tokens.
	ObjectID string
	// Name is the display name.
	Name string
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

// FederatedCredential trusts one subject of one outside issuer. All three are
// compared exactly.
type FederatedCredential struct {
	// Issuer is the iss of the outside token, an https URL under which its
	// discovery document is found. Entra refuses loopback; a local tenant
	// cannot afford to.
	Issuer string
	// Subject is its sub.
	Subject string
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
