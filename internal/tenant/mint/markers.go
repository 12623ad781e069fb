package mint

import (
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"

	"m2m/internal/tenant/directory"
)

// markers are the claims that tell what kind of service principal a token is
// about. Tokens for Microsoft Graph and AzureADTokenExchange have those that apply,
// tokens for other APIs those that the registration asks for, and xms_mirid.
//
// Source: tokens of agent identities and blueprints published from October 2025 to
// August 2026, and learn.microsoft.com/entra/agent-id/agent-token-claims.
type markers struct {
	ActorFacets   string `json:"xms_act_fct,omitempty"`
	ExchangeInfo  string `json:"xms_ficinfo,omitempty"` // of a token that can be presented for another
	Relation      string `json:"xms_idrel,omitempty"`
	Identity      string `json:"xms_mirid,omitempty"`
	Parent        string `json:"xms_par_app_azp,omitempty"` // the blueprint
	SubjectFacets string `json:"xms_sub_fct,omitempty"`
	TenantFacets  string `json:"xms_tnt_fct,omitempty"`
}

// Facets are sets of numbers in any order: 11 is an agent identity, 9 an app,
// relation 7 a service principal. The meaning of the others is not published.
func (s Subject) markers() markers {
	isAgent := s.Client.Kind == directory.AgentIdentity
	m := markers{
		ActorFacets: "3 9", SubjectFacets: "3 9", TenantFacets: "3 12", Relation: "7 24",
		Identity: s.Client.ResourceID, Parent: s.Client.Blueprint,
	}
	switch {
	case s.API == nil: // Microsoft Graph
		if isAgent {
			m.ActorFacets, m.SubjectFacets, m.Relation = "9 3 11", "9 3 11", "7 22"
		}
		return m
	case s.API.IsExchange():
		m.TenantFacets = ""
		switch {
		case s.Agent != nil:
			m.ActorFacets, m.Relation, m.ExchangeInfo = "9 1", "14 7", "CAAQABgAIAAoAjAA"
		case isAgent:
			m.ActorFacets, m.SubjectFacets, m.Relation, m.ExchangeInfo = "1 9 11", "11 1 9", "7 12", "CAAQABgAIAAoAzAAOAE"
		case s.Federated:
			m.ExchangeInfo = "CAAQABgAIAAoAjAA"
		}
		return m
	case isAgent:
		m.ActorFacets, m.SubjectFacets, m.Relation = "9 3 11", "9 3 11", "7 22"
	}
	return m.onlyAsked(s.API.OptionalClaims)
}

// onlyAsked removes what the registration of an API does not ask for.
func (m markers) onlyAsked(asked []string) markers {
	for name, claim := range map[string]*string{
		directory.ClaimActorFacets: &m.ActorFacets, directory.ClaimSubFacets: &m.SubjectFacets,
		directory.ClaimTenantFacets: &m.TenantFacets, directory.ClaimParentApp: &m.Parent, directory.ClaimRelation: &m.Relation,
	} {
		if !slices.Contains(asked, name) {
			*claim = ""
		}
	}
	return m
}

// idType is there where the API asks for it.
func (s Subject) idType() string {
	if s.API.IsExchange() || slices.Contains(s.API.OptionalClaims, directory.ClaimIDType) {
		return "app"
	}
	return ""
}

// subjectClaim is sub: the service principal, or in the token that a blueprint
// presents for an agent identity, both of them.
func (s Subject) subjectClaim() string {
	if s.Agent != nil {
		return AgentSubject(s.Tenant.ID, s.Client.ID, s.Agent.ID)
	}
	return s.Client.ObjectID
}

// AgentSubject is the sub of the token that a blueprint presents for one of its agent
// identities.
func AgentSubject(tenant, blueprint, agent string) string {
	return AgentSubjects(tenant, blueprint) + agent
}

// AgentSubjects begins the AgentSubject of every agent identity of a blueprint.
func AgentSubjects(tenant, blueprint string) string {
	return "/eid1/c/pub/t/" + shortGUID(tenant) + "/a/" + shortGUID(blueprint) + "/"
}

// shortGUID writes the 16 bytes of a GUID in base64url, in the order of .NET: the
// first three groups little-endian.
func shortGUID(guid string) string {
	b, err := hex.DecodeString(strings.ReplaceAll(guid, "-", ""))
	if err != nil || len(b) != 16 {
		return ""
	}
	slices.Reverse(b[:4])
	slices.Reverse(b[4:6])
	slices.Reverse(b[6:8])
	return base64.RawURLEncoding.EncodeToString(b)
}
