package fault

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Fault is one way in which a tenant fails on request, as Entra or a gateway
// before it sometimes does. Parse reads one, and String writes it again.
type Fault struct {
	// Place is the endpoint, or empty for the clock.
	Place Place
	// Kind is what happens there.
	Kind Kind
	// Duration is how long (Latency, Slow, Lifetime), or how far
	// ahead (Clock).
	Duration time.Duration
	// URL is where Redirect leads; empty means a host that does not exist.
	URL string
	// RetryAfter is the header of a status, in seconds, or NoRetryAfter.
	RetryAfter int
	// Times is how many requests it is for; 0 means every one until it is cleared.
	Times int
}

// MaxClockOffset bounds how wrong a tenant's clock can be made.
const MaxClockOffset = 10 * 365 * 24 * time.Hour

// Place is where a fault shows.
type Place string

// The places: the token endpoints, the discovery documents, the key sets and
// instance discovery, of every tenant and version; and the endpoints of managed
// identities.
const (
	AtToken     Place = "token"
	AtDiscovery Place = "discovery"
	AtKeys      Place = "keys"
	AtInstance  Place = "instance"
	AtIdentity  Place = "identity"
)

// Kind is what goes wrong.
type Kind string

// The faults of every place. Those that are three digits are the HTTP status of
// the answer.
const (
	Throttled   Kind = "429"       // in plain text, with Retry-After
	ServerError Kind = "500"       // in Entra's JSON
	BadGateway  Kind = "502"       // in a gateway's HTML
	Unavailable Kind = "503"       // in Entra's JSON
	Gateway     Kind = "504"       // in a gateway's HTML
	Latency     Kind = "latency"   // the right answer, late
	Slow        Kind = "slow"      // the right answer, drop by drop
	Reset       Kind = "reset"     // the connection is reset (TCP RST) before any answer
	HTML        Kind = "html"      // a page for people instead of JSON, with status 200
	Oversized   Kind = "oversized" // a body of 64 MiB
	Redirect    Kind = "redirect"  // 307, which asks for the same request elsewhere, secret and all
)

// The faults of one place, or of none.
const (
	Lifetime Kind = "lifetime"  // of the token endpoints: tokens live this long
	Roll     Kind = "roll"      // of the keys, at once: a new key signs, the old ones stay
	Withdraw Kind = "withdraw"  // of the keys, at once: a new key signs, the old ones are gone
	Flap     Kind = "flap"      // of the keys: roll, and every other set lacks the new key
	Empty    Kind = "empty"     // of the keys: sets without a key
	NotFound Kind = "not-found" // of the identity endpoints: the identity is not assigned
	Several  Kind = "several"   // of the identity endpoints: several are, and the request names none
	Gone     Kind = "410"       // of the identity endpoints: they are being updated
	Vague    Kind = "vague"     // of the identity endpoints: 500 without a reason
	Clock    Kind = "clock"     // of no place: the tenant's clock is wrong
)

// NoRetryAfter is the RetryAfter of a status without that header.
const NoRetryAfter = -1

// String returns the fault as Parse reads it.
func (f Fault) String() string {
	if f.Kind == Clock {
		sign := ""
		if f.Duration >= 0 {
			sign = "+"
		}
		return "clock=" + sign + Short(f.Duration)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%s", f.Place, f.Kind)
	switch {
	case f.URL != "":
		b.WriteString("=" + f.URL)
	case f.Duration != 0:
		b.WriteString("=" + Short(f.Duration))
	}
	if f.RetryAfter >= 0 && f.Kind.isStatus() {
		b.WriteString(",retry-after=" + strconv.Itoa(f.RetryAfter))
	}
	if f.Times > 0 {
		b.WriteString(",times=" + strconv.Itoa(f.Times))
	}
	return b.String()
}

// Short returns a duration as Parse reads it, without zero parts: 10m for 10m0s.
func Short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func (k Kind) isStatus() bool { return k.Status() != 0 }

// Status is the HTTP status that the kind is; 0 if it is not a status.
func (k Kind) Status() int {
	if len(k) != 3 {
		return 0
	}
	status, _ := strconv.Atoi(string(k))
	return status
}
