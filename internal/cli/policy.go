package cli

import (
	"time"

	"github.com/spf13/cobra"

	"m2m/internal/entra"
	"m2m/internal/settings"
	"m2m/internal/text"
	"m2m/internal/verify"
)

// PolicyFlags are the flags about callers that verify and serve share, next to those
// of settings.
type PolicyFlags struct {
	clients      []string
	requireAll   bool
	allowUser    bool
	RequireAgent bool
	anyAudience  bool
	AnyTenant    bool
	leeway       time.Duration
}

// Add adds the flags.
func (p *PolicyFlags) Add(cmd *cobra.Command) {
	flags := cmd.Flags()
	settings.AddFlags(flags, settings.PolicyFlags...)
	flags.BoolVar(&p.requireAll, "require-all", false, "require all the roles or scopes, not any one of them")
	flags.StringArrayVar(&p.clients, "client", nil, "let in only the app with this client `ID` (repeatable)")
	flags.BoolVar(&p.allowUser, "allow-user", false, "let users' tokens in even if no scope is required")
	flags.BoolVar(&p.anyAudience, "any-audience", false, "do not check whom the token is for: a token for any other API passes")
	flags.DurationVar(&p.leeway, "leeway", verify.DefaultLeeway, "how far clocks may differ, at most "+text.Duration(verify.MaxLeeway))
}

// Policy returns the policy of settings and flags. What is not configured is unset,
// which verify does not take for "any".
func (p *PolicyFlags) Policy(s *settings.Settings) verify.Policy {
	policy := verify.Policy{
		Tenants:      s.Tenants.Value,
		AnyTenant:    p.AnyTenant,
		AnyAudience:  p.anyAudience,
		Audiences:    s.Audiences.Value,
		Clients:      p.clients,
		Roles:        s.Roles.Value,
		Scopes:       s.Scopes.Value,
		RequireAll:   p.requireAll,
		AllowUser:    p.allowUser,
		RequireAgent: p.RequireAgent,
		Leeway:       p.leeway,
	}
	if p.leeway == 0 {
		policy.Leeway = verify.NoLeeway // 0 is the default there
	}
	if len(policy.Audiences) == 0 {
		var complete bool
		policy.Audiences, complete = entra.Audiences(s.Scope.Value, s.Client.Value)
		policy.AudienceIncomplete = len(policy.Audiences) > 0 && !complete
	}
	return policy
}

// Warn warns of the checks that are switched off.
func (p *PolicyFlags) Warn(env *Env) {
	if p.anyAudience {
		env.Say("warning: --any-audience: a token that was made for another API passes")
	}
	if p.AnyTenant {
		env.Say("warning: --any-tenant: a token of any organisation passes")
	}
}

// WarnAboutScopes warns of a policy that requires scopes alone, the most common
// mistake about app-only tokens.
func WarnAboutScopes(env *Env, policy verify.Policy) {
	if len(policy.Scopes) > 0 && len(policy.Roles) == 0 {
		env.Say("warning: only scopes are required; app-only tokens never carry scp, so every app will get 403")
		env.Say("hint: require an app role for them: --require-role NAME, or REQUIRED_ROLES")
	}
}
