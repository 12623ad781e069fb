package tenant_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"m2m/internal/entra"
	"m2m/internal/tenant"
	"m2m/internal/tenant/directory"
)

// running is a tenant that answers on loopback until its test ends.
type running struct {
	*tenant.Server
	http *http.Client
	t    *testing.T
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

func start(t *testing.T, cfg tenant.Config) *running {
	t.Helper()
	return startOn(t, listen(t), cfg)
}

func startOn(t *testing.T, ln net.Listener, cfg tenant.Config) *running {
	t.Helper()
	i, err := tenant.New(ln, cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- i.Serve(ctx) }()
	client := trusting(t, i.CAPEM())
	t.Cleanup(func() {
		client.CloseIdleConnections()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Serve returned %v", err)
		}
	})
	return &running{i, client, t}
}

// trusting is a client that trusts the CA and nothing else.
func trusting(t *testing.T, caPEM []byte) *http.Client {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(caPEM) {
		t.Fatal("the CA is not PEM")
	}
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2: true,
	}}
}

// answer is a response, read.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) decode(t *testing.T, into any) {
	t.Helper()
	if err := json.Unmarshal(a.body, into); err != nil {
		t.Fatalf("the answer (HTTP %d) is not JSON: %v\n%s", a.status, err, a.body)
	}
}

func (r *running) do(req *http.Request) answer {
	r.t.Helper()
	res, err := r.http.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, body}
}

func (r *running) get(path string) answer {
	r.t.Helper()
	req, err := http.NewRequest(http.MethodGet, r.Origin()+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	return r.do(req)
}

func (r *running) post(path string, form url.Values, change ...func(*http.Request)) answer {
	r.t.Helper()
	req, err := http.NewRequest(http.MethodPost, r.Origin()+path, strings.NewReader(form.Encode()))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, c := range change {
		c(req)
	}
	return r.do(req)
}

// request is a good token request of a client at the v2.0 endpoint.
func request(c directory.Client, scope string) url.Values {
	return url.Values{
		"grant_type":    {"client_credentials"},
		"client_id":     {c.ID},
		"client_secret": {c.Secrets[0].Value.Reveal()},
		"scope":         {scope},
	}
}

// requestV1 is a good token request of a client at the v1.0 endpoint.
func requestV1(c directory.Client, resource string) url.Values {
	form := request(c, "")
	form.Del("scope")
	form.Set("resource", resource)
	return form
}

// noon is when the tests' tenants live, unless they say otherwise.
func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

// sample is a tenant with every kind of app that a test needs.
func sample() directory.Tenant {
	t := directory.Builtin()
	t.APIs = append(t.APIs,
		directory.API{ID: "d63f2813-d3dc-4088-b234-982f2a83a0d7", URIs: []string{"https://vault.example/"}},
		directory.API{
			ID: "4c343c60-8ce1-412f-bf6b-24fd119eb1af", URIs: []string{"api://strict"}, TokenVersion: entra.V2,
			Roles: []string{"Use"}, AssignmentRequired: true, OptionalClaims: []string{"idtyp"},
		})
	secret := []directory.ClientSecret{{Value: directory.NewClientSecret()}}
	t.Clients = append(t.Clients,
		directory.Client{ID: "1d9acec9-2a28-4708-bc83-a9e620448ce0", ObjectID: "97d3d0c4-9a67-4c2f-9dcb-4c9f6c7b1a52",
			Secrets: secret, Disabled: true},
		directory.Client{ID: "3a8c1f0e-6f53-4a4e-8a1b-0c54d9e6f7b2", Secrets: secret, NoServicePrincipal: true},
		directory.Client{
			ID: "a4b9f2d7-51c6-4f08-93de-7e1c2b6a8d35", ObjectID: "c80e6a1d-2b7f-4d93-a5f4-6e9d1c3b7f20", Name: "rotating",
			Secrets: []directory.ClientSecret{
				{Value: directory.NewClientSecret(), Expires: noon().Add(-time.Second)},
				{Value: directory.NewClientSecret(), Expires: noon().Add(time.Second)},
				{Value: directory.NewClientSecret(), Expires: noon()},
			},
			Grants: []directory.Grant{{API: "api://strict", Roles: []string{"Use"}}},
		})
	return t
}

func config(t directory.Tenant) tenant.Config {
	return tenant.Config{Tenants: []directory.Tenant{t}, Now: noon}
}

func TestServeEndsWithItsContext(t *testing.T) {
	i, err := tenant.New(listen(t), config(sample()))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := i.Serve(ctx); err != nil {
		t.Errorf("Serve of an ended context returned %v", err)
	}
	if _, err := net.Dial("tcp", strings.TrimPrefix(i.Origin(), "https://")); err == nil {
		t.Error("the listener still answers")
	}
}

func TestServeWaitsForRequestsInFlight(t *testing.T) {
	home := sample()
	inside, release := make(chan struct{}), make(chan struct{})
	cfg := config(home)
	cfg.OnTokenRequest = func(tenant.TokenRequest) { close(inside); <-release }
	i, err := tenant.New(listen(t), cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended, status := make(chan error, 1), make(chan int, 1)
	go func() { ended <- i.Serve(ctx) }()
	client := trusting(t, i.CAPEM())
	go func() {
		res, err := client.PostForm(i.Authority(home.ID).TokenEndpoint(entra.V2),
			request(home.Clients[0], "api://m2m-demo/.default"))
		if err != nil {
			status <- 0
			return
		}
		res.Body.Close()
		status <- res.StatusCode
	}()
	<-inside
	cancel()
	for refused := false; !refused; { // the shutdown begins by closing the listener
		conn, err := net.Dial("tcp", strings.TrimPrefix(i.Origin(), "https://"))
		if refused = err != nil; !refused {
			conn.Close()
		}
	}
	select {
	case err := <-ended:
		t.Errorf("Serve returned %v with a request in flight", err)
	default:
	}
	close(release)
	if got := <-status; got != http.StatusOK {
		t.Errorf("the request in flight got HTTP %d", got)
	}
	client.CloseIdleConnections()
	if err := <-ended; err != nil {
		t.Errorf("Serve returned %v", err)
	}
}

func TestServeReportsAListenerThatFails(t *testing.T) {
	ln := listen(t)
	i, err := tenant.New(ln, config(sample()))
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	if err := i.Serve(context.Background()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Serve on a closed listener returned %v", err)
	}
}

func TestNewRefusesOtherMachines(t *testing.T) {
	ln, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if _, err := tenant.New(ln, config(sample())); !errors.Is(err, tenant.ErrNotLoopback) {
		t.Errorf("New on 0.0.0.0 returned %v", err)
	}
}

// A client that does not trust the CA is the commonest fault, and the server
// is the one to see it.
func TestFailedHandshakesAreLogged(t *testing.T) {
	lines := make(chan string, 1)
	cfg := config(sample())
	cfg.ErrorLog = log.New(writer(func(line string) { lines <- line }), "", 0)
	r := start(t, cfg)
	_, err := new(http.Client).Get(r.Origin() + "/common/discovery/keys")
	var unknown x509.UnknownAuthorityError
	if !errors.As(err, &unknown) {
		t.Errorf("a client that does not trust the CA got %v", err)
	}
	if line := <-lines; !strings.Contains(line, "TLS handshake error") {
		t.Errorf("logged: %s", line)
	}
}

type writer func(line string)

func (w writer) Write(p []byte) (int, error) { w(string(p)); return len(p), nil }
