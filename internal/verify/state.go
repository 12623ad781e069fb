package verify

import (
	"time"

	"m2m/internal/entra"
)

// State is what an operator should see of one version's keys.
type State struct {
	Version    entra.Version
	Keys       int           // usable now, vanished ones in grace included
	Age        time.Duration // since the last success; negative if there was none
	Fetches    uint64        // attempts, good and bad
	Failures   uint64
	Suppressed uint64 // fetches that an unknown key ID asked for and spacing refused
	Skipped    int    // keys of the last good answer that were not usable
	Err        error  // of the last attempt; nil if it succeeded
}

// State returns one entry for each version that was asked for.
func (m *Metadata) State() []State {
	var states []State
	for _, f := range []*feed{&m.v2, &m.v1} {
		if s := f.state(); s.Fetches > 0 {
			states = append(states, s)
		}
	}
	return states
}

func (f *feed) state() State {
	f.mu.Lock()
	defer f.mu.Unlock()
	state := State{
		Version: f.version, Age: -1, Fetches: f.fetches, Failures: f.failures, Suppressed: f.suppressed, Err: f.lastErr,
	}
	s := f.current.Load()
	if s == nil {
		return state
	}
	state.Age, state.Skipped = f.now().Sub(s.fetched), s.skipped
	for id := range s.keys {
		if f.find(s, id) != nil && state.Age <= f.stale {
			state.Keys++
		}
	}
	return state
}
