package issuer

import (
	"errors"
	"time"

	"m2m/internal/tenant/control"
	"m2m/internal/tenant/fault"
	"m2m/internal/tenant/keyring"
	"m2m/internal/tenant/mint"
	"m2m/internal/text"
)

// ControlURL returns the address of the control endpoint, as control.Access has
// it. Empty if there is none. It is that of the listener, whatever Origin says.
func (i *Issuer) ControlURL() string {
	if i.controlKey.IsZero() {
		return ""
	}
	return "https://" + i.listener.Addr().String() + control.Path
}

func (i *Issuer) controlHandler() *control.Handler {
	return &control.Handler{Key: i.controlKey, Addr: i.listener.Addr().String(), Actions: map[string]control.Action{
		"state":  control.Get(i.state),
		"keys":   control.Post(i.changeKeys),
		"clock":  control.Post(i.changeClock),
		"faults": control.Post(i.changeFaults),
		"mint":   control.Post(i.mint),
	}}
}

func (i *Issuer) state() (any, error) {
	if _, err := i.maker.Keys.Published(); err != nil {
		return nil, err
	}
	s := &control.State{Origin: i.origin, Clock: fault.Short(i.clock.offset()), Faults: i.Faults()}
	for _, t := range i.maker.Directory.Tenants {
		s.Tenants = append(s.Tenants, t.ID)
	}
	s.Keys = i.maker.Keys.State()
	s.KeySet, _, _ = i.maker.Keys.Mode()
	return s, nil
}

func (i *Issuer) changeKeys(asked control.KeysRequest) (any, error) {
	switch kind := fault.Kind(asked.Action); kind {
	case fault.Roll, fault.Withdraw, fault.Flap, fault.Empty:
		if err := i.Inject(fault.Fault{Place: fault.AtKeys, Kind: kind}); err != nil {
			return nil, err
		}
	case "restore":
		i.maker.Keys.SetMode(keyring.Whole, 0)
	default:
		return nil, control.Refuse("keys have no action "+text.Quote(asked.Action), "the actions are roll, withdraw, flap, empty and restore")
	}
	return i.state()
}

// changeFaults changes the faults, all of them or, if one is misspelt, none.
func (i *Issuer) changeFaults(asked control.FaultsRequest) (any, error) {
	var faults []fault.Fault
	for _, spec := range asked.Add {
		f, err := fault.Parse(spec)
		if mistake := (*fault.Error)(nil); errors.As(err, &mistake) {
			return nil, control.Refuse(mistake.Error(), mistake.Advice)
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

func (i *Issuer) changeClock(asked control.ClockRequest) (any, error) {
	offset, err := time.ParseDuration(asked.Offset)
	if err != nil || offset.Abs() > fault.MaxClockOffset {
		return nil, control.Refuse(text.Quote(asked.Offset)+" is no offset of a clock", "write it as 10m, -1h30m or 0s; the most is "+fault.MaxClockOffset.String())
	}
	i.clock.set(offset)
	return i.state()
}

func (i *Issuer) mint(asked mint.Request) (any, error) {
	token, err := i.maker.Mint(asked)
	if mistake := (*mint.Error)(nil); errors.As(err, &mistake) {
		return nil, control.Refuse(mistake.Reason, mistake.Hints()...)
	}
	return control.Minted{Token: token}, err
}
