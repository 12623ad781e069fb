package probe_test

import (
	"context"
	"net"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/entra"
	"m2m/internal/probe"
	"m2m/internal/probe/forge"
	"m2m/internal/probe/probetest"
)

// probeMCP probes a server of the Model Context Protocol.
func probeMCP(t *testing.T, change func(*probetest.MCP), only ...string) (*probe.Report, error) {
	t.Helper()
	issuer, err := newIssuer()
	if err != nil {
		t.Fatal(err)
	}
	own, err := ownKey()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := forge.ParseKeys(issuer.Keys())
	if err != nil {
		t.Fatal(err)
	}
	mcp := probetest.NewMCP(issuer)
	change(mcp)
	server := httptest.NewServer(mcp)
	t.Cleanup(server.Close)
	target, err := url.Parse(server.URL + "/stock")
	if err != nil {
		t.Fatal(err)
	}
	cases, _ := forge.Select(forge.Catalogue(), only)
	return probe.Run(t.Context(), probe.Config{
		Target: target, MCP: true, Token: entra.NewSecret(issuer.Token(probetest.Changes{})), Cases: cases, Keys: keys,
		Minter: minter{issuer}, OwnKey: own,
		Dial: func(ctx context.Context) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", server.Listener.Addr().String())
		},
	})
}

// TestACorrectMCPServer gives no finding, however it answers.
func TestACorrectMCPServer(t *testing.T) {
	for name, change := range map[string]func(*probetest.MCP){
		"JSON": func(*probetest.MCP) {}, "event streams": func(m *probetest.MCP) { m.Stream = true },
		"errors in the body": func(m *probetest.MCP) { m.InBody = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report, err := probeMCP(t, change)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range report.Findings() {
				t.Errorf("%s: %s", r.Case.Name, r.Got)
			}
			if twice := 2 * (report.Tried() - 20); report.Requests < twice {
				t.Errorf("%d requests for %d cases", report.Requests, report.Tried())
			}
		})
	}
}

// TestBrokenMCPServers have one hole each, which the message names.
func TestBrokenMCPServers(t *testing.T) {
	forgeries := []string{"alg-none", "foreign-key", "audience-other"}
	for name, tt := range map[string]struct {
		change func(*probetest.MCP)
		found  []string
		risk   forge.Risk // of the first
		got    string
	}{
		"the session is taken for a token": {
			func(m *probetest.MCP) { m.TrustSession = true }, []string{"mcp-session"}, forge.OldToken, "tools/list: 200 OK",
		},
		"tools/list is open": {
			func(m *probetest.MCP) { m.OpenList = true }, []string{"mcp-session"}, forge.AnybodyIn, "tools/list: 200 OK",
		},
		"tools/list takes any token": {
			func(m *probetest.MCP) { m.LooseList = true }, forgeries, forge.AnybodyIn, "tools/list: 200 OK",
		},
		"initialize takes any token": {
			func(m *probetest.MCP) { m.LooseInitialize = true }, forgeries, forge.AnybodyIn, "initialize: 200 OK",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report, err := probeMCP(t, tt.change, forgeries...)
			if err != nil {
				t.Fatal(err)
			}
			var found []string
			for _, r := range report.Findings() {
				found = append(found, r.Case.Name)
				if !strings.HasPrefix(r.Got, tt.got) {
					t.Errorf("%s: %s, want %s", r.Case.Name, r.Got, tt.got)
				}
			}
			if diff := cmp.Diff(tt.found, found); diff != "" {
				t.Fatalf("the findings are (-want +got):\n%s", diff)
			}
			if risk := report.Findings()[0].Risk; risk != tt.risk {
				t.Errorf("the risk is %s, want %s", risk, tt.risk)
			}
		})
	}
}
