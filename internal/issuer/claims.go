package issuer

import (
	"slices"
	"time"

	"m2m/internal/entra"
	"m2m/internal/tenant/directory"
)

const (
	idTypeApp = "app"
)

// backdating is how long before the moment of issue Entra's tokens begin, so
// that an API whose clock is slow accepts them. A token of an hour spans 3900
// seconds.
const backdating = 5 * time.Minute

// timeClaims are when a token was made and lives, in seconds since 1970.
type timeClaims struct {
	IssuedAt  int64 `json:"iat"`
	NotBefore int64 `json:"nbf"`
	Expires   int64 `json:"exp"`
}

func newTimeClaims(now time.Time, lifetime time.Duration) timeClaims {
	from := now.Add(-backdating).Unix()
	return timeClaims{IssuedAt: from, NotBefore: from, Expires: now.Add(lifetime).Unix()}
}

// claimsV2 is an app-only token of version 2.0 for an API of one's own. It has
// no scp, and idtyp only if the API asks for it.
type claimsV2 struct {
	Audience string `json:"aud"`
	Issuer   string `json:"iss"`
	timeClaims
	AIO      string   `json:"aio"`
	Client   string   `json:"azp"`
	Proof    string   `json:"azpacr"`
	IDType   string   `json:"idtyp,omitempty"`
	ObjectID string   `json:"oid"`
	RH       string   `json:"rh"`
	Roles    []string `json:"roles,omitempty"`
	Subject  string   `json:"sub"`
	TenantID string   `json:"tid"`
	UTI      string   `json:"uti"`
	Version  string   `json:"ver"`
	CC       []string `json:"xms_cc,omitempty"`
	FTD      string   `json:"xms_ftd"`
}

// claimsV1 is an app-only token of version 1.0. The v1.0 endpoint adds region
// and tdbr.
type claimsV1 struct {
	Audience string `json:"aud"`
	Issuer   string `json:"iss"`
	timeClaims
	AIO      string   `json:"aio"`
	Client   string   `json:"appid"`
	Proof    string   `json:"appidacr"`
	IDP      string   `json:"idp"`
	IDType   string   `json:"idtyp,omitempty"`
	ObjectID string   `json:"oid"`
	RH       string   `json:"rh"`
	Roles    []string `json:"roles,omitempty"`
	Subject  string   `json:"sub"`
	Region   string   `json:"tenant_region_scope,omitempty"`
	TenantID string   `json:"tid"`
	UTI      string   `json:"uti"`
	Version  string   `json:"ver"`
	CC       []string `json:"xms_cc,omitempty"`
	TDBR     string   `json:"xms_tdbr,omitempty"`
}

// claimsGraph is an app-only token for Microsoft Graph: the form of v1.0, and
// more of Microsoft's bookkeeping.
type claimsGraph struct {
	Audience string `json:"aud"`
	Issuer   string `json:"iss"`
	timeClaims
	AIO         string   `json:"aio"`
	DisplayName string   `json:"app_displayname"`
	Client      string   `json:"appid"`
	Proof       string   `json:"appidacr"`
	IDP         string   `json:"idp"`
	IDType      string   `json:"idtyp"`
	ObjectID    string   `json:"oid"`
	RH          string   `json:"rh"`
	Roles       []string `json:"roles,omitempty"`
	Subject     string   `json:"sub"`
	Region      string   `json:"tenant_region_scope"`
	TenantID    string   `json:"tid"`
	UTI         string   `json:"uti"`
	Version     string   `json:"ver"`
	WIDs        []string `json:"wids"`
	ACD         int64    `json:"xms_acd"`
	ActFct      string   `json:"xms_act_fct"`
	IDRel       string   `json:"xms_idrel"`
	RD          string   `json:"xms_rd"`
	SubFct      string   `json:"xms_sub_fct"`
	TCDT        int64    `json:"xms_tcdt"`
	TDBR        string   `json:"xms_tdbr"`
	TntFct      string   `json:"xms_tnt_fct"`
}

