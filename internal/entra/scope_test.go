package entra_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/entra"
)

func TestCheckScope(t *testing.T) {
	for scope, want := range map[string]error{
		"api://m2m-demo/.default":                  nil,
		"api://" + apiID + "/.default":             nil,
		apiID + "/.default":                        nil,
		"https://graph.microsoft.com/.default":     nil,
		"https://vault.example//.default":          nil,
		"  api://m2m-demo/.default\n":              nil,
		"":                                         entra.ErrScopeMissing,
		" \t\n":                                    entra.ErrScopeMissing,
		"/.default":                                entra.ErrScopeNotDefault,
		".default":                                 entra.ErrScopeNotDefault,
		"api://m2m-demo":                           entra.ErrScopeNotDefault,
		"api://m2m-demo/":                          entra.ErrScopeNotDefault,
		"api://m2m-demo/Data.Read":                 entra.ErrScopeNotDefault,
		"api://m2m-demo.default":                   entra.ErrScopeNotDefault,
		"api://m2m-demo/.default/":                 entra.ErrScopeNotDefault,
		"api%3A%2F%2Fm2m-demo%2F.default":          entra.ErrScopeNotDefault,
		"api://a/.default api://b/.default":        entra.ErrScopeSeveral,
		"api://a/.default\napi://b/.default":       entra.ErrScopeSeveral,
		"api://m2m-demo/.default openid":           entra.ErrScopeSeveral,
		"openid":                                   entra.ErrScopeSignIn,
		"Offline_Access":                           entra.ErrScopeSignIn,
		"api://your-api-client-id/.default":        entra.ErrPlaceholder,
		"api://<api-client-id>/.default":           entra.ErrPlaceholder,
		"api://{client-id}/.default":               entra.ErrPlaceholder,
		"$API_SCOPE":                               entra.ErrPlaceholder,
		"https://<vault>.vault.azure.net/.default": entra.ErrPlaceholder,
	} {
		if got := entra.CheckScope(scope); !is(got, want) {
			t.Errorf("CheckScope(%q) = %v, want %v", scope, got, want)
		}
	}
}

func TestResource(t *testing.T) {
	for scope, want := range map[string]string{
		"api://m2m-demo/.default":         "api://m2m-demo",
		" api://m2m-demo/.default ":       "api://m2m-demo",
		"api://m2m-demo":                  "api://m2m-demo",
		"https://vault.example//.default": "https://vault.example/", // the URI's own slash stays
		"api://a/.default/.default":       "api://a/.default",       // one only
		apiID + "/.default":               apiID,
		"/.default":                       "",
		"":                                "",
	} {
		if got := entra.Resource(scope); got != want {
			t.Errorf("Resource(%q) = %q, want %q", scope, got, want)
		}
	}
}

func TestAudiences(t *testing.T) {
	upper := strings.ToUpper(apiID)
	tests := []struct {
		name, scope, client string
		want                []string
		complete            bool
	}{
		{"a GUID", apiID + "/.default", clientID, []string{apiID}, true},
		{"api:// and a GUID", "api://" + apiID + "/.default", clientID, []string{"api://" + apiID, apiID}, true},
		{"a GUID in upper case", upper + "/.default", "", []string{upper, apiID}, true},
		{"api:// and a GUID in upper case", "api://" + upper + "/.default", "", []string{"api://" + upper, apiID}, true},
		{"a name, whose GUID nobody can derive", "api://m2m-demo/.default", clientID, []string{"api://m2m-demo"}, false},
		{"an https URI", "https://api.contoso.com/.default", clientID, []string{"https://api.contoso.com"}, false},
		{"a URI that ends in a slash", "https://vault.example//.default", clientID, []string{"https://vault.example/"},
			false},
		{"a GUID deeper in the URI", "api://" + tenantID + "/" + apiID + "/.default", "",
			[]string{"api://" + tenantID + "/" + apiID}, false},
		{"without .default", "api://" + apiID, "", []string{"api://" + apiID, apiID}, true},
		{"no scope: one registration is both", "", clientID, []string{clientID}, true},
		{"white space is no scope", " \n", clientID, []string{clientID}, true},
		{"nothing at all is never any audience", "", "", nil, false},
		{"a scope without a resource is not no scope", "/.default", clientID, nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, complete := entra.Audiences(tt.scope, tt.client)
			if diff := cmp.Diff(tt.want, got); diff != "" || complete != tt.complete {
				t.Errorf("Audiences(%q, %q): complete %v, want %v (-want +got):\n%s", tt.scope, tt.client, complete, tt.complete,
					diff)
			}
		})
	}
}

func FuzzScope(f *testing.F) {
	for _, seed := range []string{"", "/.default", "api://a/.default", apiID + "/.default", "a/.default b",
		"api://<x>/.default", "api://" + apiID} {
		f.Add(seed, clientID)
		f.Add(seed, "")
	}
	f.Fuzz(func(t *testing.T, scope, client string) {
		accepted, complete := entra.Audiences(scope, client)
		if slices.Contains(accepted, "") || complete && len(accepted) == 0 || len(accepted) > 2 {
			t.Fatalf("Audiences(%q, %q) = %q, %v", scope, client, accepted, complete)
		}
		if len(accepted) == 2 && !(entra.IsGUID(accepted[1]) && complete) {
			t.Fatalf("Audiences(%q, %q) = %q, %v: the second must be a GUID", scope, client, accepted, complete)
		}
		if entra.CheckScope(scope) != nil {
			return
		}
		resource := entra.Resource(scope)
		if resource == "" || strings.ContainsAny(resource, " \t\r\n") || strings.TrimSpace(scope) != resource+"/.default" {
			t.Fatalf("CheckScope accepts %q, whose resource is %q", scope, resource)
		}
		if len(accepted) == 0 || accepted[0] != resource {
			t.Fatalf("Audiences(%q, %q) = %q lacks the resource %q", scope, client, accepted, resource)
		}
	})
}

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
		"api://orders/.DEFAULT":                  "api://orders/.default",
		"api://orders/.default/":                 "api://orders/.default",
		"api://orders%2F.default":                "api://orders/.default",
		"api%3A%2F%2Forders%2F.default":          "api://orders/.default",
		`"api://orders/.default"`:                "api://orders/.default",
		"api://orders/.default openid":           "api://orders/.default",
		"openid profile api://orders":            "api://orders/.default",
		"urn:contoso:orders":                     "urn:contoso:orders/.default",
		"openid":                                 "",
		"offline_access profile":                 "",
		"User.Read":                              "",
		"orders":                                 "",
		".default":                               "",
		"/.default":                              "",
		"abc8Q~secret":                           "",
		"{orders}":                               "",
	} {
		if got := entra.DefaultScope(scope); got != want {
			t.Errorf("DefaultScope(%q) = %q, want %q", scope, got, want)
		}
	}
}
