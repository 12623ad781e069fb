package tenant_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"m2m/internal/entra"
	"m2m/internal/tenant"
	"m2m/internal/tenant/control"
	"m2m/internal/tenant/intercept"
)

// intercepted is a tenant under interception, a client that knows its proxy
// and its CA, and what the proxy reported of tunnels.
type intercepted struct {
	*running
	proxy   *url.URL
	mu      sync.Mutex
	tunnels []intercept.Request
}

func startIntercepted(t *testing.T, parent *url.URL) *intercepted {
	t.Helper()
	i := &intercepted{}
	cfg := config(sample())
	cfg.Intercept = &intercept.Options{Listener: listen(t), Parent: http.ProxyURL(parent), OnTunnel: i.reported}
	if parent == nil {
		cfg.Intercept.Parent = nil
	}
	i.running = start(t, cfg)
	i.proxy = parseURL(t, i.ProxyURL().Reveal())
	i.http.Transport.(*http.Transport).Proxy = http.ProxyURL(i.proxy)
	return i
}

func (i *intercepted) reported(r intercept.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.tunnels = append(i.tunnels, r)
}

func parseURL(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// send writes a request as it is to the proxy and reads the answer.
func (i *intercepted) send(request string) (*http.Response, string) {
	i.t.Helper()
	conn, err := net.Dial("tcp", i.proxy.Host)
	if err != nil {
		i.t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		i.t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		i.t.Fatalf("%q: %v", request, err)
	}
	if answer.StatusCode == http.StatusOK {
		return answer, "" // a tunnel: what follows is not ours to read
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		i.t.Fatal(err)
	}
	return answer, string(body)
}

func (i *intercepted) credentials() string {
	password, _ := i.proxy.User.Password()
	return "Proxy-Authorization: Basic " +
		base64.StdEncoding.EncodeToString([]byte(i.proxy.User.Username()+":"+password)) + "\r\n"
}

func (i *intercepted) connect(target string) (*http.Response, string) {
	i.t.Helper()
	return i.send("CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n" + i.credentials() + "\r\n")
}

// Every login host is the tenant, with the same issuer; the endpoints are at the host of
// its cloud.
func TestInterceptedHosts(t *testing.T) {
	i := startIntercepted(t, nil)
	hosts := []string{"westeurope.login.microsoft.com", "chinaeast2.login.partner.microsoftonline.cn",
		"LOGIN.microsoftonline.com", "login-us.microsoftonline.com", "login.microsoftonline.de"}
	for _, c := range entra.Clouds() {
		hosts = append(append(hosts, c.Host), c.Aliases...)
	}
	want := "https://login.microsoftonline.com/" + sample().ID + "/v2.0"
	for _, host := range hosts {
		var document struct{ Issuer, Token_endpoint string }
		request, err := http.NewRequest(http.MethodGet,
			"https://"+host+"/"+sample().ID+"/v2.0/.well-known/openid-configuration", nil)
		if err != nil {
			t.Fatal(err)
		}
		i.do(request).decode(t, &document)
		endpoints := "login.microsoftonline.com"
		if cloud, known := (entra.Authority{Origin: "https://" + host}).Cloud(); known {
			endpoints = cloud.Host
		}
		if document.Issuer != want || !strings.HasPrefix(document.Token_endpoint, "https://"+endpoints+"/"+sample().ID+"/") {
			t.Errorf("%s says %+v", host, document)
		}
	}
	if i.Origin() != "https://login.microsoftonline.com" {
		t.Errorf("the origin is %s", i.Origin())
	}
}

// The control endpoint answers at the listener alone: under a login host's name
// not even its key opens it.
func TestInterceptedHostsHaveNoControl(t *testing.T) {
	cfg := config(sample())
	cfg.ControlKey = control.NewKey()
	cfg.Intercept = &intercept.Options{Listener: listen(t)}
	r := start(t, cfg)
	ask := func(address string) answer {
		request, err := http.NewRequest(http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+cfg.ControlKey.Reveal())
		return r.do(request)
	}
	direct := r.ControlURL()
	if got := ask(direct + "state"); got.status != http.StatusOK {
		t.Errorf("at the listener: HTTP %d", got.status)
	}
	r.http.Transport.(*http.Transport).Proxy = http.ProxyURL(parseURL(t, r.ProxyURL().Reveal()))
	if got := ask(r.Origin() + parseURL(t, direct).Path + "state"); got.status != http.StatusForbidden &&
		got.status != http.StatusMisdirectedRequest {
		t.Errorf("through the proxy: HTTP %d %s", got.status, got.body)
	}
}

func TestProxyWantsItsCredentials(t *testing.T) {
	i := startIntercepted(t, nil)
	const target = "CONNECT login.microsoftonline.com:443 HTTP/1.1\r\nHost: x\r\n"
	basic := func(user string) string {
		return "Proxy-Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(user)) + "\r\n"
	}
	for name, header := range map[string]string{
		"none":                 "",
		"for the origin":       strings.TrimPrefix(i.credentials(), "Proxy-"),
		"wrong password":       basic("m2m:wrong"),
		"no password":          basic("m2m:"),
		"no user":              basic(strings.TrimPrefix(i.proxy.User.String(), "m2m")),
		"other scheme":         strings.Replace(i.credentials(), "Basic", "Bearer", 1),
		"twice":                i.credentials() + i.credentials(),
		"wrong and then right": basic("m2m:wrong") + i.credentials(),
	} {
		for _, request := range []string{target, "GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n",
			"GET / HTTP/1.1\r\nHost: x\r\n"} {
			answer, _ := i.send(request + header + "\r\n")
			if answer.StatusCode != http.StatusProxyAuthRequired ||
				answer.Header.Get("Proxy-Authenticate") != `Basic realm="m2m"` {
				t.Errorf("%s: %.30q is answered with %s", name, request, answer.Status)
			}
		}
	}
	if answer, _ := i.send(target + i.credentials() + "\r\n"); answer.StatusCode != http.StatusOK {
		t.Errorf("with its credentials the answer is %s", answer.Status)
	}
	if len(i.tunnels) != 0 {
		t.Errorf("reported: %+v", i.tunnels)
	}
}

func TestEveryProxyHasItsOwnPassword(t *testing.T) {
	one, two := startIntercepted(t, nil), startIntercepted(t, nil)
	if a, b := one.proxy.User.String(), two.proxy.User.String(); a == b || len(a) < 30 {
		t.Errorf("the proxies have the users %d and %d characters long, same: %t", len(a), len(b), a == b)
	}
	if text := fmt.Sprint(one.ProxyURL()); text != "[redacted]" {
		t.Errorf("the address prints as %s", text)
	}
}

func TestProxyRefuses(t *testing.T) {
	i := startIntercepted(t, nil)
	own := i.credentials() + "\r\n"
	for request, want := range map[string]struct {
		status int
		reason string
	}{
		"GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n": {403,
			"plain http is not passed on"},
		"POST http://example.com/ HTTP/1.1\r\nHost: example.com\r\nContent-Length: 0\r\n": {403,
			"plain http is not passed on"},
		"GET / HTTP/1.1\r\nHost: example.com\r\n":                                                   {400, "this is a proxy"},
		"CONNECT example.com:80 HTTP/1.1\r\nHost: x\r\n":                                            {403, "only port 443"},
		"CONNECT example.com HTTP/1.1\r\nHost: x\r\n":                                               {400, "not HOST:PORT"},
		"CONNECT user@example.com:443 HTTP/1.1\r\nHost: x\r\n":                                      {400, "not HOST:PORT"},
		"CONNECT login.microsoftonline.com:8443 HTTP/1.1\r\nHost: x\r\n":                            {403, "only port 443"},
		"CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n":                      {400, "no content"},
		"CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n":             {400, "no content"},
		"CONNECT 127.0.0.1:443 HTTP/1.1\r\nHost: x\r\n":                                             {403, "never tunnelled"},
		"CONNECT /latest/meta-data HTTP/1.1\r\nHost: 169.254.169.254:443\r\n":                       {400, "not HOST:PORT"},
		"CONNECT 169.254.169.254:443 HTTP/1.1\r\nHost: login.microsoftonline.com:443\r\n":           {403, "never tunnelled"},
		"CONNECT login.microsoftonline.com.evil.example:80 HTTP/1.1\r\nHost: x\r\n":                 {403, "only port 443"},
		"CONNECT [::ffff:169.254.169.254]:443 HTTP/1.1\r\nHost: login.microsoftonline.com\r\n":      {403, "never tunnelled"},
		"CONNECT 127.0.0.1.:443 HTTP/1.1\r\nHost: x\r\n":                                            {400, "not HOST:PORT"},
		"CONNECT 2130706433:443 HTTP/1.1\r\nHost: x\r\n":                                            {400, "not HOST:PORT"},
		"CONNECT metadata.google.internal:443 HTTP/1.1\r\nHost: x\r\nX-Metadata-Flavor: Google\r\n": {403, "never tunnelled"},
	} {
		answer, body := i.send(request + own)
		if answer.StatusCode != want.status || !strings.Contains(body, want.reason) {
			t.Errorf("%q is answered with %s %q, want %d %q", request, answer.Status, body, want.status, want.reason)
		}
	}
	for _, r := range i.tunnels {
		if r.Status == http.StatusOK || r.Reason == "" {
			t.Errorf("reported: %+v", r)
		}
	}
}

func TestProxyBoundsHeaders(t *testing.T) {
	i := startIntercepted(t, nil)
	answer, _ := i.send("CONNECT example.com:443 HTTP/1.1\r\nX: " + strings.Repeat("a", 64<<10) + "\r\n\r\n")
	if answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("the answer is %s", answer.Status)
	}
}

