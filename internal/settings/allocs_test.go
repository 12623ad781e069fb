package settings

import "testing"

// Every command resolves its settings when it starts: the table of settings and
// its patterns are not to be built again each time.
func TestResolveAllocates(t *testing.T) {
	for name, test := range map[string]struct {
		given givenSettings
		most  float64
	}{
		"the environment": {givenSettings{env: with(envA(), vars{"API_SCOPE": "api://x/.default"}), uses: acquires}, 30},
		"a file":          {givenSettings{file: fileA + "API_SCOPE=api://${CLIENT_ID}/.default", uses: acquires}, 110},
	} {
		in := test.given.input(t)
		got := testing.AllocsPerRun(100, func() {
			if _, err := Resolve(in); err != nil {
				t.Fatal(err)
			}
		})
		if got > test.most {
			t.Errorf("%s: %.0f allocations, want at most %.0f", name, got, test.most)
		}
	}
}
