package verify_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"m2m/internal/entra"
	"m2m/internal/verify"
)

// TestVersions: each version of token is verified against its own documents,
// which are read when the first such token comes.
func TestVersions(t *testing.T) {
	s := newIssuer()
	v := verifier(t, policy(), metadata(t, s, verify.MetadataOptions{}))
	try(t, v, trial{token: good()})
	if n := s.count(discoveryV1) + s.count(keysV1); n != 0 {
		t.Errorf("want no v1.0 document for a v2.0 token, got %d", n)
	}
	try(t, v, trial{token: mint(header(), claimsV1())})
	for _, address := range []string{discoveryV1, keysV1, discoveryV2, keysV2} {
		if n := s.count(address); n != 1 {
			t.Errorf("want %s read once, got %d", address, n)
		}
	}
}

// TestForeignTokensCostNothing: what the claims rule out must not make us call
// the issuer, not even the first time.
func TestForeignTokensCostNothing(t *testing.T) {
	s := newIssuer()
	v := verifier(t, policy(), metadata(t, s, verify.MetadataOptions{}))
	for name, c := range map[string]members{
		"tenant": foreign(), "audience": claimsV2().str("aud", stranger), "version": claimsV2().del("ver"),
		"expired": claimsV2().date("exp", noon.Add(-10*time.Minute)), "kind": idClaims(),
		"issuer": claimsV2().str("iss", "https://evil.example/"+tenant+"/v2.0"),
	} {
		if _, err := v.Verify(t.Context(), mint(header(), c)); !errors.Is(err, verify.ErrRefused) {
			t.Errorf("%s: want a refusal, got %v", name, err)
		}
	}
	if n := s.total(); n != 0 {
		t.Errorf("want no request, got %d", n)
	}
}

// TestFloods: forged tokens cost few fetches, whatever key ID they name.
func TestFloods(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuer()
		m := metadata(t, s, verify.MetadataOptions{})
		v, _ := verify.New(policy(), m, verify.Options{Now: at(noon)})
		for i := range 100 {
			forged := sign(pairs()[1], header().str("kid", fmt.Sprint("forged", i)).json(), claimsV2().json())
			if _, err := v.Verify(t.Context(), forged); !errors.Is(err, verify.ErrKeyUnknown) || !errors.Is(err, verify.ErrRefused) {
				t.Fatalf("want the key unknown, got %v", err)
			}
		}
		if n := s.count(keysV2); n > 4 {
			t.Errorf("random key IDs: want at most 4 fetches, got %d", n)
		}
		before := s.total()
		for range 100 {
			_, _ = v.Verify(t.Context(), sign(pairs()[1], header().json(), claimsV2().json()))
		}
		if n := s.total() - before; n != 0 {
			t.Errorf("known key ID: want no fetch, got %d", n)
		}
		if state := m.State()[0]; state.Suppressed == 0 || state.Fetches > 4 {
			t.Errorf("want the state to show it, got %+v", state)
		}
	})
}

// TestNewKey: a key that appears is found at once, also right after a forger
// asked for another, and the same unknown ID is asked for once in 30 s.
func TestNewKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuer()
		m := metadata(t, s, verify.MetadataOptions{})
		lookup(t, m, kid, nil)
		lookup(t, m, "forged", verify.ErrKeyUnknown)
		lookup(t, m, "forged", verify.ErrKeyUnknown)
		if n := s.count(keysV2); n != 2 {
			t.Fatalf("want 2 fetches, got %d", n)
		}
		s.say(keysV2, setOf(jwkOf(pairs()[0], kid), jwkOf(pairs()[1], "kid-2")))
		lookup(t, m, "kid-2", nil)
		lookup(t, m, "forged", verify.ErrKeyUnknown) // a new set: worth asking again
		lookup(t, m, "forged 2", verify.ErrKeyUnknown)
		if n := s.count(keysV2); n != 4 {
			t.Fatalf("want the burst of 3 after the first fetch, got %d", n)
		}
		time.Sleep(30 * second)
		lookup(t, m, "forged 2", verify.ErrKeyUnknown)
		if n := s.count(keysV2); n != 5 {
			t.Errorf("want one more after the spacing, got %d", n)
		}
		if n := s.count(discoveryV2); n != 1 {
			t.Errorf("want the discovery document read once in an hour, got %d", n)
		}
	})
}

