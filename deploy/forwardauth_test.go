package deploy_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestNginx(t *testing.T) {
	h := newHouse(t)
	address := freeAddress(t)
	config := configured(t, "nginx/nginx.conf", map[string]string{
		"127.0.0.1:8000": h.addr, "127.0.0.1:9000": application(t), "127.0.0.1:8080": address,
	})
	folder := filepath.Dir(config)
	if err := os.Mkdir(filepath.Join(folder, "tmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	nginx := run(t, nil, "nginx", "-p", folder, "-c", config)
	answers(t, nginx, address)
	judgedByM2M(t, h, address)
}

func TestCaddy(t *testing.T) {
	h := newHouse(t)
	address := freeAddress(t)
	config := configured(t, "caddy/Caddyfile", map[string]string{
		"127.0.0.1:8000": h.addr, "127.0.0.1:9000": application(t), ":8080": address[strings.LastIndex(address, ":"):],
	})
	caddy := run(t, nil, "caddy", "run", "--config", config, "--adapter", "caddyfile")
	answers(t, caddy, address)
	t.Run("lets WebSocket through", func(t *testing.T) {
		got := send(t, address, "Authorization: Bearer "+h.token(t, "client.env"), "Connection: Upgrade",
			"Upgrade: websocket")
		if !strings.Contains(got.body, `Upgrade: ["websocket"]`) {
			t.Errorf("status %d, the application got\n%s", got.status, got.body)
		}
	})
	judgedByM2M(t, h, address)
}

// judgedByM2M is what a proxy with m2m as its judge must do.
func judgedByM2M(t *testing.T, h house, address string) {
	bearer := "Authorization: Bearer " + h.token(t, "client.env")
	t.Run("lets in whom m2m believes, and says who it is", func(t *testing.T) {
		got := send(t, address, bearer)
		assertIdentity(t, got)
		if strings.Contains(got.body, "Authorization") {
			t.Errorf("the application got the token")
		}
	})
	t.Run("serves the metadata without a token", func(t *testing.T) {
		response, err := http.Get("http://" + address + "/.well-known/oauth-protected-resource")
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if body, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusOK || !strings.Contains(string(body), `"resource":`) {
			t.Errorf("status %d: %s", response.StatusCode, body)
		}
		got := send(t, address)
		if challenge := got.header.Get("WWW-Authenticate"); got.status != http.StatusUnauthorized ||
			!strings.Contains(challenge, "resource_metadata=") || !strings.Contains(challenge, "scope=") {
			t.Errorf("status %d, challenge %q", got.status, challenge)
		}
	})
	t.Run("lets in a caller of many roles", func(t *testing.T) {
		roles := `roles=["Data.Read"` + strings.Repeat(`,"Another.Role.Of.The.Api"`, 400) + "]"
		got := send(t, address, "Authorization: Bearer "+h.mint(t, "--claim-json", roles))
		if got.status != http.StatusOK || strings.Count(got.body, "Another.Role.Of.The.Api") != 400 {
			t.Errorf("status %d: %.200s", got.status, got.body)
		}
	})
	for name, headers := range map[string][]string{
		"the names":   {"X-Auth-Roles: Admin", "X-Auth-Client-Id: Admin", "X-Auth-Tenant-Id: Admin"},
		"lower case":  {"x-auth-roles: Admin"},
		"twice":       {"X-Auth-Roles: Admin", "X-Auth-Roles: Admin"},
		"underscores": {"X_Auth_Roles: Admin", "X-Auth_Client-Id: Admin", "x_auth_tenant_id: Admin"},
		"dots":        {"X.Auth.Roles: Admin", "x.auth-client.id: Admin"},
		"other punctuation": {"X~Auth~Roles: Admin", "X!Auth-Client^Id: Admin", "x`auth|tenant'id: Admin",
			"X+AUTH$ROLES: Admin"},
		"named by Connection": {"Connection: X-Auth-Roles, X-Auth-Client-Id, X-Auth-Tenant-Id"},
		"named by two":        {"Connection: keep-alive, x-auth-roles", "Connection: X-Auth-Client-Id"},
		"a trailer":           {"Transfer-Encoding: chunked", "Trailer: X-Auth-Roles", "", "0", "X-Auth-Roles: Admin"},
		"a tunnel":            {"Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"},
	} {
		t.Run("cannot be lied to: "+name, func(t *testing.T) {
			got := send(t, address, append([]string{bearer}, headers...)...)
			if got.status == http.StatusBadRequest || got.status == http.StatusUnauthorized {
				return // the trick is refused, which is better still
			}
			assertIdentity(t, got)
			if strings.Contains(got.body, "Admin") || strings.Contains(got.body, "Upgrade") {
				t.Errorf("the application got\n%s", got.body)
			}
		})
	}
	for _, tt := range []struct {
		name    string
		headers []string
		status  int
		says    string
	}{
		{"no token", nil, 401, `Bearer realm="m2m"`},
		{"no token, a lie", []string{"X-Auth-Roles: Data.Read"}, 401, `Bearer realm="m2m"`},
		{"a bad token", []string{"Authorization: Bearer x.y.z"}, 401, `error="invalid_token"`},
		{"two tokens", []string{bearer, bearer}, 401, ""},
		{"no role", []string{"Authorization: Bearer " + h.token(t, "client-without-role.env")}, 403, ""},
	} {
		t.Run("refuses "+tt.name, func(t *testing.T) {
			got := send(t, address, tt.headers...)
			if tt.name == "two tokens" && got.status == http.StatusBadRequest {
				return // the proxy's own answer
			}
			if got.status != tt.status || !strings.Contains(got.header.Get("WWW-Authenticate"), tt.says) {
				t.Errorf("status %d, challenge %q; want %d, %s", got.status, got.header["Www-Authenticate"], tt.status, tt.says)
			}
		})
	}
	t.Run("lets nobody in without m2m", func(t *testing.T) {
		_ = h.gate.Process.Signal(syscall.SIGTERM)
		<-h.gate.ended
		if got := send(t, address, bearer); got.status != http.StatusServiceUnavailable &&
			got.status != http.StatusBadGateway {
			t.Errorf("status %d", got.status)
		}
	})
}

func assertIdentity(t *testing.T, got answer) {
	t.Helper()
	if got.status != http.StatusOK {
		t.Fatalf("status %d: %s", got.status, got.body)
	}
	for _, want := range []string{`X-Auth-Client-Id: ["e11eefb9-`, `X-Auth-Roles: ["Data.Read"]`, `X-Auth-Tenant-Id: ["`} {
		if !strings.Contains(got.body, want) {
			t.Errorf("the application got\n%s\nwhich lacks %s", got.body, want)
		}
	}
	if n := strings.Count(strings.ToLower("\n"+got.body), "\nx-auth"); n != 3 {
		t.Errorf("%d identity headers, want 3", n)
	}
}

type answer struct {
	status int
	header http.Header
	body   string
}

// send writes a request as it is; no client tidies it up.
func send(t *testing.T, address string, headers ...string) answer {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /orders HTTP/1.1\r\nHost: x\r\n%s\r\n", strings.Join(append(headers, ""), "\r\n"))
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(body)}
}
