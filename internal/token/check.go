package token

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"sync"
	"time"

	"m2m/internal/entra"
)

// What can be wrong with a request, apart from the errors of package entra.
var (
	ErrNoCredential  = errors.New("no credential is set")
	ErrAgentIsClient = errors.New("it is the client ID, that of the blueprint, and an agent has an ID of its own")
	ErrAgentManaged  = errors.New("a managed identity acts for no agent itself: an agent needs the credential of its blueprint")
	ErrClaimsForm    = errors.New("a claims challenge is a JSON object")
	ErrRegionForm    = errors.New("a region is one word of small letters and digits, such as westeurope")
	ErrRegionHost    = errors.New("only Entra's own hosts have regional endpoints")
)

// Check returns everything that is known to be wrong with the request before
// anything is sent: *SettingErrors, joined. now is for a certificate's validity.
func (r Request) Check(now time.Time) error {
	if r.Credential == nil {
		return settingError("credential", "", ErrNoCredential)
	}
	return errors.Join(r.Credential.check(r, now), settingError("scope", r.Scope, entra.CheckScope(r.Scope)), checkClaims(r), checkRegion(r))
}

// checkApplication checks what identifies an app registration.
func checkApplication(r Request) error {
	_, err := entra.ParseAuthorityHost(r.Authority.Origin)
	return errors.Join(
		checkAgent(r),
		settingError("tenant", r.Authority.Tenant, entra.CheckTenant(r.Authority.Tenant)),
		settingError("client ID", r.ClientID, entra.CheckClientID(r.ClientID)),
		settingError("authority host", r.Authority.Origin, err),
	)
}

// checkAgent checks the ID of an agent identity: an app of its own, that no other
// credential than the blueprint's can act for.
func checkAgent(r Request) error {
	switch {
	case r.Agent == "":
		return nil
	case strings.EqualFold(r.Agent, r.ClientID):
		return settingError("agent", r.Agent, ErrAgentIsClient)
	}
	return settingError("agent", r.Agent, entra.CheckClientID(r.Agent))
}

func checkClaims(r Request) error {
	if r.Claims == "" {
		return nil
	}
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(r.Claims), &object) == nil && object != nil {
		return nil
	}
	return settingError("claims", r.Claims, ErrClaimsForm)
}

// regionForm is one label of a host name, because a region becomes one.
var regionForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$`) })

func checkRegion(r Request) error {
	switch _, isEntra := r.Authority.Cloud(); {
	case r.Region == "":
		return nil
	case !regionForm().MatchString(r.Region):
		return settingError("region", r.Region, ErrRegionForm)
	case !isEntra:
		return settingError("region", r.Region, ErrRegionHost)
	}
	return nil
}
