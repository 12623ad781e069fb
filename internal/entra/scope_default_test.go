package entra_test

import (
	"testing"

	"m2m/internal/entra"
)

func TestDefaultScope(t *testing.T) {
	for scope, want := range map[string]string{
		"":                                       "",
		"api://orders":                           "api://orders/.default",
		"api://orders/":                          "api://orders/.default",
		"api://orders/Orders.Read":               "api://orders/.default",
		"https://api.example/user_impersonation": "https://api.example/.default",
		"https://api.example/v1/orders":          "https://api.example/v1/orders/.default",
		"cccccccc-3333-4333-8333-cccccccccccc":   "cccccccc-3333-4333-8333-cccccccccccc/.default",
		"api://a/.default api://b/.default":      "api://a/.default",
		"https://vault//.default":                "https://vault//.default",
	} {
		if got := entra.DefaultScope(scope); got != want {
			t.Errorf("DefaultScope(%q) = %q, want %q", scope, got, want)
		}
	}
}
