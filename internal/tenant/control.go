package tenant

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"m2m/internal/tenant/control"
	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/fault"
	"m2m/internal/tenant/identity"
	"m2m/internal/tenant/keyring"
	"m2m/internal/tenant/mint"
	"m2m/internal/tenant/refusal"
	"m2m/internal/text"
)

// ControlURL returns the address of the control endpoint, as control.Access has
// it; empty if there is none. It is that of the listener, whatever Origin is.
func (s *Server) ControlURL() string {
	if s.config.ControlKey.IsZero() {
		return ""
	}
	return "https://" + s.listener.Addr().String() + control.Path
}

func (s *Server) controlHandler() *control.Handler {
	return &control.Handler{Key: s.config.ControlKey, Addr: s.listener.Addr().String(), Actions: map[string]control.Action{
		"state":  control.Get(s.state),
		"keys":   control.Post(s.changeKeys),
		"clock":  control.Post(s.changeClock),
		"faults": control.Post(s.changeFaults),
		"mint":   control.Post(s.mint),
	}}
}

func (s *Server) state() (any, error) {
	if _, err := s.maker.Keys.Published(); err != nil {
		return nil, err
	}
	state := &control.State{
		Origin: s.maker.Origin, Clock: fault.Short(s.clock.offset()), Keys: s.maker.Keys.State(), Faults: s.faultsInForce(),
		Apps: []control.App{}, Requests: s.requests.list(),
	}
	state.KeySet, _, _ = s.maker.Keys.Mode()
	for _, t := range s.maker.Directory.Tenants {
		state.Tenants = append(state.Tenants, t.ID)
		state.Apps = append(state.Apps, appsOf(&t)...)
	}
	return state, nil
}

// appsOf lists what is registered in a tenant.
func appsOf(t *directory.Tenant) (apps []control.App) {
	for _, a := range t.APIs {
		apps = append(apps, control.App{Tenant: t.ID, Kind: control.KindAPI, ID: a.ID, Name: a.Name, URIs: a.URIs, Roles: a.Roles})
	}
	kinds := map[directory.Kind]control.AppKind{
		directory.App: control.KindClient, directory.SystemIdentity: control.KindSystemIdentity, directory.UserIdentity: control.KindUserIdentity,
		directory.AgentIdentity: control.KindAgent,
	}
	for _, c := range slices.Concat(t.Clients, t.Identities, t.Agents) {
		app := control.App{
			Tenant: t.ID, Kind: kinds[c.Kind], ID: c.ID, Name: c.Name, Blueprint: c.Blueprint, ResourceID: c.ResourceID,
		}
		if c.IsBlueprint {
			app.Kind = control.KindBlueprint
		}
		for _, grant := range c.Grants {
			for _, role := range grant.Roles {
				app.Roles = append(app.Roles, grant.API+"/"+role)
			}
		}
		apps = append(apps, app)
	}
	return apps
}

func (s *Server) changeKeys(asked control.KeysRequest) (any, error) {
	switch kind := fault.Kind(asked.Action); kind {
	case fault.Roll, fault.Withdraw, fault.Flap, fault.Empty:
		if err := s.Inject(fault.Fault{Place: fault.AtKeys, Kind: kind}); err != nil {
			return nil, err
		}
	case "restore":
		s.maker.Keys.SetMode(keyring.Whole, 0)
	default:
		return nil, control.Refuse("keys have no action "+text.Quote(asked.Action), "the actions are roll, withdraw, flap, empty and restore")
	}
	return s.state()
}

// changeFaults changes the faults, all of them or, if one is misspelt, none.
func (s *Server) changeFaults(asked control.FaultsRequest) (any, error) {
	var faults []fault.Fault
	for _, spec := range asked.Add {
		f, err := fault.Parse(spec)
		if mistake := (*fault.Error)(nil); errors.As(err, &mistake) {
			return nil, control.Refuse(mistake.Error(), mistake.Advice)
		}
		faults = append(faults, f)
	}
	if asked.Clear {
		s.clearFaults()
	}
	for _, f := range faults {
		if err := s.Inject(f); err != nil {
			return nil, err
		}
	}
	return s.state()
}

func (s *Server) changeClock(asked control.ClockRequest) (any, error) {
	offset, err := time.ParseDuration(asked.Offset)
	if err != nil || offset.Abs() > fault.MaxClockOffset {
		return nil, control.Refuse(text.Quote(asked.Offset)+" is not an offset of a clock",
			"write it as 10m, -1h30m or 0s; the most is "+fault.MaxClockOffset.String())
	}
	s.clock.set(offset)
	return s.state()
}

func (s *Server) mint(asked mint.Request) (any, error) {
	token, err := s.maker.Mint(asked)
	if mistake := (*mint.Error)(nil); errors.As(err, &mistake) {
		return nil, control.Refuse(mistake.Reason, mistake.Hints()...)
	}
	return control.Minted{Token: token}, err
}

// Inject makes the tenant fail from now on. A fault joins those before it, but
// there is one clock, one lifetime and one state of the key set. An error is
// that of making a key.
func (s *Server) Inject(f fault.Fault) error {
	switch f.Kind {
	case fault.Clock:
		s.clock.set(f.Duration)
	case fault.Roll, fault.Withdraw, fault.Flap:
		if err := s.maker.Keys.Roll(s.now()); err != nil {
			return err
		}
		if f.Kind == fault.Withdraw {
			s.maker.Keys.Withdraw()
		}
		if f.Kind == fault.Flap {
			s.maker.Keys.SetMode(keyring.Flapping, f.Times)
		}
	case fault.Empty:
		s.maker.Keys.SetMode(keyring.Empty, f.Times)
	default:
		s.faults.Add(f)
	}
	return nil
}

// clearFaults ends every fault. A key that was rolled or withdrawn stays so.
func (s *Server) clearFaults() {
	s.clock.set(0)
	s.maker.Keys.SetMode(keyring.Whole, 0)
	s.faults.Clear()
}

// faultsInForce lists what Inject has done and is still in force.
func (s *Server) faultsInForce() []fault.State {
	states := []fault.State{}
	if ahead := s.clock.offset(); ahead != 0 {
		states = append(states, fault.State{Fault: fault.Fault{Kind: fault.Clock, Duration: ahead, RetryAfter: fault.NoRetryAfter}.String()})
	}
	if mode, times, answered := s.maker.Keys.Mode(); mode != keyring.Whole {
		kind := fault.Empty
		if mode == keyring.Flapping {
			kind = fault.Flap
		}
		f := fault.Fault{Place: fault.AtKeys, Kind: kind, Times: times, RetryAfter: fault.NoRetryAfter}
		states = append(states, fault.State{Fault: f.String(), Answered: answered})
	}
	return append(states, s.faults.State()...)
}

// refuse answers a request that meets a fault: as Entra does when it fails, or as the
// endpoints of managed identities do.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, f fault.Fault) {
	if f.Place == fault.AtIdentity {
		identity.Fail(w, r, identity.Failure(f.Kind), f.Kind.Status())
		return
	}
	x := newExchange(r, s.now())
	x.commonHeaders(w.Header())
	row := refusal.ServiceUnavailable
	if f.Kind == fault.ServerError {
		row = refusal.ServiceFailed
	}
	x.writeRefusal(w, row.With())
}