// TestCold: without any keys nobody can tell, and the issuer is asked again
// after one second, not more often.
func TestCold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuer()
		s.set(discoveryV2, answer{err: errDown})
		v, _ := verify.New(policy(), metadata(t, s, verify.MetadataOptions{}), verify.Options{Now: at(noon)})
		for range 10 {
			_, err := v.Verify(t.Context(), good())
			var e *verify.Error
			if !errors.Is(err, verify.ErrUndecided) || !errors.Is(err, errDown) || errors.Is(err, verify.ErrRefused) {
				t.Fatalf("want undecided, got %v", err)
			}
			if !errors.As(err, &e) || e.RetryAfter <= 0 || e.RetryAfter > second {
				t.Errorf("want a retry within a second, got %v", e.RetryAfter)
			}
		}
		if n := s.count(discoveryV2); n != 1 {
			t.Fatalf("want one attempt, got %d", n)
		}
		s.say(discoveryV2, document(issuerV2, keysV2))
		time.Sleep(second)
		if _, err := v.Verify(t.Context(), good()); err != nil {
			t.Errorf("want it believed a second after recovery, got %v", err)
		}
	})
}

// TestSingleFlight: callers share one fetch, and one who gives up does not end
// it for the others.
func TestSingleFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuer()
		s.set(keysV2, answer{hang: true})
		m := metadata(t, s, verify.MetadataOptions{})
		impatient, cancel := context.WithTimeout(t.Context(), second)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, _, err := m.Lookup(impatient, entra.V2, kid); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("want the caller's own deadline, got %v", err)
			}
		})
		start := time.Now()
		for range 49 {
			wg.Go(func() {
				if _, _, err := m.Lookup(t.Context(), entra.V2, kid); !errors.Is(err, verify.ErrKeysUnreachable) {
					t.Errorf("want the keys out of reach, got %v", err)
				}
			})
		}
		wg.Wait()
		if n := s.count(keysV2); n != 1 {
			t.Errorf("want one fetch for 50 callers, got %d", n)
		}
		if took := time.Since(start); took != 5*second {
			t.Errorf("want the time-out of 5 s, got %s", took)
		}
	})
}

// TestBadAnswers: no answer but a good one replaces a good set.
func TestBadAnswers(t *testing.T) {
	big := `{"keys":[],"x":"` + strings.Repeat("x", 512<<10) + `"}`
	elsewhere := http.Header{"Location": {"https://evil.example/keys"}}
	plain := http.Header{"Location": {"http://login.microsoftonline.com/keys"}}
	small, _ := numbers(newPair(1024))
	answers := map[string]answer{
		"connection refused":        {err: errDown},
		"503":                       {status: 503, body: "busy"},
		"404":                       {status: 404},
		"an error as 200":           {body: `{"error":"x"}`},
		"no keys":                   {body: `{"keys":[]}`},
		"keys null":                 {body: `{"keys":null}`},
		"two keys members":          {body: `{"keys":[],"keys":` + setOf(jwkOf(pairs()[1], kid))[8:]},
		"no JSON":                   {body: `<html>`},
		"nothing":                   {},
		"something behind":          {body: setOf(jwkOf(pairs()[1], kid)) + "x"},
		"only bad keys":             {body: setOf(jwkOf(pairs()[1], kid).str("n", small))},
		"more than 512 KiB":         {body: big},
		"redirect to another host":  {status: 302, header: elsewhere},
		"redirect to plain http":    {status: 302, header: plain},
		"304 that nobody asked for": {status: 304},
		"never":                     {hang: true},
	}
	for name, a := range answers {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newIssuer()
				s.say("https://evil.example/keys", setOf(jwkOf(pairs()[1], kid)))
				s.say("http://login.microsoftonline.com/keys", setOf(jwkOf(pairs()[1], kid)))
				m := metadata(t, s, verify.MetadataOptions{})
				first := lookup(t, m, kid, nil)
				s.set(keysV2, a)
				lookup(t, m, "new", verify.ErrKeysUnreachable)
				if k := lookup(t, m, kid, nil); k != first {
					t.Error("want the old key kept")
				}
				if n := s.count("https://evil.example/keys") + s.count("http://login.microsoftonline.com/keys"); n != 0 {
					t.Error("the redirect was followed")
				}
				if state := m.State()[0]; state.Failures != 1 || state.Err == nil || state.Keys != 1 {
					t.Errorf("want the failure shown, got %+v", state)
				}
				time.Sleep(24*time.Hour + second)
				lookup(t, m, kid, verify.ErrKeysUnreachable)
			})
		})
	}
}