// subject is everything that a token's claims depend on.
type subject struct {
	tenant   *directory.Tenant
	client   *directory.Client
	proof    string
	resource string         // as it was asked for
	api      *directory.API // nil for Microsoft Graph
	times    timeClaims
	// capabilities are what the client says it can handle, such as cp1.
	capabilities []string
}

func (i *Issuer) claimsV2(s subject) claimsV2 {
	return claimsV2{
		Audience:   s.api.ID,
		Issuer:     i.issuerOf(entra.V2, s.tenant.ID),
		timeClaims: s.times,
		AIO:        newAIO(),
		Client:     s.client.ID,
		Proof:      s.proof,
		IDType:     idType(s.api),
		ObjectID:   s.client.ObjectID,
		RH:         newRH(),
		Roles:      s.tenant.RolesOn(s.client, s.api),
		Subject:    s.client.ObjectID,
		TenantID:   s.tenant.ID,
		UTI:        opaque(16),
		Version:    string(entra.V2),
		CC:         s.capabilitiesClaim(),
		FTD:        opaque(48),
	}
}

func (i *Issuer) claimsV1(endpoint entra.Version, s subject) claimsV1 {
	sts := i.issuerOf(entra.V1, s.tenant.ID)
	c := claimsV1{
		Audience:   s.resource,
		Issuer:     sts,
		timeClaims: s.times,
		AIO:        newAIO(),
		Client:     s.client.ID,
		Proof:      s.proof,
		IDP:        sts,
		IDType:     idType(s.api),
		ObjectID:   s.client.ObjectID,
		RH:         newRH(),
		Roles:      s.tenant.RolesOn(s.client, s.api),
		Subject:    s.client.ObjectID,
		TenantID:   s.tenant.ID,
		UTI:        opaque(16),
		Version:    string(entra.V1),
		CC:         s.capabilitiesClaim(),
	}
	if endpoint == entra.V1 {
		c.Region, c.TDBR = s.tenant.RegionScope(), s.tenant.RegionScope()
	}
	return c
}

func (i *Issuer) claimsGraph(s subject) claimsGraph {
	sts := i.issuerOf(entra.V1, s.tenant.ID)
	return claimsGraph{
		Audience:    s.resource,
		Issuer:      sts,
		timeClaims:  s.times,
		AIO:         newAIO(),
		DisplayName: s.client.Name,
		Client:      s.client.ID,
		Proof:       s.proof,
		IDP:         sts,
		IDType:      idTypeApp,
		ObjectID:    s.client.ObjectID,
		RH:          newRH(),
		Roles:       s.client.GraphRoles(),
		Subject:     s.client.ObjectID,
		Region:      s.tenant.RegionScope(),
		TenantID:    s.tenant.ID,
		UTI:         opaque(16),
		Version:     string(entra.V1),
		// On every app-only token, and grants nothing.
		WIDs:   []string{"0997a1d0-0d1d-4acb-b408-d5ca73121e90"},
		ACD:    s.times.IssuedAt,
		ActFct: "3 9",
		IDRel:  "7 24", // 7: a service principal
		RD:     "0." + opaque(48),
		SubFct: "3 9",
		TCDT:   1577836800,
		TDBR:   s.tenant.RegionScope(),
		TntFct: "3 12",
	}
}

func idType(a *directory.API) string {
	if slices.Contains(a.OptionalClaims, directory.ClaimIDType) {
		return idTypeApp
	}
	return ""
}

// capabilitiesClaim is there only if both ask for it: the API by its
// registration, the client by its request.
func (s subject) capabilitiesClaim() []string {
	if slices.Contains(s.api.OptionalClaims, directory.ClaimCapabilities) {
		return s.capabilities
	}
	return nil
}

// newAIO and newRH make look-alikes of claims that only Microsoft can read.
func newAIO() string { return "k2RgYG" + opaque(24) + "==" }
func newRH() string  { return "1.A" + opaque(34) + "AAA." }