func TestInterceptionOnLoopbackOnly(t *testing.T) {
	ln, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	home := listen(t)
	defer home.Close()
	cfg := config(sample())
	cfg.Intercept = &intercept.Options{Listener: ln}
	if _, err := tenant.New(home, cfg); err == nil {
		t.Error("a proxy listens for other machines")
	}
}

// The certificate of the login hosts is for them alone, and the one for
// loopback is not for them.
func TestLoginCertificate(t *testing.T) {
	i := startIntercepted(t, nil)
	roots := x509.NewCertPool()
	roots.AddCert(readCA(t, i.CAPEM()))
	for name, good := range map[string]bool{
		"login.microsoftonline.com": true, "sts.windows.net": true, "westus2.login.microsoft.com": true,
		"graph.microsoft.com": false, "login.microsoftonline.com.evil.example": false, "a.b.login.microsoft.com": false,
	} {
		conn := i.open(t, "login.microsoftonline.com:443")
		err := tls.Client(conn, &tls.Config{RootCAs: roots, ServerName: name}).HandshakeContext(t.Context())
		if (err == nil) != good {
			t.Errorf("TLS as %s: %v", name, err)
		}
		conn.Close()
	}
}

// open returns a tunnel.
func (i *intercepted) open(t *testing.T, target string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", i.proxy.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", target, target, i.credentials())
	reader := bufio.NewReader(io.LimitReader(conn, int64(len("HTTP/1.1 200 Connection established\r\n\r\n"))))
	answer, err := http.ReadResponse(reader, &http.Request{Method: http.MethodConnect})
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("CONNECT %s: %v %v", target, answer, err)
	}
	return conn
}
