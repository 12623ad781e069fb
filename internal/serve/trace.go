package serve

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"strings"
)

const (
	// maxTraceState is how much tracestate is passed on, in bytes; W3C Trace
	// Context section 3.3.1.5 asks for 512 at least.
	maxTraceState = 512
	// maxStateMembers is how many members tracestate may have (section 3.3.1.1).
	maxStateMembers = 32
)

// TraceContext says which trace a request is part of (W3C Trace Context). Its
// zero value means none.
type TraceContext struct {
	// TraceID is 32 lower-case hexadecimal digits, not all zero.
	TraceID string
	// ParentID is the 16 digits of the caller's span; empty if the trace begins
	// here.
	ParentID string
	// SpanID is the 16 digits of what is done here, and the parent of what is
	// called on its behalf.
	SpanID string
	// Flags are two digits; the last bit says that the caller records the trace.
	Flags string
	// State is the caller's tracestate, and empty unless it is valid.
	State string
}

// Header is the value of traceparent for a request on behalf of this one.
func (c TraceContext) Header() string {
	return "00-" + c.TraceID + "-" + c.SpanID + "-" + c.Flags
}

// passOn makes a request to another server part of the trace.
func (c TraceContext) passOn(h http.Header) {
	h["Traceparent"] = []string{c.Header()}
	delete(h, "Tracestate")
	if c.State != "" {
		h["Tracestate"] = []string{c.State}
	}
}

// traceOf continues the trace of a request, or begins one if its traceparent is
// missing or not valid; a tracestate is then ignored (section 3.2.1 and 3.3.1).
func traceOf(r *http.Request) TraceContext {
	var random [24]byte
	_, _ = rand.Read(random[:]) // never fails: crypto/rand ends the program instead
	fresh := TraceContext{TraceID: hex.EncodeToString(random[:16]), SpanID: hex.EncodeToString(random[16:]), Flags: "00"}
	parents := r.Header["Traceparent"]
	if len(parents) != 1 {
		return fresh
	}
	c, ok := parseTraceParent(parents[0])
	if !ok {
		return fresh
	}
	c.SpanID, c.State = fresh.SpanID, parseTraceState(r.Header["Tracestate"])
	return c
}

// parseTraceParent reads version-traceid-parentid-flags (section 3.2.2). Of a
// version that is not known it takes what version 00 has too (section 4.3).
func parseTraceParent(s string) (TraceContext, bool) {
	const length = 55
	if len(s) < length || s[2] != '-' || s[35] != '-' || s[52] != '-' {
		return TraceContext{}, false
	}
	version, trace, parent, flags := s[:2], s[3:35], s[36:52], s[53:length]
	switch {
	case !isLowerHex(version), version == "ff",
		version == "00" && len(s) != length,
		len(s) > length && s[length] != '-', len(s) > maxTraceState,
		!isLowerHex(trace), isZero(trace), !isLowerHex(parent), isZero(parent), !isLowerHex(flags):
		return TraceContext{}, false
	}
	if version != "00" {
		flags = knownFlags(flags)
	}
	return TraceContext{TraceID: trace, ParentID: parent, Flags: flags}, true
}

// knownFlags keeps the one flag that is defined, sampled.
func knownFlags(flags string) string {
	if strings.IndexByte("13579bdf", flags[1]) >= 0 {
		return "01"
	}
	return "00"
}

// parseTraceState joins the lists of all headers, or returns nothing if any of
// it is not valid (section 3.3.1).
func parseTraceState(values []string) string {
	joined := strings.Join(values, ",")
	if len(joined) > maxTraceState {
		return ""
	}
	var members []string
	seen := map[string]bool{}
	for member := range strings.SplitSeq(joined, ",") {
		member = strings.Trim(member, " \t")
		if member == "" {
			continue // empty members are allowed
		}
		key, value, found := strings.Cut(member, "=")
		if !found || !isStateKey(key) || !isStateValue(value) || seen[key] || len(members) == maxStateMembers {
			return ""
		}
		seen[key] = true
		members = append(members, member)
	}
	return strings.Join(members, ",")
}

// isStateKey holds a key to section 3.3.1.3.1: a name of at most 256 letters, or
// tenant@system.
func isStateKey(key string) bool {
	tenant, system, multi := strings.Cut(key, "@")
	if !multi {
		return isKeyPart(key, 256, false)
	}
	return isKeyPart(tenant, 241, true) && isKeyPart(system, 14, false)
}

func isKeyPart(s string, most int, digitFirst bool) bool {
	if s == "" || len(s) > most || !('a' <= s[0] && s[0] <= 'z' || digitFirst && '0' <= s[0] && s[0] <= '9') {
		return false
	}
	return strings.IndexFunc(s, func(c rune) bool {
		return !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.ContainsRune("_-*/", c))
	}) < 0
}

// isStateValue holds a value to section 3.3.1.3.2: up to 256 printable letters
// without the comma and the equals sign, the last of them no space.
func isStateValue(s string) bool {
	return s != "" && len(s) <= 256 && s[len(s)-1] != ' ' && strings.IndexFunc(s, func(c rune) bool {
		return c < ' ' || c > '~' || c == ',' || c == '='
	}) < 0
}

func isLowerHex(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool { return !('0' <= c && c <= '9' || 'a' <= c && c <= 'f') }) < 0
}

func isZero(s string) bool { return strings.Trim(s, "0") == "" }

// maxRequestID is the length of the longest request id that is accepted, in bytes.
// It is too short for a signed token, whose alphabet is the same.
const maxRequestID = 64

// requestID returns the request's X-Request-Id if it is safe for a log, else a new
// id.
func requestID(r *http.Request) string {
	if ids := r.Header["X-Request-Id"]; len(ids) == 1 && isRequestID(ids[0]) {
		return ids[0]
	}
	return rand.Text()
}

func isRequestID(s string) bool {
	return s != "" && len(s) <= maxRequestID && strings.IndexFunc(s, func(c rune) bool {
		return !isAlphanumeric(c) && !strings.ContainsRune("-_.:/+=", c)
	}) < 0
}
