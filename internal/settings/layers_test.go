package settings

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// testLayers are the layers that give settings, highest first.
var testLayers = []Layer{layerFlag, layerLocal, LayerNamedFile, LayerEnvironment, LayerEnvFile}

// layerWords name them in failures.
var layerWords = map[Layer]string{
	layerFlag: "flag", layerLocal: "--local", LayerNamedFile: "--env-file", LayerEnvironment: "environment", LayerEnvFile: ".env",
	LayerDefault: "default", layerNone: "nowhere",
}

// valueAt is a value of a setting that no other layer has.
func valueAt(s Setting, ly Layer) string {
	i := slices.Index(testLayers, ly)
	switch s {
	case AuthorityHost: // a .env that is found names only these
		return "https://" + []string{
			"login.microsoftonline.us", "login.chinacloudapi.cn", "login.windows.net", "login.partner.microsoftonline.cn", "login.microsoft.com",
		}[i]
	case SendChain:
		return "true"
	}
	return fmt.Sprintf("value%d", i)
}

// give puts a value of a setting into a layer.
func (g *givenSettings) give(ly Layer, name, value string) {
	switch ly {
	case layerFlag:
		g.flags = flagged{name: {value}}
	case layerLocal:
		g.local = with(g.local, vars{name: value})
	case LayerEnvironment:
		g.env = with(g.env, vars{name: value})
	case LayerNamedFile, LayerEnvFile:
		g.file += name + "='" + value + "'\n"
		g.named = g.named || ly == LayerNamedFile
	}
}

// nameAt is how a setting is called in a layer; empty if the layer cannot give it.
func nameAt(row Row, ly Layer) string {
	switch {
	case ly != layerFlag && len(row.Variables) > 0:
		return row.Variables[0]
	case ly == layerFlag && len(row.Flags) > 0 && row.Setting != SendChain:
		return row.Flags[0].Name
	}
	return ""
}

// found returns what a setting is and where it came from.
func found(s *Settings, which Setting) (string, Source) {
	switch which {
	case ClientSecret, Certificate, FederatedToken:
		value := s.Credential.Secret.Reveal()
		if s.Credential.File != "" {
			value = filepath.Base(s.Credential.File)
		}
		return value, s.Credential.From
	case CacheDir:
		return filepath.Base(s.Places.CacheDir), Source{}
	case StateDir:
		return filepath.Base(s.Places.StateDir), Source{}
	}
	value, from := textOf(s, which)
	return value, from
}

// winnerOf says which of the layers that give a setting counts.
func winnerOf(given ...Layer) Layer {
	for _, ly := range testLayers {
		switch {
		case !slices.Contains(given, ly):
		case ly == LayerEnvFile && slices.Contains(given, LayerNamedFile): // it is not read
		default:
			return ly
		}
	}
	return layerNone
}

// TestEverySettingInEveryLayer: of each setting, each layer alone and each pair of
// layers is resolved. The higher layer wins, and the source names it.
func TestEverySettingInEveryLayer(t *testing.T) {
	for _, row := range Rows {
		if row.Setting == CertificatePassword || row.Setting == SendChain || row.Setting == ManagedIdentity {
			continue // they belong to a credential: TestCredentialChoice
		}
		for i, higher := range testLayers {
			for _, lower := range testLayers[i:] { // the same one: alone
				if nameAt(row, higher) == "" || nameAt(row, lower) == "" {
					continue
				}
				var g givenSettings
				g.uses.Credential = slices.Contains([]Setting{ClientSecret, Certificate, FederatedToken}, row.Setting)
				g.give(higher, nameAt(row, higher), valueAt(row.Setting, higher))
				if lower != higher && !(higher == LayerNamedFile && lower == LayerEnvFile) { // there is one file in a test
					g.give(lower, nameAt(row, lower), valueAt(row.Setting, lower))
				}
				s, _ := g.resolve(t)
				value, from := found(s, row.Setting)
				winner := winnerOf(higher, lower)
				want := valueAt(row.Setting, winner)
				if row.Setting == ClientSecret && winner == layerFlag {
					want = filepath.Base(want)
				}
				if value != want {
					t.Errorf("%s by %s and %s: %q, want %q", row.Setting, layerWords[higher], layerWords[lower], value, want)
				}
				if from != (Source{}) && (from.Layer != winner || from.Name != nameAt(row, winner)) {
					t.Errorf("%s by %s and %s: from %s, want %s", row.Setting, layerWords[higher], layerWords[lower], from, layerWords[winner])
				}
			}
		}
	}
}

