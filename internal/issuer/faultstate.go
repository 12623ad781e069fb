package issuer

import (
	"slices"
	"sync"
	"time"

	"m2m/internal/tenant/keyring"
)

// FaultState is a fault that a tenant has now.
type FaultState struct {
	// Fault is the fault as it was given.
	Fault string `json:"fault"`
	// Answered is how many requests met it.
	Answered int `json:"answered"`
}

// faultList holds the faults that answer requests. Those of keys and clock
// belong to these.
type faultList struct {
	mu       sync.Mutex
	active   []*activeFault
	lifetime time.Duration // 0: as configured

	stopOnce sync.Once
	stopped  chan struct{} // closed when the server ends: nobody is kept waiting then
}

type activeFault struct {
	Fault
	answered int
}

// stop ends every wait.
func (l *faultList) stop() { l.stopOnce.Do(func() { close(l.stopped) }) }

// spent reports whether a fault has met as many requests as it is for.
func (f *activeFault) spent() bool { return f.Times > 0 && f.answered >= f.Times }

// take returns what happens to a request: every latency of the place, and then
// the first of its other faults.
func (l *faultList) take(place FaultPlace) (taken []Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var last *activeFault
	for _, f := range l.active {
		switch {
		case f.Place != place || f.spent():
		case f.Kind == FaultLatency:
			f.answered++
			taken = append(taken, f.Fault)
		case last == nil:
			last = f
		}
	}
	if last != nil {
		last.answered++
		taken = append(taken, last.Fault)
	}
	return taken
}

func (l *faultList) add(f Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.active = slices.DeleteFunc(l.active, func(old *activeFault) bool { return old.spent() })
	l.active = append(l.active, &activeFault{Fault: f})
}

func (l *faultList) setLifetime(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lifetime = d
}

func (l *faultList) tokenLifetime() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lifetime
}

func (l *faultList) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.active, l.lifetime = nil, 0
}

// state lists the faults that still have requests to meet.
func (l *faultList) state() (states []FaultState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lifetime != 0 {
		states = append(states, FaultState{Fault: Fault{Place: PlaceToken, Kind: FaultLifetime, Duration: l.lifetime, RetryAfter: noRetryAfter}.String()})
	}
	for _, f := range l.active {
		if !f.spent() {
			states = append(states, FaultState{f.Fault.String(), f.answered})
		}
	}
	return states
}

// Inject makes the tenant misbehave from now on. A fault joins those before it,
// but there is one clock, one lifetime and one state of the key set. An error
// is that of making a key.
func (i *Issuer) Inject(f Fault) error {
	switch f.Kind {
	case FaultClock:
		i.clock.set(f.Duration)
	case FaultLifetime:
		i.faults.setLifetime(f.Duration)
	case FaultRoll, FaultWithdraw, FaultFlap:
		if err := i.keys.Roll(i.now()); err != nil {
			return err
		}
		switch f.Kind {
		case FaultWithdraw:
			i.keys.Withdraw()
		case FaultFlap:
			i.keys.SetMode(keyring.Flapping, f.Times)
		}
	case FaultEmpty:
		i.keys.SetMode(keyring.Empty, f.Times)
	default:
		i.faults.add(f)
	}
	return nil
}

// ClearFaults ends every fault. A key that was rolled or withdrawn stays so.
func (i *Issuer) ClearFaults() {
	i.clock.set(0)
	i.keys.SetMode(keyring.Whole, 0)
	i.faults.clear()
}

// Faults lists what Inject has done and is still in force.
func (i *Issuer) Faults() []FaultState {
	states := []FaultState{}
	if ahead := i.clock.offset(); ahead != 0 {
		states = append(states, FaultState{Fault: Fault{Kind: FaultClock, Duration: ahead, RetryAfter: noRetryAfter}.String()})
	}
	if mode, times, answered := i.keys.Mode(); mode != keyring.Whole {
		kind := map[keyring.Mode]FaultKind{keyring.Flapping: FaultFlap, keyring.Empty: FaultEmpty}[mode]
		states = append(states, FaultState{Fault{Place: PlaceKeys, Kind: kind, Times: times, RetryAfter: noRetryAfter}.String(), answered})
	}
	return append(states, i.faults.state()...)
}
