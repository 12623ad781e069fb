package tenant_test

import (
	"context"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"m2m/internal/tenant"
	"m2m/internal/tenant/intercept"
)

// parentProxy is a proxy of the test's own, which takes every tunnel to the one
// server that it knows, and remembers what it was asked for.
type parentProxy struct {
	*httptest.Server
	mu      sync.Mutex
	asked   []string
	headers []http.Header
}

func newParent(t *testing.T, destination string) *parentProxy {
	p := &parentProxy{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked, p.headers = append(p.asked, r.Method+" "+r.RequestURI), append(p.headers, r.Header)
		p.mu.Unlock()
		far, err := net.Dial("tcp", destination)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		near, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			far.Close()
			return
		}
		carryBoth(near, buffered.Reader, far)
	}))
	t.Cleanup(p.Close)
	return p
}

// carryBoth sends its answer and the first bytes of the other end as they come,
// which may be in one packet.
func carryBoth(near net.Conn, from io.Reader, far net.Conn) {
	defer near.Close()
	defer far.Close()
	_, _ = io.WriteString(near, "HTTP/1.1 200 OK\r\nVia: test\r\n\r\n")
	go func() {
		_, _ = io.Copy(far, from)
		_ = far.(*net.TCPConn).CloseWrite()
	}()
	_, _ = io.Copy(near, far)
}

func (p *parentProxy) requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.asked...)
}

// Any other host is reached through the parent's proxy, and its TLS is its own:
// the certificate that arrives is the server's.
func TestOtherHostsReachTheParentUntouched(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s", r.Host, r.Header.Get("Authorization"))
	}))
	defer server.Close()
	parent := newParent(t, server.Listener.Addr().String())
	address := parseURL(t, parent.URL)
	address.User = url.UserPassword("corp", "p@ss:word")
	i := startIntercepted(t, address)
	roots := server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs.Clone()
	roots.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: readCA(t, i.CAPEM()).Raw}))
	i.http.Transport.(*http.Transport).TLSClientConfig.RootCAs = roots

	request, err := http.NewRequest(http.MethodGet, "https://example.com/path", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer mine")
	response, err := i.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || string(body) != "example.com Bearer mine" {
		t.Errorf("the server got %q, %v", body, err)
	}
	if !response.TLS.PeerCertificates[0].Equal(server.Certificate()) {
		t.Errorf("the certificate is that of %s", response.TLS.PeerCertificates[0].Subject)
	}
	if asked := parent.requests(); len(asked) != 1 || asked[0] != "CONNECT example.com:443" {
		t.Errorf("the parent was asked for %q", asked)
	}
	if got, want := parent.headers[0].Get("Proxy-Authorization"),
		"Basic "+base64.StdEncoding.EncodeToString([]byte("corp:p@ss:word")); got != want {
		t.Errorf("the parent's credentials arrived as %q", got)
	}
	// The login hosts never reach it.
	if answer := i.get("/" + sample().ID + "/v2.0/.well-known/openid-configuration"); answer.status != http.StatusOK ||
		len(parent.requests()) != 1 {
		t.Errorf("HTTP %d; the parent was asked for %q", answer.status, parent.requests())
	}
	if len(i.tunnels) != 1 || i.tunnels[0].Target != "example.com:443" || i.tunnels[0].Status != http.StatusOK {
		t.Errorf("reported: %+v", i.tunnels)
	}
}

// Half-close: the end of what the client sends reaches the server, whose answer
// still comes back.
func TestTunnelClosesOneDirectionAtATime(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() {
		conn, err := server.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		all, _ := io.ReadAll(conn) // until the client has said all
		_, _ = conn.Write(all)
	}()
	i := startIntercepted(t, parseURL(t, newParent(t, server.Addr().String()).URL))
	conn := i.open(t, "example.com:443")
	_, _ = conn.Write(make([]byte, 1<<20))
	_ = conn.(*net.TCPConn).CloseWrite()
	answer, err := io.ReadAll(conn)
	if err != nil || len(answer) != 1<<20 {
		t.Errorf("the answer has %d bytes, %v", len(answer), err)
	}
}

