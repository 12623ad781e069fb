package fault

import (
	"net/http"
	"slices"
	"sync"
	"time"
)

// Answer is a request that met a fault.
type Answer struct {
	// Time is when, by the machine's clock.
	Time time.Time
	// Fault is the fault as it was given.
	Fault string
	// Method and Path are those of the request, cut to 128 bytes and otherwise as
	// they came: quote them where they are printed.
	Method, Path string
}

// State is a fault in force.
type State struct {
	// Fault is the fault as it was given.
	Fault string `json:"fault"`
	// Answered is how many requests met it.
	Answered int `json:"answered"`
}

// List holds the faults that answer requests, and the lifetime of tokens. Make
// one with NewList. It may be used by many goroutines at once.
type List struct {
	onAnswer func(Answer)
	refuse   func(w http.ResponseWriter, r *http.Request, f Fault)

	mu       sync.Mutex
	active   []*activeFault
	lifetime time.Duration // 0: as configured

	stopOnce sync.Once
	stopped  chan struct{} // closed when the server ends, so that no request waits any longer
}

type activeFault struct {
	Fault
	answered int
}

// NewList makes an empty list. onAnswer is called with every request that meets
// a fault, before it is answered, from many goroutines at once; it may be nil.
// refuse answers in the words of the place: ServerError and Unavailable everywhere,
// and every status and refusal of AtIdentity.
func NewList(onAnswer func(Answer), refuse func(w http.ResponseWriter, r *http.Request, f Fault)) *List {
	return &List{onAnswer: onAnswer, refuse: refuse, stopped: make(chan struct{})}
}

// Stop ends every wait.
func (l *List) Stop() { l.stopOnce.Do(func() { close(l.stopped) }) }

// spent reports whether a fault has answered as many requests as it is for.
func (f *activeFault) spent() bool { return f.Times > 0 && f.answered >= f.Times }

// take returns what happens to a request: every latency of the place, and then
// the first of its other faults.
func (l *List) take(place Place) (taken []Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var last *activeFault
	for _, f := range l.active {
		switch {
		case f.Place != place || f.spent():
		case f.Kind == Latency:
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

// Add puts a fault behind those before it. There is one Lifetime: the last.
func (l *List) Add(f Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f.Kind == Lifetime {
		l.lifetime = f.Duration
		return
	}
	l.active = slices.DeleteFunc(l.active, func(old *activeFault) bool { return old.spent() })
	l.active = append(l.active, &activeFault{Fault: f})
}

// Lifetime returns how long tokens live; 0 is as configured.
func (l *List) Lifetime() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lifetime
}

// Clear ends every fault.
func (l *List) Clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.active, l.lifetime = nil, 0
}

// State lists the faults that still have requests to meet.
func (l *List) State() (states []State) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lifetime != 0 {
		states = append(states, State{Fault: Fault{Place: AtToken, Kind: Lifetime, Duration: l.lifetime, RetryAfter: NoRetryAfter}.String()})
	}
	for _, f := range l.active {
		if !f.spent() {
			states = append(states, State{f.Fault.String(), f.answered})
		}
	}
	return states
}
