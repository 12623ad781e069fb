package tenant_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/entra"
	"m2m/internal/tenant"
	"m2m/internal/tenant/control"
	"m2m/internal/tenant/fault"
	"m2m/internal/tenant/keyring"
)

func (r *running) inject(t *testing.T, specs ...string) {
	t.Helper()
	for _, spec := range specs {
		f, err := fault.Parse(spec)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Inject(f); err != nil {
			t.Fatal(err)
		}
	}
}

const keysPath = "/common/discovery/v2.0/keys"

func TestFaultAnswers(t *testing.T) {
	r := start(t, config(sample()))
	for _, tt := range []struct {
		spec         string
		status       int
		kind, retry  string // Content-Type and Retry-After
		body, target string // part of the body; Location
	}{
		{"keys:429", 429, "text/plain; charset=utf-8", "60", "Too Many Requests", ""},
		{"keys:429,retry-after=0", 429, "text/plain; charset=utf-8", "0", "Too Many Requests", ""},
		{"keys:500", 500, "application/json; charset=utf-8", "", `"error_codes":[50000]`, ""},
		{"keys:502", 502, "text/html; charset=utf-8", "", "<h1>502 Bad Gateway</h1>", ""},
		{"keys:503,retry-after=7", 503, "application/json; charset=utf-8", "7", `"error":"temporarily_unavailable"`, ""},
		{"keys:504", 504, "text/html; charset=utf-8", "", "<h1>504 Gateway Timeout</h1>", ""},
		{"keys:html", 200, "text/html; charset=utf-8", "", "<!DOCTYPE html>", ""},
		{"keys:redirect", 307, "", "", "", "https://login.elsewhere.invalid" + keysPath},
		{"keys:redirect=https://a.example/b", 307, "", "", "", "https://a.example/b"},
		{"keys:latency=1ms", 200, "application/json; charset=utf-8", "", `"kid"`, ""},
		{"keys:slow=20ms", 200, "application/json; charset=utf-8", "", `"kid"`, ""},
		{"keys:empty", 200, "application/json; charset=utf-8", "", `{"keys":[]}`, ""},
	} {
		t.Run(tt.spec, func(t *testing.T) {
			r.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			r.ClearFaults()
			r.inject(t, tt.spec)
			got := r.get(keysPath)
			if got.status != tt.status || got.header.Get("Content-Type") != tt.kind ||
				got.header.Get("Retry-After") != tt.retry || got.header.Get("Location") != tt.target {
				t.Errorf("HTTP %d, %v", got.status, got.header)
			}
			if !bytes.Contains(got.body, []byte(tt.body)) {
				t.Errorf("the body is %.200s", got.body)
			}
			if other := r.get("/common/v2.0/.well-known/openid-configuration"); other.status != http.StatusOK {
				t.Errorf("discovery, which has no fault, answers HTTP %d", other.status)
			}
		})
	}
}

// Each place has its faults to itself.
func TestFaultPlaces(t *testing.T) {
	home := sample()
	r := start(t, config(home))
	ask := map[string][]func() answer{
		"token": {
			func() answer {
				return r.post("/"+home.ID+"/oauth2/v2.0/token", request(home.Clients[0], "api://m2m-demo/.default"))
			},
			func() answer {
				return r.post("/"+home.ID+"/oauth2/token", requestV1(home.Clients[0], "api://m2m-demo"))
			},
		},
		"discovery": {
			func() answer { return r.get("/common/v2.0/.well-known/openid-configuration") },
			func() answer { return r.get("/common/.well-known/openid-configuration") },
		},
		"keys": {
			func() answer { return r.get(keysPath) },
			func() answer { return r.get("/common/discovery/keys") },
		},
		"instance": {
			func() answer {
				return r.get("/common/discovery/instance?api-version=1.1&authorization_endpoint=https://login.microsoftonline.com/common/oauth2/v2.0/authorize")
			},
		},
	}
	for faulty := range ask {
		r.ClearFaults()
		r.inject(t, faulty+":504")
		for place, asks := range ask {
			want := http.StatusOK
			if place == faulty {
				want = http.StatusGatewayTimeout
			}
			for n, a := range asks {
				if got := a().status; got != want {
					t.Errorf("%s:504: %s %d answers HTTP %d, want %d", faulty, place, n, got, want)
				}
			}
		}
	}
}

func TestFaultReset(t *testing.T) {
	r := start(t, config(sample()))
	r.inject(t, "keys:reset")
	for _, http2 := range []bool{true, false} {
		protocols := new(http.Protocols)
		protocols.SetHTTP1(!http2)
		protocols.SetHTTP2(http2)
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(r.CAPEM())
		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, Protocols: protocols}
		defer transport.CloseIdleConnections()
		_, err := (&http.Client{Transport: transport}).Get(r.Origin() + keysPath)
		// A client that reads a reset after a write met it sees an orderly end: HTTP/2 writes
		// whenever it likes to.
		if ended := errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF); !errors.Is(err, syscall.ECONNRESET) &&
			!(http2 && ended) {
			t.Errorf("HTTP/2 %t: %v", http2, err)
		}
	}
}

func TestFaultOversized(t *testing.T) {
	r := start(t, config(sample()))
	r.inject(t, "keys:oversized")
	if n := len(r.get(keysPath).body); n < 64<<20 {
		t.Errorf("the body is %d bytes", n)
	}
}