// The end of the tenant is the end of its tunnels, and Serve waits for them:
// the harness fails if it does not return.
func TestTunnelsEndWithTheTenant(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	parent := newParent(t, silent.Addr().String())
	cfg := config(sample())
	cfg.Intercept = &intercept.Options{Listener: listen(t), Parent: http.ProxyURL(parseURL(t, parent.URL))}
	made, err := tenant.New(listen(t), cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- made.Serve(ctx) }()
	i := &intercepted{running: &running{Server: made, t: t}, proxy: parseURL(t, made.ProxyURL().Reveal())}
	conn := i.open(t, "example.com:443")
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Serve returned %v", err)
	}
	if n, err := conn.Read(make([]byte, 1)); err == nil {
		t.Errorf("read %d bytes from a tunnel that has ended", n)
	}
	if _, err := net.Dial("tcp", i.proxy.Host); err == nil {
		t.Error("the proxy still answers")
	}
}

// A parent may speak SOCKS 5 (RFC 1928), with a user name and password (RFC
// 1929). It resolves the name.
func TestParentThatSpeaksSOCKS(t *testing.T) {
	asked := make(chan string, 1)
	parent := listen(t)
	defer parent.Close()
	go func() {
		conn, err := parent.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		asked <- answerSOCKS(conn)
		_, _ = io.WriteString(conn, "from the far end")
	}()
	i := startIntercepted(t,
		&url.URL{Scheme: "socks5h", Host: parent.Addr().String(), User: url.UserPassword("corp", "word")})
	got, err := io.ReadAll(i.open(t, "example.com:443"))
	if err != nil || string(got) != "from the far end" {
		t.Errorf("read %q, %v", got, err)
	}
	if got, want := <-asked, "corp/word example.com:443"; got != want {
		t.Errorf("the parent was asked with %q, want %q", got, want)
	}
}

// answerSOCKS lets a client in and says what it asked for.
func answerSOCKS(conn net.Conn) string {
	read := func(n byte) []byte {
		b := make([]byte, n)
		_, _ = io.ReadFull(conn, b)
		return b
	}
	read(read(2)[1]) // version, methods
	_, _ = conn.Write([]byte{5, 2})
	user := read(read(2)[1])
	password := read(read(1)[0])
	_, _ = conn.Write([]byte{1, 0})
	host := read(read(5)[4]) // version, connect, reserved, a name
	port := read(2)
	_, _ = conn.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	return fmt.Sprintf("%s/%s %s:%d", user, password, host, int(port[0])<<8|int(port[1]))
}

// What a parent answers with is its own affair, and never passed on as ours:
// its 407 is not a question for our credentials.
func TestParentThatRefuses(t *testing.T) {
	parent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Proxy-Authenticate", "Basic")
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	defer parent.Close()
	i := startIntercepted(t, parseURL(t, parent.URL))
	answer, body := i.connect("example.com:443")
	if answer.StatusCode != http.StatusBadGateway ||
		!strings.Contains(body, "the parent proxy failed: it answered CONNECT with HTTP 407") {
		t.Errorf("the answer is %s %q", answer.Status, body)
	}
}

// A parent's answer is read so far and no further; what it tunnels has no bound.
func TestParentThatTalksTooMuch(t *testing.T) {
	parent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Via", strings.Repeat("a", 128<<10))
	}))
	defer parent.Close()
	i := startIntercepted(t, parseURL(t, parent.URL))
	answer, body := i.connect("example.com:443")
	if answer.StatusCode != http.StatusBadGateway || !strings.Contains(body, "its answer to CONNECT cannot be read") {
		t.Errorf("the answer is %s %q", answer.Status, body)
	}
}