// TestGrace: Entra's front ends disagree during a roll, so that a key that
// vanished is kept for a while, and one that changed is not.
func TestGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuer()
		m := metadata(t, s, verify.MetadataOptions{})
		old := lookup(t, m, kid, nil)
		s.say(keysV2, setOf(jwkOf(pairs()[1], "kid-2")))
		lookup(t, m, "kid-2", nil)
		if k := lookup(t, m, kid, nil); k != old || !m.Vouches(entra.V2, k) {
			t.Error("want the vanished key kept and vouched for")
		}
		time.Sleep(verify.DefaultKeyGrace + second)
		if m.Vouches(entra.V2, old) {
			t.Error("want it gone after the grace")
		}
		lookup(t, m, kid, verify.ErrKeyUnknown)
	})
}

func TestNoGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuer()
		m := metadata(t, s, verify.MetadataOptions{KeyGrace: -1})
		lookup(t, m, kid, nil)
		s.say(keysV2, setOf(jwkOf(pairs()[1], "kid-2")))
		lookup(t, m, "kid-2", nil)
		lookup(t, m, kid, verify.ErrKeyUnknown)
	})
}

func TestRekeyed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuer()
		m := metadata(t, s, verify.MetadataOptions{})
		old := lookup(t, m, kid, nil)
		s.say(keysV2, setOf(jwkOf(pairs()[1], kid)))
		lookup(t, m, "other", verify.ErrKeyUnknown)
		if k := lookup(t, m, kid, nil); k == old || m.Vouches(entra.V2, old) || !m.Vouches(entra.V2, k) {
			t.Error("want the new key under the old ID, at once")
		}
	})
}

// TestETag: an unchanged set is not sent again, and counts as fresh.
func TestETag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuer()
		body := setOf(jwkOf(pairs()[0], kid))
		s.set(keysV2, answer{body: body, header: http.Header{"Etag": {`"1"`}}})
		m := metadata(t, s, verify.MetadataOptions{})
		k := lookup(t, m, kid, nil)
		time.Sleep(23 * time.Hour)
		lookup(t, m, "other", verify.ErrKeyUnknown)
		if last := s.tags[len(s.tags)-1]; last != `"1"` {
			t.Fatalf("want If-None-Match sent, got %q", last)
		}
		if age := m.State()[0].Age; age != 0 {
			t.Errorf("want the set fresh, got %s", age)
		}
		time.Sleep(23 * time.Hour)
		if !m.Vouches(entra.V2, k) {
			t.Error("want the same key vouched for")
		}
	})
}

