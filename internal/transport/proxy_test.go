package transport

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func lookupIn(vars map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := vars[name]; return v, ok }
}

// TestBrokenProxies: each is an error that has nothing of the value.
func TestBrokenProxies(t *testing.T) {
	for value, want := range map[string]string{
		"http://svc:p1@SECRET#z@host":    "percent-encoded",
		"http://svc:SECRET/x@host:3128":  "percent-encoded",
		"http://svc:SECRET?x@host:3128":  "percent-encoded",
		"http://svc:SECRET%zz@host:3128": "percent-encoded",
		"svc:SECRET#z@host:3128":         "percent-encoded",
		"http://SECRET:3128\r":           "carriage return",
		"http://SECRET:3128\n":           "line break",
		" http://SECRET:3128":            "space",
		"http://SECRET host:3128":        "space",
		"ftp://SECRET:3128":              "scheme",
		"socks4://SECRET:1080":           "scheme",
		"http://:3128":                   "no host",
		"://SECRET:3128":                 "does not parse",
		"//SECRET:3128":                  "no host",
		"http://SECRET:port":             "does not parse",
		"http://SECRET:0":                "port",
		"http://SECRET:65536":            "port",
		"http://SECRET:":                 "port",
		"http://SECRET:3128/proxy.pac":   "more than a host",
		"http://SECRET:3128?x":           "more than a host",
		"http://SECRET:3128#":            "more than a host",
		"http://SECR*ET:3128":            "host name",
		"http://SECRÉT:3128":             "host name",
	} {
		for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"} {
			p := ProxiesOf(lookupIn(map[string]string{name: value}))
			request := &http.Request{URL: &url.URL{Scheme: "https", Host: "login.example"}}
			_, err := p.For(request)
			var fault *ProxySettingError
			if !errors.As(err, &fault) || !errors.Is(err, ErrProxySetting) || fault.Variable != name || !strings.Contains(fault.Reason, want) {
				t.Errorf("%s=%q: %v, want one that says %q", name, value, err, want)
			}
			if err != nil && strings.Contains(err.Error(), "SEC") || p.Check() == nil {
				t.Errorf("%s=%q: %v, and Check %v", name, value, err, p.Check())
			}
			if _, err := p.For(&http.Request{URL: &url.URL{Scheme: "http", Host: "127.0.0.1:1"}}); err != nil {
				t.Errorf("to this machine: %v", err)
			}
		}
	}
	for value, want := range map[string]string{
		"http://a": "port", "10.0.0.0/99": "not a host", "a b": "separated by commas", "a,b\r": "carriage return",
		"a:0": "port", "a:x": "port", "a/b": "not a host",
	} {
		err := ProxiesOf(lookupIn(map[string]string{"NO_PROXY": value})).Check()
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "NO_PROXY cannot be used: ") {
			t.Errorf("NO_PROXY=%q: %v, want one that says %q", value, err, want)
		}
	}
}

func TestProxies(t *testing.T) {
	for _, test := range []struct {
		vars          map[string]string
		address, want string // the proxy; empty for none
	}{
		{nil, "https://a.example", ""},
		{map[string]string{"HTTPS_PROXY": "http://p:1"}, "https://a.example", "http://p:1"},
		{map[string]string{"HTTPS_PROXY": "http://p:1"}, "http://a.example", ""},
		{map[string]string{"https_proxy": "p.corp:1"}, "https://a.example", "http://p.corp:1"},
		{map[string]string{"HTTP_PROXY": "http://u:p%23@p:1/"}, "http://a.example", "http://u:p%23@p:1/"},
		{map[string]string{"ALL_PROXY": "socks5://p:1"}, "http://a.example", "socks5://p:1"},
		{map[string]string{"ALL_PROXY": "socks5h://p:1", "HTTPS_PROXY": "https://q"}, "https://a.example", "https://q"},
		{map[string]string{"HTTPS_PROXY": "http://[::1]:1"}, "https://a.example", "http://[::1]:1"},
		{map[string]string{"HTTPS_PROXY": "http://u:p@q@p:1"}, "https://a.example", "http://u:p%40q@p:1"},
		{map[string]string{"HTTPS_PROXY": "http://p:1", "NO_PROXY": "b.example, .a.example,*.c.example,10.0.0.0/8,[::1]:1,1.2.3.4:5,d:1,"},
			"https://x.a.example", ""},
		{map[string]string{"HTTPS_PROXY": "http://p:1", "no_proxy": "*"}, "https://a.example", ""},
		{map[string]string{"HTTPS_PROXY": "http://p:1"}, "https://x.localhost", ""},
	} {
		u, err := url.Parse(test.address)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ProxiesOf(lookupIn(test.vars)).For(&http.Request{URL: u})
		shown := ""
		if got != nil {
			shown = got.String()
		}
		if err != nil || shown != test.want {
			t.Errorf("%v: %s by %q, %v, want %q", test.vars, test.address, shown, err, test.want)
		}
	}
	if _, err := ProxiesOf(lookupIn(map[string]string{"HTTP_PROXY": "http://p:1", "REQUEST_METHOD": "GET"})).For(
		&http.Request{URL: &url.URL{Scheme: "http", Host: "a.example"}}); err == nil {
		t.Error("HTTP_PROXY in a CGI program is used")
	}
}

// TestProxyThatOffersOtherSchemes: a 407 says what the proxy accepts.
func TestProxyThatOffersOtherSchemes(t *testing.T) {
	for offered, want := range map[string][]string{
		"Negotiate\nNTLM":                {"Negotiate", "NTLM"},
		"Basic realm=\"a\"\nNegotiate x": {"Basic", "Negotiate"},
		"":                               nil,
	} {
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for _, offer := range strings.Split(offered, "\n") {
				w.Header().Add("Proxy-Authenticate", offer)
			}
			w.WriteHeader(http.StatusProxyAuthRequired)
		}))
		address, err := url.Parse(proxy.URL)
		if err != nil {
			t.Fatal(err)
		}
		through := New(Config{Proxy: http.ProxyURL(address)})
		request, err := http.NewRequest(http.MethodGet, "https://api.example/", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := through.RoundTrip(request)
		if err == nil {
			resp.Body.Close()
		}
		fault := Diagnose("api.example", err)
		if fault == nil || fault.Fault != FaultProxy || !slices.Equal(fault.ProxySchemes, want) {
			t.Errorf("%q: %+v, want %q", offered, fault, want)
		}
		if said := fault.Error(); len(want) > 0 && !strings.Contains(said, "407 Proxy Authentication Required, and offers "+want[0]) {
			t.Errorf("it says %q", said)
		}
		through.CloseIdleConnections()
		proxy.Close()
	}
}
