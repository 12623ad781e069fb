package issuer

import (
	"m2m/internal/entra"
)

// mintedUser is who minted users' tokens and ID tokens are about. The tenant
// itself signs nobody in: it knows one grant, which has no user.
const (
	mintedUserID      = "5f3c8a17-92d4-4b6e-8c05-d1e7f6a9b384"
	mintedUserName    = "Ada Example"
	mintedUserScope   = "access_as_user"
	mintedUserAccount = "ada@example.com"
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

func (i *Issuer) claimsUser(version entra.Version, s subject) claimsUser {
	c := claimsUser{
		Audience: s.api.ID, Issuer: i.issuerOf(version, s.tenant.ID), timeClaims: s.times,
		AIO: newAIO(), Name: mintedUserName, ObjectID: mintedUserID, RH: newRH(), Scopes: mintedUserScope,
		Subject: opaque(32), TenantID: s.tenant.ID, UTI: opaque(16), Version: string(version),
	}
	if version == entra.V1 {
		c.Audience, c.ACR, c.AMR = s.resource, "1", []string{"pwd"}
		c.ClientV1, c.ProofV1 = s.client.ID, s.proof
		c.UniqueName, c.UserAccount = mintedUserAccount, mintedUserAccount
		return c
	}
	c.Client, c.Proof, c.Preferred = s.client.ID, s.proof, mintedUserAccount
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

func (i *Issuer) claimsID(version entra.Version, s subject) claimsID {
	c := claimsID{
		Audience: s.client.ID, Issuer: i.issuerOf(version, s.tenant.ID), timeClaims: s.times,
		AIO: newAIO(), Name: mintedUserName, Nonce: opaque(16), ObjectID: mintedUserID, RH: newRH(),
		Subject: opaque(32), TenantID: s.tenant.ID, UTI: opaque(16), Version: string(version),
	}
	if version == entra.V1 {
		c.AMR, c.UniqueName, c.UserAccount = []string{"pwd"}, mintedUserAccount, mintedUserAccount
		return c
	}
	c.Preferred = mintedUserAccount
	return c
}
