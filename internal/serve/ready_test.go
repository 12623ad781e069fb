package serve_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"m2m/internal/serve"
)

// TestDrainIsNotReady: everything goes on, but readiness says no.
func TestDrainIsNotReady(t *testing.T) {
	api, err := serve.New(serve.Config{Verifier: newVerifier(t, demoPolicy(), staticKeys(t))})
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{log: &logbook{}, addr: listen(t, serve.Server{Handler: api})}
	token := sign(t, appClaims(nil))
	if got := s.do(t, "GET /readyz"); got.status != http.StatusOK {
		t.Errorf("/readyz = %d before", got.status)
	}
	api.Drain()
	got := s.do(t, "GET /readyz")
	if p := got.problem(t); got.status != http.StatusServiceUnavailable || p["detail"] != "this API is about to stop" {
		t.Errorf("/readyz = %d %v, want 503", got.status, p)
	}
	if got := s.do(t, "GET /healthz"); got.status != http.StatusOK {
		t.Errorf("/healthz = %d", got.status)
	}
	if got := s.get(t, token); got.status != http.StatusOK {
		t.Errorf("/secure-data = %d", got.status)
	}
}

// TestDrainDelay: the server calls Draining at once, and listens on until the
// delay is over.
func TestDrainDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipes()
		ctx, stop := context.WithCancel(t.Context())
		drained, ended, began := false, make(chan error, 1), time.Now()
		server := serve.Server{Handler: http.NotFoundHandler(), DrainDelay: 15 * time.Second,
			Draining: func() { drained = true }}
		go func() { ended <- server.Serve(ctx, l) }()
		synctest.Wait()
		stop()
		time.Sleep(14 * time.Second)
		synctest.Wait()
		if !drained || l.isClosed() {
			t.Errorf("after 14 s: drained %v, closed %v; want draining and open", drained, l.isClosed())
		}
		if err := <-ended; err != nil || time.Since(began) != 15*time.Second || !l.isClosed() {
			t.Errorf("ended after %s with %v, want 15s", time.Since(began), err)
		}
	})
}
