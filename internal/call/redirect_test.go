package call_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"m2m/internal/call"
	"m2m/internal/call/calltest"
	"m2m/internal/entra"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestRedirectNeverTakesTheTokenElsewhere(t *testing.T) {
	thief := calltest.Serve(t, func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the other origin was called: %s, Authorization %q", r.Method, r.Header.Get("Authorization"))
	})
	for _, tt := range []struct{ name, location string }{
		{"another port", thief.URL + "/take"},
		{"another host name for the same server", strings.Replace(thief.URL, "127.0.0.1", "localhost", 1) + "/take"},
		{"no scheme", strings.TrimPrefix(thief.URL, "http:") + "/take"},
	} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			t.Run(tt.name, func(t *testing.T) {
				api := calltest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Location", tt.location)
					w.WriteHeader(status)
				})
				req := calltest.Request(t, api.URL)
				req.Token, req.Follow = entra.NewSecret("abc"), true
				a := calltest.Do(t, calltest.Client(t), req)
				if a.Status != status || len(a.Redirects) != 1 || a.Redirects[0].Followed ||
					!strings.Contains(a.Redirects[0].Reason, "another origin") {
					t.Errorf("status %d, redirects %+v", a.Status, a.Redirects)
				}
			})
		}
	}
}

// Unicode lowers İ to i and K to k, IDNA does not: a connection to such a
// host is one to another host, which must get neither token nor content.
func TestRedirectToALookalikeIsAnotherOrigin(t *testing.T) {
	for _, host := range []string{"apİ.kafka.test", "ap%C4%B0.kafka.test", "api.\u212Aafka.test", "api.\u212Aafka.test:80",
		"api.kaf\u212Aa.te\u017Ft"} {
		var called []string
		api := calltest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
			called = append(called, r.Host+r.URL.Path)
			w.Header().Set("Location", "http://"+host+"/take")
			w.WriteHeader(http.StatusTemporaryRedirect)
		})
		everywhere := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, api.Listener.Addr().String())
		}}
		t.Cleanup(everywhere.CloseIdleConnections)
		req := calltest.Request(t, "http://api.kafka.test/a")
		req.Method, req.Body, req.Token = "POST", call.BytesBody([]byte("content")), entra.NewSecret("abc")
		req.Follow, req.AllowPlainHTTP = true, true
		a := calltest.Do(t, &call.Client{Transport: everywhere}, req)
		if a.Status != 307 || len(a.Redirects) != 1 || a.Redirects[0].Followed ||
			!strings.Contains(a.Redirects[0].Reason, "another origin") {
			t.Errorf("%q: status %d, redirects %+v", host, a.Status, a.Redirects)
		}
		if diff := cmp.Diff([]string{"api.kafka.test/a"}, called); diff != "" {
			t.Errorf("%q: calls (-want +got):\n%s", host, diff)
		}
	}
}

// A request that was not made by ResolveURL is held to the same.
func TestRequestToAnotherAlphabetIsRefused(t *testing.T) {
	req := call.Request{URL: &url.URL{Scheme: "https", Host: "apİ.example.org", Path: "/"}}
	if err := req.Check(true); !errors.Is(err, call.ErrAddress) {
		t.Errorf("Check = %v, want ErrAddress", err)
	}
	// Not loopback either, where a token may go in clear.
	req.URL = &url.URL{Scheme: "http", Host: "localho\u017ft"}
	if err := req.Check(true); !errors.Is(err, call.ErrAddress) {
		t.Errorf("Check = %v, want ErrAddress", err)
	}
}

func TestRedirectFromTLSToPlainIsAnotherOrigin(t *testing.T) {
	api := calltest.ServeTLS(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://"+r.Host+"/", http.StatusFound)
	})
	req := calltest.Request(t, api.URL)
	req.Token, req.Follow = entra.NewSecret("abc"), true
	if a := calltest.Do(t, calltest.ClientOf(api), req); a.Status != 302 || a.Redirects[0].Followed {
		t.Errorf("status %d, redirects %+v", a.Status, a.Redirects)
	}
}

