package explain_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"m2m/internal/explain"
	"m2m/internal/transport"
)

// TestConnectionHints has the advice about each fault of a connection, also where
// another error wraps it.
func TestConnectionHints(t *testing.T) {
	for fault, want := range map[transport.Fault]string{
		transport.FaultDNS:         "spelling",
		transport.FaultRefused:     "running",
		transport.FaultTimeout:     "firewall",
		transport.FaultProxy:       "NO_PROXY",
		transport.FaultUnknownCA:   "--ca-file",
		transport.FaultHostname:    "host name",
		transport.FaultCertificate: "clock",
		transport.FaultProtocol:    "port",
		transport.FaultTLS:         "older than 1.2",
		transport.FaultClosed:      "log",
		transport.FaultOther:       "network",
	} {
		err := fmt.Errorf("asking: %w", &transport.Error{Fault: fault, Err: errors.New("cause")})
		if hints := strings.Join(explain.CommandLine.Hints(err), "\n"); !strings.Contains(hints, want) {
			t.Errorf("hints about %s: %q, want %q in them", fault, hints, want)
		}
	}
	if hints := explain.CommandLine.Hints(
		&transport.Error{Fault: transport.FaultCancelled, Err: errors.New("cause")}); len(hints) != 0 {
		t.Errorf("hints about a cancelled request: %q", hints)
	}
	if hints := explain.CommandLine.Hints(&transport.CAFileError{Path: "ca.pem", Err: errors.New("cause")}); len(
		hints) != 1 {
		t.Errorf("hints about a CA file: %q", hints)
	}
}

func TestProxyOfSingleSignOn(t *testing.T) {
	for _, test := range []struct {
		schemes []string
		want    string
	}{
		{[]string{"Negotiate", "NTLM"}, "the proxy accepts only Negotiate or NTLM, which m2m does not support"},
		{[]string{"Negotiate", "Basic"}, "with user and password"},
		{nil, "with user and password"},
	} {
		hints := strings.Join(explain.CommandLine.Hints(&transport.Error{Fault: transport.FaultProxy, ProxySchemes: test.schemes}), "\n")
		if !strings.Contains(hints, test.want) {
			t.Errorf("%q: hints %q, want one with %q", test.schemes, hints, test.want)
		}
	}
}
