package issuer

import (
	"crypto/x509"
	"fmt"
	"log"
	"net/http"
	"time"

	"m2m/internal/entra"
	"m2m/internal/tenant/fault"
)

// Config says which tenants an Issuer is, and how it behaves.
type Config struct {
	// Tenants that exist. At least one.
	Tenants []Tenant
	// TokenLifetime is how long every token lives. Zero means as Entra does by
	// default: a random time between 60 and 90 minutes for each token.
	TokenLifetime time.Duration
	// LongestTokenLifetime, if it is longer than TokenLifetime, makes each
	// token's life a random time between the two.
	LongestTokenLifetime time.Duration
	// Origin overrides the origin that documents and tokens name. Empty means
	// that of the listener, such as https://127.0.0.1:8443; under interception
	// it means https://login.microsoftonline.com.
	Origin string
	// Intercept makes the issuer answer as Entra's login hosts too, through a
	// proxy. Nil means that it does not.
	Intercept *Interception
	// Now is the tenant's clock: it stamps tokens and ends secrets. Nil means
	// time.Now. TLS certificates follow the machine's clock in any case,
	// because the clients' TLS libraries do.
	Now func() time.Time
	// HTTPClient fetches the documents and keys of outside issuers. It is needed
	// only where a client has federated credentials.
	HTTPClient *http.Client
	// OnTokenRequest is told about every request at a token endpoint, after
	// its answer is decided and before it is sent. It is called from many
	// goroutines at once. Nil tells nobody.
	OnTokenRequest func(TokenRequest)
	// OnFault is told about every request that met a fault, before it is
	// answered. It is called from many goroutines at once. Nil tells nobody.
	OnFault func(fault.Answer)
	// ControlKey opens the control endpoint to whoever knows it: see
	// NewControlKey. The zero value means that there is no such endpoint.
	ControlKey entra.Secret
	// ErrorLog gets what the HTTP server has to say, such as failed TLS
	// handshakes: most often a client that does not trust the CA. Nil discards
	// it.
	ErrorLog *log.Logger
}

// Tenant is a directory: the apps that exist in it and what they may do.
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
	// registration asks for them. Known: idtyp, and xms_cc, which repeats the
	// client capabilities that the client's request says it has.
	OptionalClaims []string
}

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
	Federated []FederatedIdentityCredential
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

// FederatedIdentityCredential trusts one subject of one outside issuer. All three are
// compared exactly.
type FederatedIdentityCredential struct {
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

// ConfigError says which part of a Config cannot be.
type ConfigError struct {
	// Field is the path of the part, such as Tenants[0].Clients[1].ID.
	Field string
	// Problem is what is wrong with it.
	Problem string
}

func (e *ConfigError) Error() string { return fmt.Sprintf("%s: %s", e.Field, e.Problem) }
