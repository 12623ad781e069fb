package control_test

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/entra"
	"m2m/internal/tenant/control"
	"m2m/internal/transport"
)

// endpoint is a control endpoint with one action of each method.
func endpoint(t *testing.T) (*httptest.Server, entra.Secret) {
	t.Helper()
	key := control.NewKey()
	h := &control.Handler{Key: key, Actions: map[string]control.Action{
		"state": control.Get(func() (any, error) { return control.State{Origin: "https://here", Tenants: []string{"t"}}, nil }),
		"clock": control.Post(func(r control.ClockRequest) (any, error) {
			if r.Offset == "fail" {
				return nil, errors.New("it failed")
			}
			return control.Minted{Token: r.Offset}, nil
		}),
		"faults": control.Post(func(control.FaultsRequest) (any, error) { return nil, control.Refuse("no", "do this") }),
	}}
	s := httptest.NewTLSServer(h)
	t.Cleanup(s.Close)
	h.Addr = s.Listener.Addr().String()
	return s, key
}

// Only a program of this user gets in: over TLS, by the endpoint's own name, without an
// Origin, with the key; and only with what the action takes.
func TestHandler(t *testing.T) {
	s, key := endpoint(t)
	type answer struct {
		Status int
		Body   string
	}
	send := func(method, path, body string, change func(*http.Request)) answer {
		req, err := http.NewRequest(method, s.URL+control.Path+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+key.Reveal())
		req.Header.Set("Content-Type", "application/json")
		if change != nil {
			change(req)
		}
		res, err := s.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		got, err := io.ReadAll(res.Body)
		if err != nil || res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("Cache-Control %q, error %v", res.Header.Get("Cache-Control"), err)
		}
		text := string(got)
		if word, _, ok := strings.Cut(strings.TrimPrefix(text, `{"error":"`), `"`); ok && strings.HasPrefix(text, `{"error":"`) {
			text = word
		}
		return answer{res.StatusCode, text}
	}
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for _, c := range []struct {
		name string
		got  answer
		want answer
	}{
		{"good", send("POST", "clock", `{"offset":"1m"}`, nil), answer{200, `{"token":"1m"}`}},
		{"wrong key", send("GET", "state", "", header("Authorization", "Bearer x")), answer{401, "wrong_key"}},
		{"no key", send("GET", "state", "", header("Authorization", "")), answer{401, "wrong_key"}},
		{"web page", send("GET", "state", "", header("Origin", "https://here")), answer{403, "wrong_origin"}},
		{"another name", send("GET", "state", "", func(r *http.Request) { r.Host = "rebound.example" }), answer{403, "wrong_host"}},
		{"unknown path", send("GET", "x", "", nil), answer{404, "not_found"}},
		{"method", send("GET", "clock", "", nil), answer{405, "wrong_method"}},
		{"content type", send("POST", "clock", "{}", header("Content-Type", "text/plain")), answer{415, "wrong_content_type"}},
		{"too large", send("POST", "clock", `{"offset":"`+strings.Repeat("a", 64<<10)+`"}`, nil), answer{413, "too_large"}},
		{"not JSON", send("POST", "clock", "x", nil), answer{400, "bad_json"}},
		{"unknown member", send("POST", "clock", `{"ofset":""}`, nil), answer{400, "bad_json"}},
		{"member twice", send("POST", "clock", `{"offset":"","offset":""}`, nil), answer{400, "bad_json"}},
		{"refused", send("POST", "faults", `{}`, nil), answer{400, "bad_request"}},
		{"failed", send("POST", "clock", `{"offset":"fail"}`, nil), answer{500, "server_error"}},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestClient(t *testing.T) {
	s, key := endpoint(t)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if _, err := x509.ParseCertificate(s.Certificate().Raw); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		t.Fatal(err)
	}
	open := func(address, key string) *control.Client {
		client, err := control.NewClient(control.Access{URL: address, Key: key, CAFile: ca}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return client
	}
	client := open(s.URL+control.Path, key.Reveal())
	state, err := client.State(t.Context())
	if err != nil || state.Origin != "https://here" {
		t.Errorf("state %+v, error %v", state, err)
	}
	_, err = client.SetFaults(t.Context(), control.FaultsRequest{})
	if refused := (*control.Error)(nil); !errors.As(err, &refused) || refused.Reason != "no" ||
		cmp.Diff([]string{"do this"}, refused.Hints()) != "" {
		t.Errorf("a refusal is %v", err)
	}
	_, err = open(s.URL+control.Path, "wrong").State(t.Context())
	if refused := (*control.Error)(nil); !errors.As(err, &refused) || refused.Word != control.WrongKey {
		t.Errorf("with a wrong key: %v", err)
	}
	other := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	_, err = open(other.URL+control.Path, key.Reveal()).State(t.Context())
	if strange, unreachable := (*control.StrangeError)(nil), (*transport.Error)(nil); !errors.As(err, &strange) && !errors.As(err, &unreachable) {
		t.Errorf("what is not a tenant: %v", err)
	}
	s.Close()
	_, err = client.State(t.Context())
	if unreachable := (*transport.Error)(nil); !errors.As(err, &unreachable) {
		t.Errorf("a tenant that has ended: %v", err)
	}
	for _, address := range []string{"http://127.0.0.1:1/", "https://example.com/", ":", ""} {
		if _, err := control.NewClient(control.Access{URL: address}, nil); !errors.Is(err, control.ErrAddress) {
			t.Errorf("%q: %v", address, err)
		}
	}
}
