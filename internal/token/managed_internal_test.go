package token

import (
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

const identityID = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"

// reroute sends requests for IMDS, whose address is fixed, to a server on loopback.
type reroute struct{ to string }

func (r reroute) RoundTrip(req *http.Request) (*http.Response, error) {
	again := req.Clone(req.Context())
	u, err := url.Parse(r.to)
	if err != nil {
		return nil, err
	}
	again.URL.Scheme, again.URL.Host = u.Scheme, u.Host
	return http.DefaultTransport.RoundTrip(again)
}

func writeAnswer(w http.ResponseWriter, status int, body string) {
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func tokenAnswer(resource string) string {
	return fmt.Sprintf(`{"access_token":"eyJ.managed.x","client_id":%q,"expires_on":"%d","expires_in":"86000","resource":%q,"token_type":"Bearer"}`,
		identityID, time.Now().Add(24*time.Hour).Unix(), resource)
}

// askIMDS acquires from a server that stands in for IMDS and returns the pauses.
func askIMDS(t *testing.T, m managedIdentity, answer http.HandlerFunc) (token Token, pauses []time.Duration, err error) {
	t.Helper()
	srv := httptest.NewServer(answer)
	defer srv.Close()
	c := &Client{Wait: func(_ context.Context, d time.Duration) error { pauses = append(pauses, d); return nil }}
	// MSAL keeps tokens by resource for the whole process.
	r := Request{Scope: fmt.Sprintf("api://%s-%d/.default", strings.ToLower(t.Name()), time.Now().UnixNano())}
	token, err = m.acquireFrom(t.Context(), c, r, &endpoint{platform: IMDS, next: reroute{srv.URL}, wait: c.waiter(), debug: c.debug})
	return token, pauses, err
}

func clearPlatform(t *testing.T) {
	t.Helper()
	for _, name := range []string{"IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IDENTITY_SERVER_THUMBPRINT", "MSI_ENDPOINT", "MSI_SECRET", "IMDS_ENDPOINT"} {
		t.Setenv(name, "")
	}
}

func TestIMDS(t *testing.T) {
	clearPlatform(t)
	got, _, err := askIMDS(t, managedIdentity{clientID: identityID}, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if r.Header.Get("Metadata") != "true" || q.Get("api-version") != "2018-02-01" || q.Get("client_id") != identityID {
			writeAnswer(w, 400, `{"error":"bad_request_102","error_description":"Required metadata header not specified"}`)
			return
		}
		writeAnswer(w, 200, tokenAnswer(q.Get("resource")))
	})
	if err != nil || got.ClientID != identityID || !strings.HasPrefix(got.Resource, "api://testimds-") {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestIMDSIsRetriedAsDocumented: tries after 0, 2, 6, 14 and 30 seconds; a 410 lasts up
// to 70.
func TestIMDSIsRetriedAsDocumented(t *testing.T) {
	clearPlatform(t)
	for status, failures := range map[int]int{404: 4, 410: 7, 429: 4, 500: 4, 503: 2} {
		asked := 0
		_, pauses, err := askIMDS(t, managedIdentity{}, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Server", "IMDS/150.870.65.1854")
			if asked++; asked <= failures {
				writeAnswer(w, status, "{}")
				return
			}
			writeAnswer(w, 200, tokenAnswer(r.URL.Query().Get("resource")))
		})
		if err != nil || len(pauses) != failures || pauses[0] != 2*time.Second || pauses[1] != 4*time.Second {
			t.Errorf("%d: %v, pauses %v", status, err, pauses)
		}
	}
}

// TestPlatformsInTheirOwnWords are the answers that are documented or quoted in threads.
func TestPlatformsInTheirOwnWords(t *testing.T) {
	clearPlatform(t)
	for _, tt := range []struct {
		status       int
		server, body string
		identity     string
		reason       PlatformReason
		isRefused    bool
		words        string
	}{
		{400, "IMDS/1", `{"error":"invalid_request","error_description":"Identity not found"}`, "", ReasonNotAssigned, true, "Identity not found"},
		{400, "IMDS/1", `{"error":"invalid_request","error_description":"Multiple user assigned identities exist, please specify the clientId / ` +
			`resourceId of the identity in the token request"}`, "", ReasonSeveral, true, "Multiple user assigned"},
		{400, "IMDS/1", `{"error":"invalid_resource","error_description":"AADSTS500011: The resource principal named api://x was not found"}`,
			"", ReasonResource, true, "AADSTS500011"},
		{400, "", `{"error":"bad_request_102","error_description":"Required metadata header not specified"}`, "", ReasonMetadataHeader, true, "metadata"},
		{401, "IMDS/1", `{"error":"unknown_source","error_description":"unknown source IP"}`, "", ReasonUnknown, true, "unknown source IP"},
		{404, "IMDS/1", `{}`, "", ReasonUpdating, false, "404"},
		{410, "IMDS/1", ``, "", ReasonAway, false, "410"},
		{403, "", `<html><title>403 Forbidden</title>`, "", ReasonNoEndpoint, false, "no managed identity endpoint"},
		{403, "", `connecting to 169.254.169.254:80: unreachable network`, "", ReasonNoEndpoint, false, "no managed identity endpoint"},
		{404, "EC2ws", `<?xml version="1.0"?><html><title>404 - Not Found</title>`, "", ReasonNoEndpoint, false, "no managed identity endpoint"},
		{403, "Metadata Server for VM", `Missing Metadata-Flavor:Google header.`, "", ReasonNoEndpoint, false, "no managed identity endpoint"},
		{200, "", `<html>sign in</html>`, "", ReasonNoEndpoint, false, "no managed identity endpoint"},
	} {
		_, _, err := askIMDS(t, managedIdentity{clientID: tt.identity}, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Server", tt.server)
			writeAnswer(w, tt.status, tt.body)
		})
		var e *PlatformError
		if !errors.As(err, &e) || e.Reason != tt.reason || errors.Is(err, ErrRefused) != tt.isRefused ||
			errors.Is(err, ErrUnavailable) == tt.isRefused || !strings.Contains(err.Error(), tt.words) {
			t.Errorf("%d %s: %v, %+v", tt.status, tt.body, err, e)
		}
	}
	// Nothing answers at all.
	c := &Client{Wait: func(context.Context, time.Duration) error { return nil }}
	_, err := managedIdentity{}.acquireFrom(t.Context(), c, Request{Scope: "api://nothing/.default"},
		&endpoint{platform: IMDS, next: reroute{"http://127.0.0.1:1"}, wait: c.waiter(), debug: c.debug})
	if e := (*PlatformError)(nil); !errors.As(err, &e) || e.Reason != ReasonNoEndpoint || !errors.Is(err, ErrUnavailable) {
		t.Errorf("nothing there: %v", err)
	}
}

// platforms are the others, by the variables that their hosts set.
func TestOtherPlatforms(t *testing.T) {
	const header = "platform-header-123"
	check := func(w http.ResponseWriter, r *http.Request, ok bool) {
		if !ok {
			writeAnswer(w, 401, `{"statusCode":401,"message":"wrong header `+header+`"}`)
			return
		}
		_ = r.ParseForm()
		resource := r.Form.Get("resource")
		if strings.Contains(resource, "unassigned") {
			writeAnswer(w, 400, `{"statusCode":400,"message":"No User Assigned or Delegated Managed Identity found for specified `+
				`ClientId/ResourceId/PrincipalId.","correlationId":"abc-1"}`)
			return
		}
		writeAnswer(w, 200, tokenAnswer(resource))
	}
	for name, tt := range map[string]struct {
		env      map[string]string // URL stands for the server's
		handler  http.HandlerFunc
		platform Platform
	}{
		"App Service": {
			map[string]string{"IDENTITY_ENDPOINT": "URL/msi/token", "IDENTITY_HEADER": header},
			func(w http.ResponseWriter, r *http.Request) {
				check(w, r, r.Header.Get("X-IDENTITY-HEADER") == header && r.URL.Query().Get("api-version") == "2019-08-01")
			}, AppService,
		},
		"Azure ML": {
			map[string]string{"MSI_ENDPOINT": "URL/msi/token", "MSI_SECRET": header},
			func(w http.ResponseWriter, r *http.Request) {
				check(w, r, r.Header.Get("secret") == header && r.URL.Query().Get("api-version") == "2017-09-01")
			}, AzureML,
		},
		"Cloud Shell": {
			map[string]string{"MSI_ENDPOINT": "URL/oauth2/token"},
			func(w http.ResponseWriter, r *http.Request) {
				check(w, r, r.Method == http.MethodPost && r.Header.Get("Metadata") == "true")
			}, CloudShell,
		},
	} {
		t.Run(name, func(t *testing.T) {
			clearPlatform(t)
			srv := httptest.NewServer(tt.handler)
			defer srv.Close()
			for variable, value := range tt.env {
				t.Setenv(variable, strings.Replace(value, "URL", srv.URL, 1))
			}
			c := &Client{Wait: func(context.Context, time.Duration) error { return nil }}
			scope := "api://" + strings.ReplaceAll(strings.ToLower(name), " ", "-")
			got, err := c.Acquire(t.Context(), Request{Scope: scope + "/.default", Credential: NewManagedIdentity("")})
			if err != nil || got.ClientID != identityID || got.Resource != scope {
				t.Errorf("%+v, %v", got, err)
			}
			_, err = c.Acquire(t.Context(), Request{Scope: scope + "-unassigned/.default", Credential: NewManagedIdentity("")})
			var e *PlatformError
			if !errors.As(err, &e) || e.Platform != tt.platform || !errors.Is(err, ErrRefused) || e.ID != "abc-1" ||
				!strings.Contains(err.Error(), "No User Assigned") {
				t.Errorf("unassigned: %v", err)
			}
			for variable := range tt.env {
				if strings.HasSuffix(variable, "HEADER") || strings.HasSuffix(variable, "SECRET") {
					t.Setenv(variable, "other")
					_, err = c.Acquire(t.Context(), Request{Scope: scope + "-header/.default", Credential: NewManagedIdentity("")})
					if !errors.As(err, &e) || e.Reason != ReasonWrongHeader || strings.Contains(err.Error(), "other") {
						t.Errorf("wrong header: %v", err)
					}
				}
			}
		})
	}
}

// TestServiceFabric pins the endpoint's certificate by its thumbprint.
func TestServiceFabric(t *testing.T) {
	clearPlatform(t)
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Secret") != "fabric" || strings.Contains(r.URL.Query().Get("resource"), "missing") {
			writeAnswer(w, 404, `{"error":{"correlationId":"f-1","code":"ManagedIdentityNotFound","message":"No managed identity for the app, fabric"}}`)
			return
		}
		writeAnswer(w, 200, fmt.Sprintf(`{"token_type":"Bearer","access_token":"eyJ.fabric.x","expires_on":%d,"resource":"x"}`,
			time.Now().Add(time.Hour).Unix()))
	}))
	defer srv.Close()
	t.Setenv("IDENTITY_ENDPOINT", srv.URL)
	t.Setenv("IDENTITY_HEADER", "fabric")
	t.Setenv("IDENTITY_SERVER_THUMBPRINT", fmt.Sprintf("%X", sha1.Sum(srv.Certificate().Raw)))
	c := &Client{}
	if got, err := c.Acquire(t.Context(), Request{Scope: "api://fabric/.default", Credential: NewManagedIdentity("")}); err != nil ||
		got.Access.Reveal() != "eyJ.fabric.x" {
		t.Errorf("%+v, %v", got, err)
	}
	_, err := c.Acquire(t.Context(), Request{Scope: "api://fabric-missing/.default", Credential: NewManagedIdentity("")})
	var e *PlatformError
	if !errors.As(err, &e) || e.Platform != ServiceFabric || e.Reason != ReasonNotAssigned || e.Code != "ManagedIdentityNotFound" ||
		!strings.Contains(e.Message, "the app, [redacted]") || e.ID != "f-1" {
		t.Errorf("%v, %+v", err, e)
	}
	t.Setenv("IDENTITY_SERVER_THUMBPRINT", strings.Repeat("0", 40))
	_, err = c.Acquire(t.Context(), Request{Scope: "api://fabric-other/.default", Credential: NewManagedIdentity("")})
	if !errors.As(err, &e) || e.Reason != ReasonNoAnswer {
		t.Errorf("another certificate: %v", err)
	}
	_, err = c.Acquire(t.Context(), Request{Scope: "api://fabric/.default", Credential: NewManagedIdentity(identityID)})
	if !errors.Is(err, ErrSettings) {
		t.Errorf("user-assigned: %v", err)
	}
}

