package issuer

import (
	"net/http"

	"m2m/internal/tenant/fault"
	"m2m/internal/tenant/keyring"
	"m2m/internal/tenant/refusal"
)

// Inject makes the tenant fail from now on. A fault joins those before it, but
// there is one clock, one lifetime and one state of the key set. An error is
// that of making a key.
func (i *Issuer) Inject(f fault.Fault) error {
	switch f.Kind {
	case fault.Clock:
		i.clock.set(f.Duration)
	case fault.Roll, fault.Withdraw, fault.Flap:
		if err := i.maker.Keys.Roll(i.now()); err != nil {
			return err
		}
		switch f.Kind {
		case fault.Withdraw:
			i.maker.Keys.Withdraw()
		case fault.Flap:
			i.maker.Keys.SetMode(keyring.Flapping, f.Times)
		}
	case fault.Empty:
		i.maker.Keys.SetMode(keyring.Empty, f.Times)
	default:
		i.faults.Add(f)
	}
	return nil
}

// ClearFaults ends every fault. A key that was rolled or withdrawn stays so.
func (i *Issuer) ClearFaults() {
	i.clock.set(0)
	i.maker.Keys.SetMode(keyring.Whole, 0)
	i.faults.Clear()
}

// Faults lists what Inject has done and is still in force.
func (i *Issuer) Faults() []fault.State {
	states := []fault.State{}
	if ahead := i.clock.offset(); ahead != 0 {
		states = append(states, fault.State{Fault: fault.Fault{Kind: fault.Clock, Duration: ahead, RetryAfter: fault.NoRetryAfter}.String()})
	}
	if mode, times, answered := i.maker.Keys.Mode(); mode != keyring.Whole {
		kind := fault.Empty
		if mode == keyring.Flapping {
			kind = fault.Flap
		}
		f := fault.Fault{Place: fault.AtKeys, Kind: kind, Times: times, RetryAfter: fault.NoRetryAfter}
		states = append(states, fault.State{Fault: f.String(), Answered: answered})
	}
	return append(states, i.faults.State()...)
}

// refuse answers as Entra does when it fails.
func (i *Issuer) refuse(w http.ResponseWriter, r *http.Request, status int) {
	x := newExchange(r, i.now())
	x.commonHeaders(w.Header())
	row := refusal.ServiceUnavailable
	if status == http.StatusInternalServerError {
		row = refusal.ServiceFailed
	}
	x.writeRefusal(w, row.With())
}
