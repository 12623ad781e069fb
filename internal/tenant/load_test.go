package tenant_test

import (
	"net/http"
	"sync"
	"testing"

	"m2m/internal/entra"
	"m2m/internal/tenant"
	"m2m/internal/tenant/fault"
)

// Keys roll while tokens are asked for and key sets read; the race detector
// watches.
func TestParallelRequests(t *testing.T) {
	home := sample()
	cfg := config(home)
	var reported sync.Map
	cfg.OnTokenRequest = func(o tenant.TokenRequest) { reported.Store(o.TraceID, o.Code) }
	r := start(t, cfg)
	endpoint := r.Authority(home.ID).TokenEndpoint(entra.V2)
	const clients, requests = 8, 10
	var group sync.WaitGroup
	for range clients {
		group.Go(func() {
			for range requests {
				for _, ask := range []func() (*http.Response, error){
					func() (*http.Response, error) {
						return r.http.PostForm(endpoint, request(home.Clients[0], "api://m2m-demo/.default"))
					},
					func() (*http.Response, error) { return r.http.Get(r.Origin() + "/common/discovery/v2.0/keys") },
				} {
					res, err := ask()
					if err != nil {
						t.Error(err)
						return
					}
					res.Body.Close()
					if res.StatusCode != http.StatusOK {
						t.Errorf("HTTP %d", res.StatusCode)
					}
				}
			}
		})
	}
	group.Go(func() {
		if err := r.Inject(fault.Fault{Place: fault.AtKeys, Kind: fault.Withdraw}); err != nil {
			t.Error(err)
		}
	})
	group.Wait()
	count := 0
	reported.Range(func(any, any) bool { count++; return true })
	if count != clients*requests {
		t.Errorf("%d requests were reported, want %d", count, clients*requests)
	}
}
