package jwks_test

import (
	"testing"

	"m2m/internal/jwks"
	"m2m/internal/jwks/issuertest"
	"m2m/internal/jwt"
)

func TestAuthorityOf(t *testing.T) {
	tests := []struct {
		name   string
		claims issuertest.Members
		want   string
	}{
		{"v2.0", issuertest.ClaimsV2(), "https://login.microsoftonline.com/" + issuertest.Tenant},
		{"v1.0", issuertest.ClaimsV1(), "https://login.microsoftonline.com/" + issuertest.Tenant},
		{"US government", issuertest.ClaimsV2().Str("iss", "https://login.microsoftonline.us/"+issuertest.Tenant+"/v2.0"),
			"https://login.microsoftonline.us/" + issuertest.Tenant},
		{"China v1.0", issuertest.ClaimsV1().Str("iss", "https://sts.chinacloudapi.cn/"+issuertest.Tenant+"/"),
			"https://login.partner.microsoftonline.cn/" + issuertest.Tenant},
		{"External ID", issuertest.ClaimsV2().Str("iss", "https://"+issuertest.Tenant+".ciamlogin.com/"+issuertest.Tenant+"/v2.0"),
			"https://" + issuertest.Tenant + ".ciamlogin.com/" + issuertest.Tenant},
		{"External ID by its name", issuertest.ClaimsV2().Str("iss", "https://contoso.ciamlogin.com/"+issuertest.Tenant+"/v2.0"), ""},
		{"External ID of another", issuertest.ClaimsV2().Str("iss",
			"https://"+issuertest.OtherTenant+".ciamlogin.com/"+issuertest.Tenant+"/v2.0"), ""},
		{"somebody else", issuertest.ClaimsV2().Str("iss", "https://evil.example/"+issuertest.Tenant+"/v2.0"), ""},
		{"a host that only begins so",
			issuertest.ClaimsV2().Str("iss", "https://login.microsoftonline.com.evil.example/"+issuertest.Tenant+"/v2.0"), ""},
		{"no tenant", issuertest.ClaimsV2().Str("iss", "https://login.microsoftonline.com/common/v2.0"), ""},
		{"more path", issuertest.ClaimsV2().Str("iss", issuertest.IssuerV2+"/x"), ""},
		{"plain http", issuertest.ClaimsV2().Str("iss", "http"+issuertest.IssuerV2[5:]), ""},
		{"no ver", issuertest.ClaimsV2().Del("ver"), ""},
		{"the template", issuertest.ClaimsV2().Str("iss", "https://login.microsoftonline.com/{tenantid}/v2.0"), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			token, err := jwt.Decode(issuertest.Mint(issuertest.Header(), tt.claims))
			if err != nil {
				t.Fatal(err)
			}
			a, ok := jwks.AuthorityOf(token)
			if ok != (tt.want != "") || ok && a.URL() != tt.want {
				t.Errorf("want %q, got %q, %v", tt.want, a.URL(), ok)
			}
		})
	}
	if _, ok := jwks.AuthorityOf(nil); ok {
		t.Error("want nothing of nothing")
	}
}

func TestMatchesIssuer(t *testing.T) {
	for _, tt := range []struct {
		issuer, tid, iss string
		want             bool
	}{
		{"https://x/{tenantid}/v2.0", "t", "https://x/t/v2.0", true},
		{"https://{tenantid}.x/{tenantid}/v2.0", "t", "https://t.x/t/v2.0", true},
		{"https://{tenantid}.x/{tenantid}/v2.0", "t", "https://t.x/u/v2.0", false},
		{"https://{tenantid}.x/{tenantid}/v2.0", "t", "https://u.x/t/v2.0", false},
		{"https://{tenantid}.x/{tenantid}/v2.0", "t", "https://t.x/{tenantid}/v2.0", false},
		{"https://x/{tenantid}/v2.0", "t", "https://x/t/v2.0/", false},
		{"https://x/{tenantid}", "t", "https://x/", false},
		{"https://x", "t", "https://x", true},
		{"{tenantid}", "", "", true},
	} {
		if got := jwks.MatchesIssuer(tt.issuer, tt.tid, tt.iss); got != tt.want {
			t.Errorf("%+v: got %v", tt, got)
		}
	}
}