// TestArc follows the challenge to the agent's key file, in the agent's own folder.
func TestArc(t *testing.T) {
	clearPlatform(t)
	const folder = "/var/opt/azcmagent/tokens"
	if runtime.GOOS != "linux" || os.MkdirAll(folder, 0o700) != nil {
		t.Skip("the agent's folder cannot be made here")
	}
	key := filepath.Join(folder, fmt.Sprintf("test-%d.key", os.Getpid()))
	if err := os.WriteFile(key, []byte("arc-key"), 0o600); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = os.Remove(key) })
	challenge := "Basic realm=" + key
	echo := true
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Authorization") != "Basic arc-key":
			if challenge != "" {
				w.Header().Set("WWW-Authenticate", challenge)
			}
			w.WriteHeader(401)
		case !echo:
			writeAnswer(w, 200, strings.Replace(tokenAnswer("x"), identityID, "", 1))
		default:
			writeAnswer(w, 200, tokenAnswer(r.URL.Query().Get("resource")))
		}
	}))
	defer srv.Close()
	t.Setenv("IDENTITY_ENDPOINT", srv.URL)
	t.Setenv("IMDS_ENDPOINT", srv.URL)
	c := &Client{Wait: func(context.Context, time.Duration) error { return nil }}
	ask := func(scope, identity string) error {
		_, err := c.Acquire(t.Context(), Request{Scope: "api://arc-" + scope + "/.default", Credential: NewManagedIdentity(identity)})
		return err
	}
	if err := ask("a", identityID); err != nil {
		t.Fatal(err)
	}
	expect := func(what string, err error, reason PlatformReason) {
		t.Helper()
		var e *PlatformError
		if !errors.As(err, &e) || e.Platform != AzureArc || e.Reason != reason || !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: %v, want %s", what, err, reason)
		}
	}
	echo = false
	expect("an old agent", ask("b", identityID), ReasonOldAgent)
	echo = true
	challenge = "Basic realm=" + key + "2.key"
	expect("no file", ask("c", ""), ReasonKeyFileMissing)
	challenge = "Basic realm=/etc/passwd"
	expect("another file", ask("d", ""), ReasonKeyFileStrange)
	challenge = ""
	expect("no challenge", ask("e", ""), ReasonKeyFileStrange)
}