// redirector answers /STATUS with that redirect to /end, and /end with what it got.
func redirector(w http.ResponseWriter, r *http.Request) {
	switch status := map[string]int{"/301": 301, "/302": 302, "/303": 303, "/307": 307, "/308": 308}[r.URL.Path]; {
	case status != 0:
		http.Redirect(w, r, "/end?secret=1", status)
	case r.URL.Path == "/loop":
		http.Redirect(w, r, "/loop", http.StatusFound)
	case r.URL.Path == "/broken":
		w.Header().Set("Location", "http://[::1")
		w.WriteHeader(http.StatusFound)
	case r.URL.Path == "/nowhere":
		w.WriteHeader(http.StatusFound)
	default:
		body, _ := io.ReadAll(r.Body)
		_, _ = io.WriteString(w, r.Method+" "+r.Header.Get("Authorization")+" "+string(body))
	}
}

func TestRedirectInsideTheOrigin(t *testing.T) {
	api := calltest.Serve(t, redirector)
	content := call.BytesBody([]byte("content"))
	for _, tt := range []struct {
		name   string
		path   string
		method string
		body   call.Body
		follow bool
		want   string // what /end saw; empty: it was not called
		reason string
	}{
		{"not asked", "/302", "GET", call.Body{}, false, "", "only on request"},
		{"302 after GET", "/302", "GET", call.Body{}, true, "GET Bearer abc ", ""},
		{"302 after POST", "/302", "POST", content, true, "GET Bearer abc ", ""},
		{"303 after PUT", "/303", "PUT", content, true, "GET Bearer abc ", ""},
		{"307 after POST", "/307", "POST", content, true, "POST Bearer abc content", ""},
		{"308 after PUT", "/308", "PUT", content, true, "PUT Bearer abc content", ""},
		{"no URL", "/broken", "GET", call.Body{}, true, "", "not a URL"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req := calltest.Request(t, api.URL+tt.path)
			req.Method, req.Body, req.Follow, req.Token = tt.method, tt.body, tt.follow, entra.NewSecret("abc")
			a := calltest.Do(t, calltest.Client(t), req)
			head, _ := a.Head()
			if tt.want != "" && (string(head) != tt.want || a.Status != 200 || a.URL.Path != "/end") {
				t.Errorf("%d at %s: %q, want %q", a.Status, a.URL, head, tt.want)
			}
			if len(a.Redirects) != 1 || a.Redirects[0].Followed != (tt.want != "") ||
				!strings.Contains(a.Redirects[0].Reason, tt.reason) {
				t.Errorf("redirects %+v, want reason %q", a.Redirects, tt.reason)
			}
		})
	}
}

func TestRedirectIsReported(t *testing.T) {
	api := calltest.Serve(t, redirector)
	req := calltest.Request(t, api.URL+"/302")
	req.Follow = true
	want := []call.Redirect{{Status: 302, From: api.URL + "/302", To: api.URL + "/end?…", Followed: true}}
	if diff := cmp.Diff(want, calltest.Do(t, calltest.Client(t), req).Redirects,
		cmpopts.IgnoreUnexported(call.Redirect{})); diff != "" {
		t.Errorf("redirects (-want +got):\n%s", diff)
	}
}

func TestRedirectLoopEnds(t *testing.T) {
	api := calltest.Serve(t, redirector)
	req := calltest.Request(t, api.URL+"/loop")
	req.Follow = true
	a := calltest.Do(t, calltest.Client(t), req)
	if last := a.Redirects[len(a.Redirects)-1]; a.Status != 302 || last.Followed || last.Reason != "there were too many" ||
		len(a.Redirects) != 11 {
		t.Errorf("%d redirects, the last %+v", len(a.Redirects), last)
	}
}

func TestRedirectWithoutLocationIsAnAnswer(t *testing.T) {
	api := calltest.Serve(t, redirector)
	if a := calltest.Do(t, calltest.Client(t), calltest.Request(t, api.URL+"/nowhere")); a.Status != 302 ||
		a.Redirects != nil {
		t.Errorf("status %d, redirects %+v", a.Status, a.Redirects)
	}
}