// Waiting ends with the client, and with the server.
func TestFaultsKeepNobodyWaiting(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for real")
	}
	for _, spec := range []string{"keys:latency=10m", "keys:slow=10m", "token:latency=10m"} {
		t.Run(spec, func(t *testing.T) {
			reported := make(chan fault.Answer, 1)
			home, cfg := sample(), config(sample())
			cfg.OnFault = func(f fault.Answer) { reported <- f }
			r := start(t, cfg) // its end fails if the server waits for the request
			r.inject(t, spec)
			ctx, cancel := context.WithCancel(t.Context())
			var group sync.WaitGroup
			group.Go(func() {
				req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.Origin()+keysPath, nil)
				if strings.HasPrefix(spec, "token") {
					form := request(home.Clients[0], "api://m2m-demo/.default").Encode()
					req, err = http.NewRequestWithContext(ctx, http.MethodPost, r.Authority(home.ID).TokenEndpoint(entra.V2),
						strings.NewReader(form))
				}
				if err != nil {
					t.Error(err)
					return
				}
				res, err := r.http.Do(req)
				if err == nil {
					_, err = io.ReadAll(res.Body)
					res.Body.Close()
				}
				if err == nil {
					t.Error("the answer came")
				}
			})
			if f := <-reported; f.Fault != spec || f.Time.IsZero() || f.Path == "" {
				t.Errorf("reported: %+v", f)
			}
			cancel()
			group.Wait()
		})
	}
}

// A request that still waits when the server ends does not get an empty 200.
func TestLatencyEndsWithTheServer(t *testing.T) {
	cfg := config(sample())
	ctx, cancel := context.WithCancel(t.Context())
	cfg.OnFault = func(fault.Answer) { cancel() }
	made, err := tenant.New(listen(t), cfg)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- made.Serve(ctx) }()
	r := &running{Server: made, t: t, http: trusting(t, made.CAPEM())}
	r.inject(t, "keys:latency=10m")
	if got := r.get(keysPath); got.status != http.StatusServiceUnavailable || len(got.body) > 0 {
		t.Errorf("HTTP %d %s", got.status, got.body)
	}
	if err := <-ended; err != nil {
		t.Errorf("Serve returned %v", err)
	}
}

func TestFaultTimesAndOrder(t *testing.T) {
	r := start(t, config(sample()))
	r.inject(t, "keys:503,times=2", "keys:429,times=1", "keys:latency=1ns", "keys:html,times=1")
	var got []int
	for range 5 {
		got = append(got, r.get(keysPath).status)
	}
	if want := []int{503, 503, 429, 200, 200}; !slices.Equal(got, want) {
		t.Errorf("statuses %v, want %v", got, want)
	}
	want := []fault.State{{Fault: "keys:latency=1ns", Answered: 5}}
	if diff := cmp.Diff(want, r.Faults()); diff != "" {
		t.Errorf("in force (-want +got):\n%s", diff)
	}
	r.ClearFaults()
	r.inject(t, "keys:empty,times=2")
	if a, b, c := len(r.keySet(t)), len(r.keySet(t)), len(r.keySet(t)); a != 0 || b != 0 || c == 0 {
		t.Errorf("sets of %d, %d and %d keys, want 0, 0 and some", a, b, c)
	}
	if len(r.Faults()) != 0 {
		t.Errorf("in force: %+v", r.Faults())
	}
}

func TestFaultClockAndLifetime(t *testing.T) {
	home := sample()
	r := start(t, config(home))
	r.inject(t, "token:lifetime=5s", "clock=+10m")
	got := r.post("/"+home.ID+"/oauth2/v2.0/token", request(home.Clients[0], "api://m2m-demo/.default"))
	var body struct {
		ExpiresIn int    `json:"expires_in"`
		Token     string `json:"access_token"`
	}
	got.decode(t, &body)
	var claims struct {
		NotBefore int64 `json:"nbf"`
		Expires   int64 `json:"exp"`
	}
	if err := json.Unmarshal([]byte(takeApart(t, body.Token).payload), &claims); err != nil {
		t.Fatal(err)
	}
	ahead := noon().Add(10 * time.Minute)
	if body.ExpiresIn != 4 || claims.Expires != ahead.Add(5*time.Second).Unix() ||
		claims.NotBefore != ahead.Add(-5*time.Minute).Unix() {
		t.Errorf("expires_in %d, nbf %d, exp %d", body.ExpiresIn, claims.NotBefore, claims.Expires)
	}
}

func TestControlFaults(t *testing.T) {
	r, key := controlled(t)
	set := func(body string) (s control.State) {
		t.Helper()
		got := r.control(key, http.MethodPost, "faults", body)
		got.decode(t, &s)
		if got.status != http.StatusOK {
			t.Fatalf("HTTP %d %s", got.status, got.body)
		}
		return s
	}
	set(`{"add":["token:503"]}`)
	s := set(`{"add":["clock=-1h","keys:flap","token:lifetime=5s","token:latency=1s,times=3"]}`)
	want := []fault.State{
		{Fault: "clock=-1h"}, {Fault: "keys:flap"}, {Fault: "token:lifetime=5s"}, {Fault: "token:503"},
		{Fault: "token:latency=1s,times=3"},
	}
	if diff := cmp.Diff(want, s.Faults); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	refused := r.control(key, http.MethodPost, "faults", `{"clear":true,"add":["keys:empty","tokn:429"]}`)
	if !bytes.Contains(refused.body, []byte("did you mean token?")) || refused.status != http.StatusBadRequest ||
		len(set(`{}`).Faults) != 5 {
		t.Errorf("one that is misspelt: HTTP %d %s", refused.status, refused.body)
	}
	if s := set(`{"clear":true,"add":["keys:empty"]}`); len(s.Faults) != 1 || s.KeySet != keyring.Empty ||
		s.Clock != "0s" {
		t.Errorf("cleared: %+v", s)
	}
}
