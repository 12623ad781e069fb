package issuer

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Fault is one way in which a tenant misbehaves on request, as Entra does now
// and then, or something on the way to it. ParseFault makes one of text, and
// String writes it again.
type Fault struct {
	// Place is the endpoint, or empty for the clock.
	Place FaultPlace
	// Kind is what happens there.
	Kind FaultKind
	// Duration is how long (FaultLatency, FaultSlow, FaultLifetime), or how far
	// ahead (FaultClock).
	Duration time.Duration
	// URL is where FaultRedirect leads; empty means a host that does not exist.
	URL string
	// RetryAfter is the header of a status, in seconds; negative means none.
	RetryAfter int
	// Times is how many requests it is for; 0 means every one until it is cleared.
	Times int
}

// FaultPlace is where a fault shows.
type FaultPlace string

// The places: the token endpoints, the discovery documents, the key sets and
// instance discovery, of every tenant and version.
const (
	PlaceToken     FaultPlace = "token"
	PlaceDiscovery FaultPlace = "discovery"
	PlaceKeys      FaultPlace = "keys"
	PlaceInstance  FaultPlace = "instance"
)

// FaultKind is what goes wrong.
type FaultKind string

// The faults of every place. Those that are three digits are the HTTP status of
// the answer.
const (
	FaultThrottled   FaultKind = "429"       // in plain text, with Retry-After
	FaultServerError FaultKind = "500"       // in Entra's JSON
	FaultBadGateway  FaultKind = "502"       // in a gateway's HTML
	FaultUnavailable FaultKind = "503"       // in Entra's JSON
	FaultGateway     FaultKind = "504"       // in a gateway's HTML
	FaultLatency     FaultKind = "latency"   // the right answer, late
	FaultSlow        FaultKind = "slow"      // the right answer, drop by drop
	FaultReset       FaultKind = "reset"     // the connection is reset (TCP RST) before any answer
	FaultHTML        FaultKind = "html"      // a page for people in place of JSON, with status 200
	FaultOversized   FaultKind = "oversized" // a body of 64 MiB
	FaultRedirect    FaultKind = "redirect"  // 307, which asks for the same request elsewhere, secret and all
)

// The faults of one place, or of none.
const (
	FaultLifetime FaultKind = "lifetime" // of the token endpoints: tokens live this long
	FaultRoll     FaultKind = "roll"     // of the keys, at once: a new key signs, the old ones stay
	FaultWithdraw FaultKind = "withdraw" // of the keys, at once: a new key signs, the old ones are gone
	FaultFlap     FaultKind = "flap"     // of the keys: roll, and every other set lacks the new key
	FaultEmpty    FaultKind = "empty"    // of the keys: sets without a key
	FaultClock    FaultKind = "clock"    // of no place: the tenant's clock is wrong
)

// noRetryAfter is a status without the header.
const noRetryAfter = -1

// String returns the fault as ParseFault reads it.
func (f Fault) String() string {
	if f.Kind == FaultClock {
		sign := ""
		if f.Duration >= 0 {
			sign = "+"
		}
		return "clock=" + sign + shortDuration(f.Duration)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%s", f.Place, f.Kind)
	switch {
	case f.URL != "":
		b.WriteString("=" + f.URL)
	case f.Duration != 0:
		b.WriteString("=" + shortDuration(f.Duration))
	}
	if f.RetryAfter >= 0 && f.Kind.isStatus() {
		b.WriteString(",retry-after=" + strconv.Itoa(f.RetryAfter))
	}
	if f.Times > 0 {
		b.WriteString(",times=" + strconv.Itoa(f.Times))
	}
	return b.String()
}

// shortDuration writes 10m for 10m0s.
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func (k FaultKind) isStatus() bool { return k.status() != 0 }

// status is the HTTP status that the kind is; 0 if it is none.
func (k FaultKind) status() int {
	if len(k) != 3 {
		return 0
	}
	status, _ := strconv.Atoi(string(k))
	return status
}
