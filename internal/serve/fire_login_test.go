package serve_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"runtime/pprof"
	"sync"
	"testing"
	"time"

	"m2m/internal/entra"
	"m2m/internal/jwks"
	"m2m/internal/serve"
	"m2m/internal/verify"
)

// login is an issuer that fails, rolls its keys and disagrees with itself, and
// the clock of the API that asks it. The clock stands still until it is moved,
// and has no monotonic reading that would hide a jump.
type login struct {
	t        *testing.T
	name     string // iss of its tokens
	metadata *jwks.Metadata

	mu      sync.Mutex
	clock   time.Time
	down    bool
	fronts  [][]signer // the keys that each front end knows; they take turns
	fetched int        // requests for keys
	asked   int        // requests of any kind
	hold    *hold      // nil: keys are sent at once
}

// hold keeps requests for keys waiting.
type hold struct{ entered, release chan struct{} }

// newLogin starts an issuer with the first signer's key.
func newLogin(t *testing.T) *login {
	t.Helper()
	l := &login{t: t, clock: time.Now().Round(0), fronts: [][]signer{signers()[:1]}}
	server := httptest.NewTLSServer(l)
	t.Cleanup(server.Close)
	l.name = server.URL + "/" + tenantID + "/v2.0"
	metadata, err := jwks.NewMetadata(entra.Authority{Origin: server.URL, Tenant: tenantID},
		jwks.MetadataOptions{HTTP: server.Client(), Now: l.now})
	if err != nil {
		t.Fatal(err)
	}
	l.metadata = metadata
	return l
}

// ServeHTTP answers with the documents of discovery and of keys.
func (l *login) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	l.asked++
	down, hold, keys := l.down, l.hold, l.fronts[l.fetched%len(l.fronts)]
	if r.URL.Path == "/keys" && !down {
		l.fetched++
	}
	l.mu.Unlock()
	switch {
	case down:
		http.Error(w, "out of order", http.StatusServiceUnavailable)
	case r.URL.Path == "/keys":
		if hold != nil {
			close(hold.entered)
			<-hold.release
		}
		_, _ = w.Write(setOf(l.t, l.name, keys...))
	default:
		_, _ = w.Write(asJSON(l.t, map[string]string{"issuer": l.name, "jwks_uri": "https://" + r.Host + "/keys"}))
	}
}

func (l *login) now() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.clock
}

// pass moves the clock.
func (l *login) pass(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clock = l.clock.Add(d)
}

func (l *login) breakDown(down bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = down
}

// publish has every front end know these keys.
func (l *login) publish(keys ...signer) { l.disagree(keys) }

func (l *login) disagree(fronts ...[]signer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fronts = fronts
}

func (l *login) counts() (fetched, asked int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fetched, l.asked
}

// token is one that begins now, of so long a life.
func (l *login) token(t testing.TB, by signer, life time.Duration) string {
	t.Helper()
	now := l.now()
	return by.sign(t, appClaims(claims{"iss": l.name, "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(life).Unix()}))
}

// api starts an API that accepts the issuer's tokens and has its clock. Its log
// is not kept: some of these tests write a line for each of 10,000 requests.
func (l *login) api(t *testing.T) *stage {
	t.Helper()
	verifier, err := verify.New(demoPolicy(), l.metadata, verify.Options{CacheBytes: verify.DefaultCacheBytes, Now: l.now})
	if err != nil {
		t.Fatal(err)
	}
	return raise(t, serve.Config{
		Verifier: verifier,
		Ready:    func(ctx context.Context) error { return l.metadata.Fetch(ctx, entra.V2) },
		Logger:   slog.New(slog.DiscardHandler),
		Now:      l.now,
	})
}

// keepAlive returns a client that keeps so many connections until the test ends.
func keepAlive(t *testing.T, connections int) *http.Client {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// status asks for the protected data with a token.
func status(client *http.Client, addr, token string) (int, error) {
	request, err := http.NewRequest(http.MethodGet, "http://"+addr+"/secure-data", nil)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, errors.Join(err, response.Body.Close())
}

// leaksNothing wants, at the end of a test, no more goroutines and descriptors
// than there are now. It goes before all else, so that its turn comes last.
func leaksNothing(t *testing.T) {
	t.Helper()
	poller, err := net.Listen("tcp", "127.0.0.1:0") // the first one has descriptors of its own made, which stay
	if err != nil {
		t.Fatal(err)
	}
	_ = poller.Close()
	goroutines, descriptors := runtime.NumGoroutine(), openDescriptors()
	t.Cleanup(func() {
		for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
			if runtime.NumGoroutine() <= goroutines && openDescriptors() <= descriptors {
				return
			}
		}
		var stacks bytes.Buffer
		_ = pprof.Lookup("goroutine").WriteTo(&stacks, 1)
		t.Errorf("%d goroutines and %d descriptors, %d and %d before:\n%s",
			runtime.NumGoroutine(), openDescriptors(), goroutines, descriptors, stacks.String())
	})
}

// openDescriptors is how many descriptors the process has; 0 where the system
// does not tell.
func openDescriptors() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}
