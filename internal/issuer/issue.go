package issuer

import (
	"math/rand/v2"
	"time"

	"m2m/internal/entra"
	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/mint"
	"m2m/internal/tenant/refusal"
)

// Entra's default lifetime of an access token is random between these, so that
// clients do not all come back at once.
const (
	shortestLifetime = 60 * time.Minute
	longestLifetime  = 90 * time.Minute
)

// issuedToken is a token and what the answer says about it.
type issuedToken struct {
	mint.Token
	resource  string
	expiresIn int64 // seconds
}

// issue makes the token for a client that has proved who it is.
func (i *Issuer) issue(endpoint entra.Version, t *directory.Tenant, c *directory.Client, f tokenForm, x *exchange) (*issuedToken, *refusal.Refusal) {
	api, refused := resolve(t, c, f.resource)
	if refused != nil {
		return nil, refused
	}
	if c.BlockedByPolicy != "" {
		return nil, refusal.Policy(c.BlockedByPolicy)
	}
	lifetime := i.lifetime()
	token, err := i.maker.Issue(mint.Subject{
		Tenant: t, Client: c, API: api, Resource: f.resource, Proof: f.kind.Proof(), Capabilities: f.capabilities, Endpoint: endpoint,
	}, x.now, lifetime)
	if err != nil {
		return nil, refusal.NotSigned.With(err.Error())
	}
	return &issuedToken{
		Token:     token,
		resource:  f.resource,
		expiresIn: max(0, int64(lifetime/time.Second)-1), // Entra's hour is 3599 seconds
	}, nil
}

// resolve finds the API that a resource names; nil without a refusal is
// Microsoft Graph.
func resolve(t *directory.Tenant, c *directory.Client, resource string) (*directory.API, *refusal.Refusal) {
	if resource == zeroGUID {
		return nil, refusal.ZeroResource.With(resource)
	}
	api := t.FindAPI(resource)
	switch {
	case api == nil && directory.IsGraph(resource):
		return nil, nil
	case api == nil:
		return nil, refusal.UnknownResource.With(resource, t.ID)
	case api.AssignmentRequired && len(t.RolesOn(c, api)) == 0:
		return nil, refusal.AssignmentRequired.With(c.ID, resource)
	}
	return api, nil
}

func (i *Issuer) lifetime() time.Duration {
	if lifetime := i.faults.Lifetime(); lifetime > 0 {
		return lifetime
	}
	from, to := i.tokenLifetime, max(i.tokenLifetime, i.longest)
	if to == 0 {
		from, to = shortestLifetime, longestLifetime
	}
	return from + time.Duration(rand.Int64N(int64((to-from)/time.Second)+1))*time.Second
}