// TestTwinsInEveryLayer: in one layer the plain name wins over the one of AZURE_, and
// the AZURE_ one of a higher layer over the plain one of a lower.
func TestTwinsInEveryLayer(t *testing.T) {
	for _, row := range Rows {
		if len(row.Variables) < 2 {
			continue
		}
		for i, ly := range testLayers[1:] {
			var g givenSettings
			g.uses.Credential = row.Setting == ClientSecret
			g.give(ly, row.Variables[1], "twin")
			g.give(ly, row.Variables[0], "plain")
			s, _ := g.resolve(t)
			if value, from := found(s, row.Setting); value != "plain" || from.Name != row.Variables[0] {
				t.Errorf("%s in %s: %q from %s, want the plain name", row.Setting, layerWords[ly], value, from)
			}
			for _, lower := range testLayers[i+2:] {
				if ly == LayerNamedFile && lower == LayerEnvFile {
					continue
				}
				var g givenSettings
				g.uses.Credential = row.Setting == ClientSecret
				g.give(ly, row.Variables[1], "twin")
				g.give(lower, row.Variables[0], "plain")
				s, _ := g.resolve(t)
				if value, from := found(s, row.Setting); value != "twin" || from.Layer != ly {
					t.Errorf("%s in %s over %s: %q from %s", row.Setting, layerWords[ly], layerWords[lower], value, from)
				}
			}
		}
	}
}

// TestEveryPairOfCredentials: the kind of a higher layer wins, whatever the kinds; in
// one layer secret, certificate, federated token, in this order.
func TestEveryPairOfCredentials(t *testing.T) {
	kinds := []Setting{ClientSecret, Certificate, FederatedToken}
	for i, higher := range testLayers[1:] {
		for _, lower := range testLayers[i+1:] {
			for k, one := range kinds {
				for m, other := range kinds {
					if higher == lower && m <= k || higher == LayerNamedFile && lower == LayerEnvFile {
						continue
					}
					var g givenSettings
					g.uses.Credential = true
					g.give(higher, nameAt(rowOf(one), higher), "one")
					g.give(lower, nameAt(rowOf(other), lower), "other")
					s, _ := g.resolve(t)
					if value, from := found(s, one); value != "one" || from.Layer != higher || !strings.Contains(s.Credential.Why, from.String()) {
						t.Errorf("%s in %s, %s in %s: %q from %s (%s)", one, layerWords[higher], other, layerWords[lower], value, from, s.Credential.Why)
					}
				}
			}
		}
	}
}

// TestLocalTenantWithoutAnAPI: the API is the caller's own then, and everything about
// who calls is the tenant's still.
func TestLocalTenantWithoutAnAPI(t *testing.T) {
	all := vars{}
	for _, name := range Variables() {
		all[name] = "mine"
	}
	all["AZURE_AUTHORITY_HOST"] = "https://login.microsoftonline.us"
	for _, layer := range []Layer{LayerEnvironment, LayerNamedFile} {
		for api, want := range map[string]string{"": "mine", "http://127.0.0.1:1": "http://127.0.0.1:1"} {
			g := givenSettings{local: vars{"TENANT_ID": tenantA, "API_URL": api}, uses: Uses{Credential: true, APIURL: true}}
			for name, value := range all {
				g.give(layer, name, value)
			}
			s, _ := g.resolve(t)
			if s.APIURL.Value != want || len(s.Roles.Value)+len(s.Scopes.Value) > 0 != (api == "") {
				t.Errorf("API %q: %+v, roles %+v, scopes %+v", api, s.APIURL, s.Roles, s.Scopes)
			}
			if s.Tenant.Value != tenantA || s.Client.Value+s.Scope.Value+s.CAFile.Value != "" || s.Credential.Kind != KindNone ||
				s.Authority.Value != defaultAuthority || s.Audiences.Value != nil {
				t.Errorf("%s completes the local tenant: %+v", layerWords[layer], s)
			}
		}
	}
}
