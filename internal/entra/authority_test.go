package entra_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"m2m/internal/entra"
)

func TestParseAuthorityHost(t *testing.T) {
	for s, want := range map[string]string{
		"https://login.microsoftonline.com":      "https://login.microsoftonline.com",
		"https://login.microsoftonline.com/":     "https://login.microsoftonline.com",
		"login.microsoftonline.us":               "https://login.microsoftonline.us",
		"login.microsoftonline.us/":              "https://login.microsoftonline.us",
		"HTTPS://LOGIN.MicrosoftOnline.COM":      "https://login.microsoftonline.com",
		"https://login.microsoftonline.com:443":  "https://login.microsoftonline.com",
		"https://login.microsoftonline.com:8443": "https://login.microsoftonline.com:8443",
		"https://127.0.0.1:8443":                 "https://127.0.0.1:8443",
		"localhost:8443":                         "https://localhost:8443",
		"https://[::1]:8443":                     "https://[::1]:8443",
		"https://[::1]":                          "https://[::1]",
		"https://[0:0:0:0:0:0:0:1]:443/":         "https://[::1]",
		"https://xn--lgin-5qa.example":           "https://xn--lgin-5qa.example",
	} {
		if got, err := entra.ParseAuthorityHost(s); got != want || err != nil {
			t.Errorf("ParseAuthorityHost(%q) = %q, %v; want %q", s, got, err, want)
		}
	}
}

func TestParseAuthorityHostRefuses(t *testing.T) {
	const host = "https://login.microsoftonline.com"
	for _, s := range []string{
		"", " ", "/", "https://", "https:///", "://", "https://:8443", "https://.", "https://-a.example",
		"http://login.microsoftonline.com", "HTTP://127.0.0.1:8443", "ftp://login.microsoftonline.com", "file:///etc/passwd",
		"javascript://login.microsoftonline.com", "https:login.microsoftonline.com", "https//login.microsoftonline.com",
		host + "/common", host + "/" + tenantID, host + "/" + tenantID + "/v2.0", host + "//", host + "/%2f", host + "/..",
		host + "/.",
		host + "?", host + "?a=b", host + "#", host + "#a", host + "/?a=b", host + "/#a",
		"https://user@login.microsoftonline.com", "https://user:password@login.microsoftonline.com",
		"https://@login.microsoftonline.com",
		"https://login.microsoftonline.com@evil.example", "https://login.microsoftonline.com:443@evil.example",
		`https://login.microsoftonline.com\@evil.example`,
		host + ":", host + ":0", host + ":65536", host + ":99999999999999999999", host + ":-1", host + ":0443",
		host + ":https",
		host + ".", "https://login..microsoftonline.com", "https://login%2emicrosoftonline.com", "https://login_a.example",
		"https://log\u0456n.microsoftonline.com", "https://login\u3002microsoftonline.com",
		"https://login.microsoftonline.com\u200b",
		host + "\n", "\n" + host, host + "\r\nX-Evil: 1", host + "\x00", host + "\t", " " + host, host + " ",
		"https://login .microsoftonline.com",
		"https://a,https://b", "https://login.microsoftonline.com,evil.example", "https://*", "https://<host>",
		"https://[::1", "https://::1", "https://[::1]x", "https://[::1%25eth0]:8443", "https://[127.0.0.1]",
		"https://[login.microsoftonline.com]",
		"https://" + strings.Repeat("a.", 130) + "example", "https://" + strings.Repeat("a", 64) + ".example",
	} {
		got, err := entra.ParseAuthorityHost(s)
		if !errors.Is(err, entra.ErrAuthorityHost) || got != "" {
			t.Errorf("ParseAuthorityHost(%q) = %q, %v; want ErrAuthorityHost", s, got, err)
		}
	}
}

func TestParseAuthorityHostErrorsAreSafeToPrint(t *testing.T) {
	for _, s := range []string{
		"https://user:hunter2@login.microsoftonline.com/x",
		"https://user:hunter2@evil.example:99999",
		"http://user:hunter2@evil.example",
		"https://user:hunter2@\x1b[31mevil.example",
		"https://login.microsoftonline.com/" + strings.Repeat("long", 1000),
		strings.Repeat("long", 1000) + "://a",
		"https://" + strings.Repeat("long.", 1000),
		"https://login.microsoftonline.com/%1b[31mred",
	} {
		_, err := entra.ParseAuthorityHost(s)
		if err == nil {
			t.Errorf("ParseAuthorityHost(%.40q): no error", s)
			continue
		}
		if got := err.Error(); strings.Contains(got, "hunter2") || strings.ContainsAny(got, "\x1b\n") || len(got) > 350 {
			t.Errorf("error is not safe to print: %q", got)
		}
	}
}

