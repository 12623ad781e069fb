package verify

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"m2m/internal/entra"
	"m2m/internal/jwks"
	"m2m/internal/text"
)

// Bounds and defaults of a [Policy].
const (
	DefaultLeeway = 60 * time.Second
	MaxLeeway     = 5 * time.Minute
	// NoLeeway is the [Policy.Leeway] of clocks that do not differ at all.
	NoLeeway time.Duration = -1
	// DefaultMaxLifetime is an hour more than the longest token that Entra
	// issues: under continuous access evaluation they live up to 28 hours.
	DefaultMaxLifetime = 29 * time.Hour
)

// What is wrong with a [Policy].
var (
	ErrLeeway      = errors.New("the leeway is out of range")
	ErrMaxLifetime = errors.New("the longest lifetime is negative")
	ErrTenantName  = errors.New("the policy cannot name this tenant")
	ErrEmptyEntry  = errors.New("a list of the policy holds an empty value")
	ErrPlainIssuer = errors.New("the plain issuer of the policy is an issuer of Entra, or has the form of one")
)

// Policy says which tokens are accepted. Its zero value accepts none: tenant and
// audience must be named, or switched off by name.
type Policy struct {
	// Tenants lists the tenants whose tokens are accepted, by GUID or by the
	// domain name that the key source was made with.
	Tenants []string
	// AnyTenant switches the tenant check off. It costs: every organisation
	// that can sign in at the issuer can call, so data must be kept apart by
	// tid and oid.
	AnyTenant bool

	// Audiences lists the values of aud that mean this API.
	Audiences []string
	// AnyAudience switches the audience check off. It costs: a token that a
	// client sent to any other API can be replayed here.
	AnyAudience bool
	// AudienceIncomplete says that Audiences was derived from a scope such as
	// api://name, for which a v2.0 token carries a GUID that cannot be derived.
	// The audience of such a token is then unknown, not wrong.
	AudienceIncomplete bool

	// Clients limits the calling apps to these client IDs; empty: any app.
	Clients []string
	// Roles are what an app-only token needs one of; empty: nothing.
	Roles []string
	// Scopes are what a user's token needs one of. If only scopes are required,
	// no app-only token has permission, because those never carry scp.
	Scopes []string
	// RequireAll asks for all of Roles or Scopes, not any one.
	RequireAll bool
	// RequireAgent accepts only tokens of Entra agent identities and of their users,
	// which are known by claims that the API's registration must ask for.
	RequireAgent bool
	// AllowUser accepts users' tokens where no scope is required; where Roles are
	// required, of users too.
	AllowUser bool
	// BoundUndecided reports a token that is bound to a key (cnf) as undecided, not
	// as invalid. It is for those who are asked about a token that somebody else
	// received.
	BoundUndecided bool

	// PlainIssuer is the exact iss of an issuer that is not one of Entra, whose
	// tokens are read as plain OAuth access tokens (RFC 9068, RFC 7519) unless they
	// have tid, ver and client as Entra writes them. It may not be an issuer of
	// Entra, nor have the form of one: ErrPlainIssuer. It costs: for that issuer ver, nbf
	// and tid need not be there, so that the issuer alone implies the tenant; the
	// client may have any ID, and is named by client_id, azp, Okta's cid or AD FS's
	// appid; scopes may be a list; aud may be one, if all of it is in Audiences; sub,
	// which must be the client's ID, is all that distinguishes an app from a user;
	// and Scopes, where no Roles are required, are required of apps. Users are then
	// accepted only with AllowUser.
	PlainIssuer string

	// Leeway is how much clocks may differ; 0 means DefaultLeeway, NoLeeway not at
	// all, at most MaxLeeway.
	Leeway time.Duration
	// MaxLifetime is the longest time between iat and exp that is
	// accepted; 0 means
	// DefaultMaxLifetime.
	MaxLifetime time.Duration

	lifetimeText string // Leeway and MaxLifetime in words
}

// Complete returns what must still be configured before a token can be valid:
// ErrTenantUnset or ErrAudienceUnset, joined. A server should not start while it is
// not nil.
func (p Policy) Complete() error {
	var errs []error
	if len(p.Tenants) == 0 && !p.AnyTenant && p.PlainIssuer == "" {
		errs = append(errs, ErrTenantUnset)
	}
	if len(p.Audiences) == 0 && !p.AnyAudience {
		errs = append(errs, ErrAudienceUnset)
	}
	return errors.Join(errs...)
}

// check returns what is contradictory or out of bounds, whether complete or not.
func (p Policy) check() error {
	switch {
	case p.Leeway < 0 && p.Leeway != NoLeeway || p.Leeway > MaxLeeway:
		return fmt.Errorf("%w: expected at most %s, found %s", ErrLeeway, text.Duration(MaxLeeway), text.Duration(p.Leeway))
	case p.MaxLifetime < 0:
		return fmt.Errorf("%w: found %s", ErrMaxLifetime, text.Duration(p.MaxLifetime))
	case jwks.IsEntraIssuer(p.PlainIssuer):
		return fmt.Errorf("%w: found %s", ErrPlainIssuer, text.Quote(p.PlainIssuer))
	}
	for _, list := range [][]string{p.Tenants, p.Audiences, p.Clients, p.Roles, p.Scopes} {
		if slices.Contains(list, "") {
			return ErrEmptyEntry
		}
	}
	for _, tenant := range p.Tenants {
		if err := entra.CheckTenant(tenant); err != nil {
			return fmt.Errorf("%w: %w: found %s", ErrTenantName, err, text.Quote(tenant))
		}
	}
	return nil
}

// withDefaults returns a copy that callers cannot change, with the defaults, and
// with GUIDs in lower case, as Entra writes them in tokens.
func (p Policy) withDefaults() Policy {
	p.Tenants = lowerGUIDs(p.Tenants)
	p.Audiences = lowerGUIDs(p.Audiences)
	p.Clients = lowerGUIDs(p.Clients)
	p.Roles = slices.Clone(p.Roles)
	p.Scopes = slices.Clone(p.Scopes)
	switch p.Leeway {
	case 0:
		p.Leeway = DefaultLeeway
	case NoLeeway:
		p.Leeway = 0
	}
	if p.MaxLifetime == 0 {
		p.MaxLifetime = DefaultMaxLifetime
	}
	p.lifetimeText = ", give or take " + text.Duration(p.Leeway) + "; at most " + text.Duration(p.MaxLifetime) + " long"
	return p
}

func lowerGUIDs(values []string) []string {
	values = slices.Clone(values)
	for i, value := range values {
		if entra.IsGUID(value) {
			values[i] = strings.ToLower(value)
		}
	}
	return values
}