// TestUnreachablePlatform: the platform's own endpoint does not answer.
func TestUnreachablePlatform(t *testing.T) {
	clearPlatform(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	t.Setenv("IDENTITY_ENDPOINT", "http://"+address)
	t.Setenv("IDENTITY_HEADER", "x")
	_, err = (&Client{}).Acquire(t.Context(), Request{Scope: "api://gone/.default", Credential: NewManagedIdentity("")})
	if e := (*PlatformError)(nil); !errors.As(err, &e) || e.Platform != AppService || e.Reason != ReasonNoAnswer {
		t.Errorf("%v", err)
	}
}

func FuzzPlatformAnswer(f *testing.F) {
	f.Add(400, `{"error":{"code":"x","message":"AADSTS500011 y"}}`)
	f.Add(403, "<html><title>a\x1b[31m</title>")
	f.Fuzz(func(t *testing.T, status int, body string) {
		for _, p := range []Platform{IMDS, AppService, GitHubActions, AzurePipelines, ServiceFabric} {
			e := platformAnswer(p, status, http.Header{}, []byte(body))
			if errors.Is(e, ErrRefused) == errors.Is(e, ErrUnavailable) || strings.ContainsAny(e.Error(), "\x1b\n") {
				t.Errorf("%s %d %q: %q", p, status, body, e)
			}
		}
	})
}
