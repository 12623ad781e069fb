package mint

import (
	"crypto/rand"
	"encoding/base64"
	"slices"
	"time"

	"m2m/internal/entra"
	"m2m/internal/tenant/directory"
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

// claimsV2 is an app-only token of version 2.0 for an API of the tenant. It has no
// scp, and idtyp only if the API asks for it.
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
	markers
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
	markers
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
	RD          string   `json:"xms_rd"`
	TCDT        int64    `json:"xms_tcdt"`
	TDBR        string   `json:"xms_tdbr"`
	markers
}

// Subject is what a token is about.
type Subject struct {
	Tenant *directory.Tenant
	Client *directory.Client
	// API is nil for Microsoft Graph.
	API *directory.API
	// Resource is the API as the request names it.
	Resource string
	// Proof is how the client authenticated, as azpacr has it.
	Proof string
	// Federated says that it authenticated with a token of another issuer.
	Federated bool
	// Agent is the agent identity for which its blueprint, the Client, requests a
	// token to present; nil otherwise.
	Agent *directory.Client
	// Capabilities are those that the client claims to have, such as cp1.
	Capabilities []string
	// Endpoint is the version of the endpoint, which tokens of version 1.0 show.
	Endpoint entra.Version

	times timeClaims
}

func (m Maker) claimsV2(s Subject) claimsV2 {
	return claimsV2{
		Audience:   s.API.ID,
		Issuer:     m.IssuerOf(entra.V2, s.Tenant.ID),
		timeClaims: s.times,
		AIO:        newAIO(),
		Client:     s.Client.ID,
		Proof:      s.Proof,
		IDType:     s.idType(),
		ObjectID:   s.Client.ObjectID,
		RH:         newRH(),
		Roles:      s.Tenant.RolesOn(s.Client, s.API),
		Subject:    s.subjectClaim(),
		TenantID:   s.Tenant.ID,
		UTI:        Opaque(16),
		Version:    string(entra.V2),
		CC:         s.capabilitiesClaim(),
		FTD:        Opaque(48),
		markers:    s.markers(),
	}
}

func (m Maker) claimsV1(s Subject) claimsV1 {
	sts := m.IssuerOf(entra.V1, s.Tenant.ID)
	c := claimsV1{
		Audience:   s.Resource,
		Issuer:     sts,
		timeClaims: s.times,
		AIO:        newAIO(),
		Client:     s.Client.ID,
		Proof:      s.Proof,
		IDP:        sts,
		IDType:     s.idType(),
		ObjectID:   s.Client.ObjectID,
		RH:         newRH(),
		Roles:      s.Tenant.RolesOn(s.Client, s.API),
		Subject:    s.Client.ObjectID,
		TenantID:   s.Tenant.ID,
		UTI:        Opaque(16),
		Version:    string(entra.V1),
		CC:         s.capabilitiesClaim(),
		markers:    s.markers(),
	}
	if s.Endpoint == entra.V1 {
		c.Region, c.TDBR = s.Tenant.RegionScope(), s.Tenant.RegionScope()
	}
	return c
}

func (m Maker) claimsGraph(s Subject) claimsGraph {
	sts := m.IssuerOf(entra.V1, s.Tenant.ID)
	return claimsGraph{
		Audience:    s.Resource,
		Issuer:      sts,
		timeClaims:  s.times,
		AIO:         newAIO(),
		DisplayName: s.Client.Name,
		Client:      s.Client.ID,
		Proof:       s.Proof,
		IDP:         sts,
		IDType:      "app",
		ObjectID:    s.Client.ObjectID,
		RH:          newRH(),
		Roles:       s.Client.GraphRoles(),
		Subject:     s.Client.ObjectID,
		Region:      s.Tenant.RegionScope(),
		TenantID:    s.Tenant.ID,
		UTI:         Opaque(16),
		Version:     string(entra.V1),
		// On every app-only token, and grants nothing.
		WIDs:    []string{"0997a1d0-0d1d-4acb-b408-d5ca73121e90"},
		ACD:     s.times.IssuedAt,
		RD:      "0." + Opaque(48),
		TCDT:    1577836800,
		TDBR:    s.Tenant.RegionScope(),
		markers: s.markers(),
	}
}

// capabilitiesClaim is there only if both ask for it: the API by its
// registration, the client by its request.
func (s Subject) capabilitiesClaim() []string {
	if slices.Contains(s.API.OptionalClaims, directory.ClaimCapabilities) {
		return s.Capabilities
	}
	return nil
}

