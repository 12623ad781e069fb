package local

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"m2m/internal/tenant"
	"m2m/internal/tenant/fault"
	"m2m/internal/tenant/intercept"
	"m2m/internal/text"
)

// Lines are Observers that say each event as one line with its time. No line holds
// a secret or a token.
func Lines(say func(format string, args ...any)) Observers {
	return Observers{
		OnTokenRequest: func(r tenant.TokenRequest) { say("%s", TokenRequestLine(r)) },
		OnTunnel:       func(r intercept.Request) { say("%s", tunnelLine(r)) },
		OnFault:        func(f fault.Answer) { say("%s", faultLine(f)) },
	}
}

// TokenRequestLine is the outcome of one token request.
func TokenRequestLine(r tenant.TokenRequest) string {
	outcome := "issued"
	switch {
	case r.Code != 0:
		outcome = fmt.Sprintf("rejected with AADSTS%d: %s", r.Code, text.OneLine(r.Reason, 200))
	case !r.Issued():
		outcome = fmt.Sprintf("rejected with HTTP %d: %s", r.Status, text.OneLine(r.Reason, 200))
	}
	who := text.Quote(r.ClientID)
	if r.Agent != "" {
		who += " for agent identity " + text.Quote(r.Agent)
	}
	return fmt.Sprintf("%s token request: client %s, %s, resource %s: %s",
		r.Time.UTC().Format(time.TimeOnly), who, r.Credential, text.Quote(r.Resource), outcome)
}

// tunnelLine is the outcome of one proxy request for a host that is not the
// tenant's.
func tunnelLine(r intercept.Request) string {
	outcome := "tunnelled"
	if r.Status != http.StatusOK {
		outcome = fmt.Sprintf("rejected with HTTP %d: %s", r.Status, text.OneLine(r.Reason, 200))
	}
	return fmt.Sprintf("%s proxy request: %s: %s", r.Time.UTC().Format(time.TimeOnly), text.Quote(r.Target), outcome)
}

// faultLine says that a request met a fault.
func faultLine(f fault.Answer) string {
	path := f.Path
	if strings.ContainsFunc(path, func(r rune) bool { return r <= ' ' || r > '~' }) {
		path = text.Quote(path)
	}
	return fmt.Sprintf("%s fault %s: %s %s", f.Time.UTC().Format(time.TimeOnly), f.Fault, f.Method, path)
}
