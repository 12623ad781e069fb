package issuer

import (
	"errors"
	"net/http"
	"time"

	"m2m/internal/tenant/fault"
	"m2m/internal/tenant/keyring"
	"m2m/internal/tenant/mint"
	"m2m/internal/tenant/refusal"
)

// TenantState is what a running tenant says about itself at the control
// endpoint.
type TenantState struct {
	// Origin is what tokens and documents name.
	Origin string `json:"origin"`
	// Tenants are the tenants' IDs.
	Tenants []string `json:"tenants"`
	// Keys are all keys that still exist, the signing one first.
	Keys []keyring.State `json:"keys"`
	// KeySet is what the keys' address answers with.
	KeySet keyring.Mode `json:"key_set"`
	// Clock is how far the tenant's clock is ahead, such as "10m0s".
	Clock string `json:"clock"`
	// Faults are those in force, in the order in which they were asked for but
	// for clock and keys, which come first.
	Faults []fault.State `json:"faults"`
}

func (i *Issuer) state() (*TenantState, error) {
	if _, err := i.maker.Keys.Published(); err != nil {
		return nil, err
	}
	s := &TenantState{Origin: i.origin, Clock: fault.Short(i.clock.offset()), Faults: i.Faults()}
	for _, t := range i.maker.Directory.Tenants {
		s.Tenants = append(s.Tenants, t.ID)
	}
	s.Keys = i.maker.Keys.State()
	s.KeySet, _, _ = i.maker.Keys.Mode()
	return s, nil
}

// keysRequest is the body of POST keys.
type keysRequest struct {
	Action string `json:"action"`
}

// controlKeys changes the keys: see keyring for what the actions mean.
func (i *Issuer) controlKeys(body []byte) (any, error) {
	var asked keysRequest
	if err := decodeControl(body, &asked); err != nil {
		return nil, err
	}
	if err := i.actOnKeys(asked.Action); err != nil {
		return nil, err
	}
	return i.state()
}

func (i *Issuer) actOnKeys(action string) error {
	switch kind := fault.Kind(action); kind {
	case fault.Roll, fault.Withdraw, fault.Flap, fault.Empty:
		return i.Inject(fault.Fault{Place: fault.AtKeys, Kind: kind})
	case "restore":
		i.maker.Keys.SetMode(keyring.Whole, 0)
		return nil
	}
	refused := refuseControl(http.StatusBadRequest, "bad_request", "keys have no action %s", refusal.Quote(action))
	refused.Advice = []string{"the actions are roll, withdraw, flap, empty and restore"}
	return refused
}

// faultsRequest is the body of POST faults: what is there is cleared first.
type faultsRequest struct {
	Clear bool     `json:"clear"`
	Add   []string `json:"add"`
}

// controlFaults changes the faults, all of them or, if one is misspelt, none.
func (i *Issuer) controlFaults(body []byte) (any, error) {
	var asked faultsRequest
	if err := decodeControl(body, &asked); err != nil {
		return nil, err
	}
	var faults []fault.Fault
	for _, spec := range asked.Add {
		f, err := fault.Parse(spec)
		if err != nil {
			refused := refuseControl(http.StatusBadRequest, "bad_request", "%v", err)
			if told := (*fault.Error)(nil); errors.As(err, &told) {
				refused.Advice = told.Hints()
			}
			return nil, refused
		}
		faults = append(faults, f)
	}
	if asked.Clear {
		i.ClearFaults()
	}
	for _, f := range faults {
		if err := i.Inject(f); err != nil {
			return nil, err
		}
	}
	return i.state()
}

// clockRequest is the body of POST clock.
type clockRequest struct {
	// Offset is how far the clock is to be ahead of the machine's, such as "10m"
	// or "-1h".
	Offset string `json:"offset"`
}

func (i *Issuer) controlClock(body []byte) (any, error) {
	var asked clockRequest
	if err := decodeControl(body, &asked); err != nil {
		return nil, err
	}
	offset, err := time.ParseDuration(asked.Offset)
	if err != nil || offset.Abs() > fault.MaxClockOffset {
		refused := refuseControl(http.StatusBadRequest, "bad_request", "%s is no offset of a clock", refusal.Quote(asked.Offset))
		refused.Advice = []string{"write it as 10m, -1h30m or 0s; the most is " + fault.MaxClockOffset.String()}
		return nil, refused
	}
	i.clock.set(offset)
	return i.state()
}

// Minted is the answer to a request for a token.
type Minted struct {
	// Token is the compact form. It is not an entra.Secret, because JSON has to
	// carry it; the client makes one of it.
	Token string `json:"token"`
}

func (i *Issuer) controlMint(body []byte) (any, error) {
	var asked mint.Request
	if err := decodeControl(body, &asked); err != nil {
		return nil, err
	}
	token, err := i.maker.Mint(asked)
	if mistake := (*mint.Error)(nil); errors.As(err, &mistake) {
		refused := refuseControl(http.StatusBadRequest, "bad_request", "%s", mistake.Reason)
		if mistake.Advice != "" {
			refused.Advice = []string{mistake.Advice}
		}
		return nil, refused
	}
	return Minted{token}, err
}