// TestRun: a server's keys are renewed every hour, sooner after a failure, and
// not at all once it stops.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newIssuer()
		m := metadata(t, s, verify.MetadataOptions{})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { m.Run(ctx); close(done) }()
		synctest.Wait()
		if n := s.count(keysV2); n != 1 {
			t.Fatalf("want a fetch at once, got %d", n)
		}
		time.Sleep(10 * time.Hour)
		if n := s.count(keysV2); n < 9 || n > 13 {
			t.Errorf("want one fetch an hour, got %d in ten", n)
		}
		s.set(keysV2, answer{err: errDown})
		time.Sleep(70 * time.Minute)
		failed := m.State()[0].Failures
		if failed < 2 {
			t.Errorf("want another attempt soon after a failure, got %d", failed)
		}
		cancel()
		<-done
		before := s.total()
		time.Sleep(3 * time.Hour)
		if s.total() != before {
			t.Error("want nothing after the end")
		}
	})
}

// TestDiscovery: a document is believed only where it speaks for the authority
// that was asked.
func TestDiscovery(t *testing.T) {
	const host = "https://login.microsoftonline.com"
	tests := []struct {
		name, body string
		want       error
	}{
		{"as it should be", document(issuerV2, keysV2), nil},
		{"alias of the cloud", document("https://login.windows.net/"+tenant+"/v2.0", keysV2), nil},
		{"another tenant", document(strings.Replace(issuerV2, tenant, stranger, 1), keysV2), verify.ErrIssuerClaim},
		{"another host", document("https://evil.example/"+tenant+"/v2.0", keysV2), verify.ErrIssuerClaim},
		{"another cloud", document("https://login.microsoftonline.us/"+tenant+"/v2.0", keysV2), verify.ErrIssuerClaim},
		{"the template", document(host+"/{tenantid}/v2.0", keysV2), verify.ErrIssuerClaim},
		{"v1.0 issuer", document(issuerV1, keysV2), verify.ErrIssuerClaim},
		{"plain http issuer", document("http"+issuerV2[5:], keysV2), verify.ErrIssuerClaim},
		{"keys over plain http", document(issuerV2, "http"+keysV2[5:]), verify.ErrKeysAddress},
		{"keys on another host", document(issuerV2, "https://evil.example/keys"), verify.ErrKeysAddress},
		{"keys on another port", document(issuerV2, host+":444/keys"), verify.ErrKeysAddress},
		{"keys with a user", document(issuerV2, "https://login.microsoftonline.com@evil.example/keys"), verify.ErrKeysAddress},
		{"no issuer", members{}.str("jwks_uri", keysV2).json(), verify.ErrDiscovery},
		{"no keys", members{}.str("issuer", issuerV2).json(), verify.ErrDiscovery},
		{"two issuers", members{}.str("issuer", issuerV2).add("issuer", `"x"`).str("jwks_uri", keysV2).json(), verify.ErrDiscovery},
		{"issuer a list", members{}.set("issuer", `["`+issuerV2+`"]`).str("jwks_uri", keysV2).json(), verify.ErrDiscovery},
		{"no JSON", "hello", verify.ErrDiscovery},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newIssuer()
			s.say(discoveryV2, tt.body)
			m := metadata(t, s, verify.MetadataOptions{})
			err := m.Fetch(t.Context(), entra.V2)
			if !errors.Is(err, tt.want) || tt.want == nil && err != nil {
				t.Errorf("want %v, got %v", tt.want, err)
			}
		})
	}
}

