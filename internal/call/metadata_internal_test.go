package call

import (
	"net/url"
	"testing"
)

func TestIsPartOf(t *testing.T) {
	for _, tt := range []struct {
		resource, target string
		want             bool
	}{
		{"https://api.test", "https://api.test", true},
		{"https://api.test", "https://api.test/", true},
		{"https://api.test", "https://api.test/mcp?x", true},
		{"https://api.test/mcp", "https://api.test/mcp", true},
		{"https://api.test:443/mcp", "https://api.test/mcp", true},
		{"https://api.test/mcp", "https://API.test:443/mcp/x", true},
		{"https://[::1]:8443/mcp", "https://[::1]:8443/mcp", true},
		{"https://api.test/", "https://api.test/", false},
		{"https://api.test/mcp", "https://api.test/", false},
		{"https://api.test/mcp", "https://api.test/mcpx", false},
		{"https://api.test/mcp", "http://api.test/mcp", false},
		{"https://api.test/mcp", "https://api.test:8443/mcp", false},
		{"https://api.test/mcp", "https://api.test/mcp/../admin", false},
		{"https://api.test/mcp", "https://api.test/mcp/%2e%2e/admin", false},
		{"https://api.test/mcp?x", "https://api.test/mcp", false},
		{"https://api.test/mcp#x", "https://api.test/mcp", false},
		{"https://u@api.test/mcp", "https://api.test/mcp", false},
		{"https:api.test/mcp", "https://api.test/mcp", false},
		{"//api.test/mcp", "https://api.test/mcp", false},
		{"https://ap\u0131.test/mcp", "https://api.test/mcp", false},
		{"api://orders", "https://api.test/mcp", false},
		{"", "https://api.test/mcp", false},
	} {
		target, err := url.Parse(tt.target)
		if err != nil {
			t.Fatal(err)
		}
		if got := isPartOf(tt.resource, target); got != tt.want {
			t.Errorf("%q of %s: %t, want %t", tt.resource, tt.target, got, tt.want)
		}
	}
}
