package entra_test

import (
	"slices"
	"testing"

	"m2m/internal/entra"
)

func TestIsLoginHost(t *testing.T) {
	for host, want := range map[string]bool{
		"login.microsoftonline.com":              true,
		"LOGIN.microsoftonline.com":              true,
		"sts.windows.net":                        true,
		"login.chinacloudapi.cn":                 true,
		"login-us.microsoftonline.com":           true, // only instance discovery lists it
		"westeurope.login.microsoft.com":         true,
		"usgovvirginia.login.microsoftonline.us": true,
		".login.microsoft.com":                   false,
		"a.b.login.microsoft.com":                false,
		"westeurope.login.microsoftonline.com":   false,
		"login.microsoftonline.com.evil.example": false,
		"logİn.microsoftonline.com":              false,
		"graph.microsoft.com":                    false,
		"":                                       false,
	} {
		if got := entra.IsLoginHost(host); got != want {
			t.Errorf("IsLoginHost(%q) = %v", host, got)
		}
	}
}

func TestLoginHostsAreDistinct(t *testing.T) {
	hosts := entra.LoginHosts()
	if sorted := slices.Compact(slices.Sorted(slices.Values(hosts))); len(sorted) != len(hosts) {
		t.Errorf("LoginHosts() = %q", hosts)
	}
	for _, host := range hosts {
		if !entra.IsLoginHost(host) {
			t.Errorf("IsLoginHost(%q) is false", host)
		}
	}
}

func TestIsGraph(t *testing.T) {
	for resource, want := range map[string]bool{
		"00000003-0000-0000-c000-000000000000": true,
		"00000003-0000-0000-C000-000000000000": true,
		"https://graph.microsoft.com":          true,
		"https://graph.microsoft.com/":         true,
		"HTTPS://Graph.Microsoft.com":          true,
		"https://dod-graph.microsoft.us":       true,
		"https://graph.svc.sovcloud.fr":        true,
		"https://graph.microsoft.com//":        false,
		"https://graph.microsoft.com/v1.0":     false,
		"http://graph.microsoft.com":           false,
		"graph.microsoft.com":                  false,
		"https://graph.windows.net":            false,
		"https://":                             false,
		"":                                     false,
	} {
		if got := entra.IsGraph(resource); got != want {
			t.Errorf("IsGraph(%q) = %v", resource, got)
		}
	}
	if public := entra.Clouds()[0]; public.IsGraph("https://graph.microsoft.us") {
		t.Error("the US government's Graph is one of the public cloud")
	}
}

func TestIsGraphHost(t *testing.T) {
	for host, want := range map[string]bool{
		"graph.microsoft.com": true, "GRAPH.microsoft.us": true, "graph.microsoft.com:443": false, "": false,
	} {
		if got := entra.IsGraphHost(host); got != want {
			t.Errorf("IsGraphHost(%q) = %v", host, got)
		}
	}
}

func TestIsScopeToken(t *testing.T) {
	for s, want := range map[string]bool{
		"": true, "api://x/.default": true, "!#[]~": true, "a b": false, `a"b`: false, `a\b`: false, "é": false,
		"a\x7f": false,
	} {
		if got := entra.IsScopeToken(s); got != want {
			t.Errorf("IsScopeToken(%q) = %v", s, got)
		}
	}
}
