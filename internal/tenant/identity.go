package tenant

import (
	"cmp"
	"net"
	"net/http"
	"time"

	"m2m/internal/entra"
	"m2m/internal/tenant/credential"
	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/fault"
	"m2m/internal/tenant/identity"
	"m2m/internal/tenant/mint"
	"m2m/internal/tenant/refusal"
)

// identityLifetime is how long the tokens of managed identities live.
const identityLifetime = 24 * time.Hour

// IdentityEndpoint returns the address at which programs get the tokens of managed
// identities, as IDENTITY_ENDPOINT takes it, and the IDENTITY_HEADER that opens it; empty
// without Config.Identities.
func (s *Server) IdentityEndpoint() (address string, header entra.Secret) {
	if s.config.Identities == nil {
		return "", entra.Secret{}
	}
	return "http://" + s.config.Identities.Addr().String() + identity.AppServicePath, s.identities.Header
}

// IMDS returns the origin at which the tenant answers as IMDS; empty without
// Config.IMDS.
func (s *Server) IMDS() string {
	if s.config.IMDS == nil {
		return ""
	}
	return "http://" + s.config.IMDS.Addr().String()
}

// newIdentities makes the endpoint of the first tenant's managed identities.
func (s *Server) newIdentities() *identity.Endpoint {
	home := &s.maker.Directory.Tenants[0]
	return &identity.Endpoint{
		Identities: home.Identities,
		Header:     newIdentityHeader(),
		Issue: func(client *directory.Client, resource string) (identity.Token, *refusal.Refusal) {
			return s.issueIdentity(home, client, resource)
		},
		OnRequest: func(r identity.Request) { s.logIdentity(home, r) },
	}
}

func (s *Server) issueIdentity(
	t *directory.Tenant, client *directory.Client, resource string,
) (token identity.Token, refused *refusal.Refusal) {
	subject := mint.Subject{Tenant: t, Client: client, Resource: resource, Proof: "2", Endpoint: entra.V1}
	if subject.API, refused = resolve(t, client, tokenForm{resource: resource}); refused != nil {
		return token, refused
	}
	lifetime := cmp.Or(s.faults.Lifetime(), s.config.TokenLifetime, identityLifetime)
	issued, err := s.maker.Issue(subject, s.now(), lifetime)
	if err != nil {
		return token, refusal.NotSigned.With(err.Error())
	}
	return identity.Token{
		Value: issued.Value, NotBefore: issued.NotBefore, Expires: issued.Expires, ExpiresIn: int64(lifetime/time.Second) - 1,
	}, nil
}

func (s *Server) logIdentity(t *directory.Tenant, r identity.Request) {
	entry := TokenRequest{
		Time: s.now().UTC(), Tenant: t.ID, ClientID: r.Asked, Credential: credential.ManagedIdentity, Resource: r.Resource,
		Status: r.Status, Reason: r.Reason,
	}
	if r.Identity != nil {
		entry.ClientID, entry.ClientName = r.Identity.ID, r.Identity.Name
	}
	if r.Refused != nil {
		explainRefusal(&entry, r.Refused)
	}
	s.requests.add(entry, s.config.OnTokenRequest)
}

// identityServers are the plain HTTP servers of managed identities: programs reach
// those endpoints without TLS on Azure too.
func (s *Server) identityServers() map[net.Listener]*http.Server {
	servers := map[net.Listener]*http.Server{}
	add := func(listener net.Listener, path string, handler http.HandlerFunc) {
		if listener == nil {
			return
		}
		mux := http.NewServeMux()
		for _, pattern := range []string{path, path + "/{$}"} { // msal-node ends addresses of its environment with a slash
			mux.HandleFunc(pattern, s.faults.Wrap(fault.AtIdentity, handler))
		}
		server := s.newServer()
		server.Handler, server.TLSConfig = mux, nil
		servers[listener] = server
	}
	add(s.config.Identities, identity.AppServicePath, s.identities.AppService())
	add(s.config.IMDS, identity.IMDSPath, s.identities.IMDS())
	return servers
}