func TestAuthorityCloud(t *testing.T) {
	for host, want := range map[string]string{
		"https://login.microsoftonline.com:443/": "public", "LOGIN.WINDOWS.NET": "public",
		"login.chinacloudapi.cn": "china", "https://login.sovcloud-identity.fr": "france",
		"https://login.microsoftonline.com:8443": "", "https://127.0.0.1:8443": "",
		"login.microsoftonline.com.evil.example": "",
	} {
		origin, err := entra.ParseAuthorityHost(host)
		if err != nil {
			t.Fatalf("%s: %v", host, err)
		}
		c, ok := entra.Authority{Origin: origin, Tenant: tenantID}.Cloud()
		if c.Name != want || ok != (want != "") {
			t.Errorf("the cloud of %q is %q, %v; want %q", host, c.Name, ok, want)
		}
	}
}

// The addresses are those that Microsoft's own discovery documents give.
func TestAuthorityAddressesAreAsPublished(t *testing.T) {
	var fixture struct {
		Documents []struct {
			Version            entra.Version
			Address            string
			Issuer             string
			TokenEndpoint      string `json:"token_endpoint"`
			CloudInstanceName  string `json:"cloud_instance_name"`
			MicrosoftGraphHost string `json:"msgraph_host"`
		}
	}
	readFixture(t, "discovery.json", &fixture)
	if len(fixture.Documents) != 2 {
		t.Fatalf("%d documents, want one for each version", len(fixture.Documents))
	}
	authority := entra.Authority{Origin: "https://login.microsoftonline.com", Tenant: tenantID}
	cloud, _ := authority.Cloud()
	for _, doc := range fixture.Documents {
		fill := func(s string) string { return strings.ReplaceAll(s, "{tid}", tenantID) }
		if got, want := authority.Discovery(doc.Version), fill(doc.Address); got != want {
			t.Errorf("Discovery(%s) = %s, want %s", doc.Version, got, want)
		}
		if got, want := authority.TokenEndpoint(doc.Version), fill(doc.TokenEndpoint); got != want {
			t.Errorf("TokenEndpoint(%s) = %s, want %s", doc.Version, got, want)
		}
		issuer, err := url.Parse(doc.Issuer)
		if err != nil {
			t.Fatal(err)
		}
		if host := map[entra.Version]string{entra.V1: cloud.STS, entra.V2: cloud.Host}[doc.Version]; issuer.Host != host {
			t.Errorf("the issuer of version %s is on %s, the cloud says %s", doc.Version, issuer.Host, host)
		}
		if cloud.InstanceName != doc.CloudInstanceName || cloud.Graph[0] != doc.MicrosoftGraphHost {
			t.Errorf("cloud is %+v, its document says %+v", cloud, doc)
		}
	}
}

func TestAuthorityURL(t *testing.T) {
	a := entra.Authority{Origin: "https://127.0.0.1:8443", Tenant: "contoso.onmicrosoft.com"}
	if got, want := a.URL(), "https://127.0.0.1:8443/contoso.onmicrosoft.com"; got != want {
		t.Errorf("URL() = %s, want %s", got, want)
	}
}

func FuzzParseAuthorityHost(f *testing.F) {
	for _, seed := range []string{
		"", "https://login.microsoftonline.com/", "localhost:8443", "https://[::1]:8443", "http://a", "https://a@b",
		"https://a/b?c#d",
		"https://[fe80::1%25eth0]", "HTTPS://A:443", `https://a\@b`, "https://a\r\nb",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		origin, err := entra.ParseAuthorityHost(s)
		if err != nil {
			if !errors.Is(err, entra.ErrAuthorityHost) || origin != "" || len(err.Error()) > 600 {
				t.Fatalf("ParseAuthorityHost(%q) = %q, %v", s, origin, err)
			}
			return
		}
		u, err := url.Parse(origin)
		if err != nil || u.Scheme != "https" || u.Host == "" || "https://"+u.Host != origin ||
			strings.ToLower(origin) != origin {
			t.Fatalf("ParseAuthorityHost(%q) = %q is no https origin in lower case", s, origin)
		}
		for _, c := range origin {
			if c <= ' ' || c > '~' || strings.ContainsRune(`\@?#%"<>`, c) {
				t.Fatalf("ParseAuthorityHost(%q) = %q holds %q", s, origin, c)
			}
		}
		if again, err := entra.ParseAuthorityHost(origin); again != origin || err != nil {
			t.Fatalf("ParseAuthorityHost(%q) = %q, but that parses as %q, %v", s, origin, again, err)
		}
	})
}

// A host that only Unicode's lower case makes Entra's is not Entra's.
func TestAuthorityHostOfAnotherAlphabet(t *testing.T) {
	for _, host := range []string{
		"https://logİn.microsoftonline.com", "https://log%C4%B0n.microsoftonline.com", "login.par\u212Aner.example",
	} {
		if got, err := entra.ParseAuthorityHost(host); !errors.Is(err, entra.ErrAuthorityHost) {
			t.Errorf("ParseAuthorityHost(%q) = %q, %v", host, got, err)
		}
	}
}