// TestAuthorities: what other authorities than the public cloud's need works
// by the same rules: a local tenant on loopback, a stand-in on another host
// with its own v1.0 issuer, a tenant named by domain, /common, the clouds.
func TestAuthorities(t *testing.T) {
	tests := []struct {
		name, origin, tenant string
		v2, v1               string
		keys                 string
		cloud                string
		want                 error
	}{
		{"local tenant", "https://127.0.0.1:8443", tenant, "https://127.0.0.1:8443/" + tenant + "/v2.0", issuerV1,
			"https://127.0.0.1:8443/{tenantid}/v2.0", "microsoftonline.com", nil},
		{"stand-in with its own STS", "https://127.0.0.2:9000", tenant, "https://127.0.0.2:9000/" + tenant + "/v2.0",
			"https://127.0.0.2:9000/" + tenant + "/", "https://127.0.0.2:9000/{tenantid}/v2.0", "", nil},
		{"tenant by domain", "https://login.microsoftonline.com", "Contoso.com", issuerV2, issuerV1,
			"https://login.microsoftonline.com/{tenantid}/v2.0", "microsoftonline.com", nil},
		{"alias of the public cloud", "https://login.windows.net", tenant, issuerV2, issuerV1, "", "", nil},
		{"common", "https://login.microsoftonline.com", "common", "https://login.microsoftonline.com/{tenantid}/v2.0",
			"https://sts.windows.net/{tenantid}/", "https://login.microsoftonline.com/{tenantid}/v2.0", "", nil},
		{"China", "https://login.partner.microsoftonline.cn", tenant, "https://login.partner.microsoftonline.cn/" + tenant + "/v2.0",
			"https://sts.chinacloudapi.cn/" + tenant + "/", "", "", nil},
		{"key of another cloud", "https://127.0.0.1:8443", tenant, "https://127.0.0.1:8443/" + tenant + "/v2.0", issuerV1,
			"", "microsoftonline.us", verify.ErrKeyCloud},
		{"key of personal accounts", "https://login.microsoftonline.com", tenant, issuerV2, issuerV1,
			"https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0", "", verify.ErrKeyIssuer},
		{"key of another host", "https://login.microsoftonline.com", tenant, issuerV2, issuerV1,
			"https://login.partner.microsoftonline.cn/{tenantid}/v2.0", "", verify.ErrKeyIssuer},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newIssuer()
			base := tt.origin + "/" + tt.tenant
			key := jwkOf(pairs()[0], kid).del("issuer", "cloud_instance_name")
			if tt.cloud != "" {
				key = key.str("cloud_instance_name", tt.cloud)
			}
			withIssuer := key
			if tt.keys != "" {
				withIssuer = key.str("issuer", tt.keys)
			}
			s.say(base+"/v2.0/.well-known/openid-configuration", document(tt.v2, base+"/discovery/v2.0/keys"))
			s.say(base+"/.well-known/openid-configuration", document(tt.v1, base+"/discovery/keys"))
			s.say(base+"/discovery/v2.0/keys", setOf(withIssuer))
			s.say(base+"/discovery/keys", setOf(withIssuer))
			m := metadataOf(t, s, entra.Authority{Origin: tt.origin, Tenant: tt.tenant}, verify.MetadataOptions{})
			p := policy()
			if strings.Contains(tt.tenant, ".") {
				p.Tenants = []string{tt.tenant}
			}
			v := verifier(t, p, m)
			tid := func(s string) string { return strings.Replace(s, "{tenantid}", tenant, 1) }
			try(t, v, trial{token: mint(header(), claimsV2().str("iss", tid(tt.v2))), want: tt.want, check: verify.KeyCheck})
			try(t, v, trial{token: mint(header(), claimsV1().str("iss", tid(tt.v1))), want: tt.want, check: verify.KeyCheck})
		})
	}
}

// TestDomainOfAnother: a domain name stands for the tenant that the document
// names, and for no other.
func TestDomainOfAnother(t *testing.T) {
	s := newIssuer()
	base := "https://login.microsoftonline.com/contoso.com"
	s.say(base+"/v2.0/.well-known/openid-configuration", document(issuerV2, keysV2))
	m := metadataOf(t, s, entra.Authority{Origin: "https://login.microsoftonline.com", Tenant: "contoso.com"}, verify.MetadataOptions{})
	p := policy()
	p.Tenants = []string{"contoso.com"}
	v := verifier(t, p, m)
	try(t, v, trial{token: mint(header(), foreign()), want: verify.ErrIssuerMismatch, check: verify.IssuerIs})
	try(t, v, trial{token: good()})
	p.Tenants = []string{"fabrikam.com"}
	if _, err := verifier(t, p, m).Verify(t.Context(), good()); !errors.Is(err, verify.ErrTenantUnresolved) || !errors.Is(err, verify.ErrUndecided) {
		t.Errorf("want the domain unresolved, got %v", err)
	}
}
