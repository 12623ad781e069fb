package probe_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"m2m/internal/entra"
	"m2m/internal/probe"
	"m2m/internal/probe/forge"
	"m2m/internal/probe/probetest"
)

var newIssuer = sync.OnceValues(probetest.NewIssuer)

// ownKey is made once, because making it takes longer than a run.
var ownKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// start runs an API and returns what it takes to probe it.
func start(t *testing.T, build func(*probetest.Issuer) *probetest.API) probe.Config {
	t.Helper()
	issuer, err := newIssuer()
	if err != nil {
		t.Fatal(err)
	}
	own, err := ownKey()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- build(issuer).Serve(listener) }()
	t.Cleanup(func() {
		_ = listener.Close()
		<-served
	})
	keys, err := forge.ParseKeys(issuer.Keys())
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	return probe.Config{
		Target: &url.URL{Scheme: "http", Host: address, Path: "/stock"},
		Token:  entra.NewSecret(issuer.Token(probetest.Changes{})),
		Dial: func(ctx context.Context) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", address)
		},
		Keys: keys, Minter: minter{issuer}, OwnKey: own, Rate: 1e6,
	}
}

// minter makes wrong tokens as a local tenant does.
type minter struct{ issuer *probetest.Issuer }

func (m minter) Mint(_ context.Context, wrong forge.WrongToken) (entra.Secret, error) {
	changes := probetest.Changes{
		Claims: map[string]any{}, Header: map[string]any{},
		OtherKey: wrong.Key == "other", Unlisted: wrong.Key == "withdrawn",
	}
	for text, into := range map[string]map[string]any{wrong.Claims: changes.Claims, wrong.Header: changes.Header} {
		if text == "" {
			continue
		}
		if err := json.Unmarshal([]byte(text), &into); err != nil {
			return entra.Secret{}, err
		}
		for name, value := range into {
			if value == nil { // the claim is null, not absent
				into[name] = json.RawMessage("null")
			}
		}
	}
	now := time.Now().Unix()
	switch wrong.Time {
	case "expired":
		changes.Claims["exp"], changes.Claims["nbf"] = now-3600, now-7200
	case "not-yet":
		changes.Claims["exp"], changes.Claims["nbf"] = now+7200, now+3600
	}
	switch wrong.Kind {
	case "graph":
		changes.Claims["aud"], changes.Claims["iss"] = "https://graph.microsoft.com", "https://sts.windows.net/x/"
	case "user":
		changes.Claims["scp"], changes.Claims["roles"], changes.Claims["idtyp"] = "Stock.Read", nil, nil
	case "id":
		changes.Claims["roles"], changes.Claims["azp"], changes.Claims["idtyp"] = nil, nil, nil
	}
	for _, name := range wrong.Without {
		changes.Claims[name] = nil
	}
	return entra.NewSecret(m.issuer.Token(changes)), nil
}

// TestEveryForgeryIsFound probes one broken API for each case of the catalogue.
func TestEveryForgeryIsFound(t *testing.T) {
	if testing.Short() {
		t.Skip("every case against every hole takes seconds")
	}
	cases := forge.Catalogue()
	holes := map[string]probetest.Hole{}
	for _, hole := range probetest.Holes() {
		holes[hole.Name] = hole
	}
	var mu sync.Mutex
	found := 0
	var group errgroup.Group
	group.SetLimit(2 * runtime.GOMAXPROCS(0))
	for _, c := range cases {
		group.Go(func() error {
			why := missed(t, c, holes)
			mu.Lock()
			defer mu.Unlock()
			if why == "" {
				found++
			} else {
				t.Errorf("%s: %s", c.Name, why)
			}
			return nil
		})
	}
	_ = group.Wait()
	t.Logf("found %d of %d forgeries, each in an API that is broken in that way alone", found, len(cases))
	for _, hole := range probetest.Holes() {
		if !slices.ContainsFunc(cases, func(c forge.Case) bool { return c.Name == hole.Name }) {
			t.Errorf("the hole %s has no case", hole.Name)
		}
	}
}

// missed probes the broken API of a case and says why it was not found.
func missed(t *testing.T, c forge.Case, holes map[string]probetest.Hole) string {
	hole, known := holes[c.Name]
	if !known {
		return "there is no broken API for it"
	}
	config := start(t, func(issuer *probetest.Issuer) *probetest.API { return probetest.Broken(issuer, hole) })
	config.Cases = []forge.Case{c}
	if strings.HasSuffix(c.Name, "-resource") {
		rename(&config)
	}
	config.Timeout = 2 * time.Second
	report, err := probe.Run(t.Context(), config)
	if err != nil {
		return err.Error()
	}
	if r := report.Results[0]; r.Outcome != probe.Finding {
		return fmt.Sprintf("%s: %s", r.Outcome, r.Got)
	}
	return ""
}

// rename gives the API a name that is not of this machine.
func rename(config *probe.Config) {
	config.Target.Host, config.AllowPlainHTTP = "stock.example", true
}

// TestACorrectAPI probes one that has no hole.
func TestACorrectAPI(t *testing.T) {
	config := start(t, probetest.Correct)
	report, err := probe.Run(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range report.Results {
		if r.Outcome == probe.Finding || r.Outcome == probe.NotTried && !strings.HasSuffix(r.Case.Name, "-resource") {
			t.Errorf("%s: %s, %s", r.Case.Name, r.Outcome, r.Got)
		}
	}
	t.Logf("%d requests in %s", report.Requests, report.Duration)
}