// newAIO and newRH imitate claims that only Microsoft can read.
func newAIO() string { return "k2RgYG" + Opaque(24) + "==" }
func newRH() string  { return "1.A" + Opaque(34) + "AAA." }

// The user whom minted users' tokens and ID tokens are about. The tenant itself
// signs no user in: it knows one grant, which has no user.
const (
	userID      = "5f3c8a17-92d4-4b6e-8c05-d1e7f6a9b384"
	userName    = "Ada Example"
	userScope   = "access_as_user"
	userAccount = "ada@example.com"
)

// claimsUser is an access token that an app got for a user: it has scp and no
// roles, and sub is not oid. The names of either version are left out of the
// other's.
type claimsUser struct {
	Audience string `json:"aud"`
	Issuer   string `json:"iss"`
	timeClaims
	ACR         string   `json:"acr,omitempty"`
	AIO         string   `json:"aio"`
	AMR         []string `json:"amr,omitempty"`
	ClientV1    string   `json:"appid,omitempty"`
	ProofV1     string   `json:"appidacr,omitempty"`
	Client      string   `json:"azp,omitempty"`
	Proof       string   `json:"azpacr,omitempty"`
	Name        string   `json:"name"`
	ObjectID    string   `json:"oid"`
	Preferred   string   `json:"preferred_username,omitempty"`
	RH          string   `json:"rh"`
	Scopes      string   `json:"scp"`
	Subject     string   `json:"sub"`
	TenantID    string   `json:"tid"`
	UniqueName  string   `json:"unique_name,omitempty"`
	UserAccount string   `json:"upn,omitempty"`
	UTI         string   `json:"uti"`
	Version     string   `json:"ver"`
}

func (m Maker) claimsUser(version entra.Version, s Subject) claimsUser {
	c := claimsUser{
		Audience: s.API.ID, Issuer: m.IssuerOf(version, s.Tenant.ID), timeClaims: s.times,
		AIO: newAIO(), Name: userName, ObjectID: userID, RH: newRH(), Scopes: userScope,
		Subject: Opaque(32), TenantID: s.Tenant.ID, UTI: Opaque(16), Version: string(version),
	}
	if version == entra.V1 {
		c.Audience, c.ACR, c.AMR = s.Resource, "1", []string{"pwd"}
		c.ClientV1, c.ProofV1 = s.Client.ID, s.Proof
		c.UniqueName, c.UserAccount = userAccount, userAccount
		return c
	}
	c.Client, c.Proof, c.Preferred = s.Client.ID, s.Proof, userAccount
	return c
}

// claimsID is an ID token (OpenID Connect Core 1.0, 2): for the client, about a
// user, and for no API.
type claimsID struct {
	Audience string `json:"aud"`
	Issuer   string `json:"iss"`
	timeClaims
	AIO         string   `json:"aio"`
	AMR         []string `json:"amr,omitempty"`
	Name        string   `json:"name"`
	Nonce       string   `json:"nonce"`
	ObjectID    string   `json:"oid"`
	Preferred   string   `json:"preferred_username,omitempty"`
	RH          string   `json:"rh"`
	Subject     string   `json:"sub"`
	TenantID    string   `json:"tid"`
	UniqueName  string   `json:"unique_name,omitempty"`
	UserAccount string   `json:"upn,omitempty"`
	UTI         string   `json:"uti"`
	Version     string   `json:"ver"`
}

func (m Maker) claimsID(version entra.Version, s Subject) claimsID {
	c := claimsID{
		Audience: s.Client.ID, Issuer: m.IssuerOf(version, s.Tenant.ID), timeClaims: s.times,
		AIO: newAIO(), Name: userName, Nonce: Opaque(16), ObjectID: userID, RH: newRH(),
		Subject: Opaque(32), TenantID: s.Tenant.ID, UTI: Opaque(16), Version: string(version),
	}
	if version == entra.V1 {
		c.AMR, c.UniqueName, c.UserAccount = []string{"pwd"}, userAccount, userAccount
		return c
	}
	c.Preferred = userAccount
	return c
}

// Opaque returns n random bytes in base64url, the form of values that only
// Microsoft can read.
func Opaque(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: it ends the program instead
	return base64.RawURLEncoding.EncodeToString(b)
}
