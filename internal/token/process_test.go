package token_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"m2m/internal/entra"
	"m2m/internal/token"
	"m2m/internal/token/cache"
	"m2m/internal/transport"
)

// childEnv makes the test binary one process that acquires one token.
const childEnv = "M2M_TOKEN_TEST_CHILD"

// child is what such a process needs to know.
type child struct{ Origin, CAFile, Dir, Scope string }

func TestMain(m *testing.M) {
	told := os.Getenv(childEnv)
	if told == "" {
		m.Run()
		return
	}
	if err := runChild(told); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func runChild(told string) error {
	var ch child
	if err := json.Unmarshal([]byte(told), &ch); err != nil {
		return err
	}
	// On a busy machine 30 processes take longer than a person waits for a lock.
	c := &token.Client{
		Transport: transport.New(transport.Config{CAFile: ch.CAFile}),
		Cache:     &cache.Store{Dir: ch.Dir, LockWait: 2 * time.Minute},
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	got, err := c.Acquire(ctx, token.Request{
		Authority: entra.Authority{Origin: ch.Origin, Tenant: tenantID}, ClientID: clientID,
		Scope: ch.Scope, Credential: token.NewClientSecret(entra.NewSecret(secret)),
	})
	if err == nil {
		fmt.Println(got.Access.Reveal())
	}
	return err
}

func (s *standIn) process(t *testing.T, dir, scope string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	told, err := json.Marshal(child{s.URL, s.caFile, dir, scope})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	// The race detector makes each process sleep a second at its end.
	cmd.Env = append(os.Environ(), childEnv+"="+string(told), "GORACE=atexit_sleep_ms=0")
	return cmd
}

// heavy chooses between a number for every run and one for M2M_TEST_HEAVY=1.
func heavy(normal, many int) int {
	if os.Getenv("M2M_TEST_HEAVY") != "" {
		return many
	}
	return normal
}

// TestProcessesShareOneRequest starts many processes at once with an empty
// cache: one request for each scope, and the same token for all.
func TestProcessesShareOneRequest(t *testing.T) {
	s, dir := newStandIn(t), t.TempDir()
	n := heavy(30, 300)
	for round, want := range []int{3, 3} {
		start := time.Now()
		seen := s.startAll(t, dir, n)
		if len(seen) != 3 {
			t.Errorf("round %d: %d different tokens, want 3", round, len(seen))
		}
		if got := s.count(); got != want {
			t.Errorf("round %d: %d token requests in all, want %d", round, got, want)
		}
		t.Logf("round %d: %d processes, 3 scopes, %d token requests in all, %s", round, n, s.count(), time.Since(start))
	}
}

// startAll runs n processes at once over three scopes and returns the tokens.
func (s *standIn) startAll(t *testing.T, dir string, n int) map[string]int {
	t.Helper()
	var (
		all  sync.WaitGroup
		mu   sync.Mutex
		seen = map[string]int{}
	)
	for i := range n {
		cmd := s.process(t, dir, fmt.Sprintf("api://scope-%d/.default", i%3))
		all.Go(func() {
			out, err := cmd.Output()
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Errorf("process: %v", err)
				return
			}
			seen[strings.TrimSpace(string(out))]++
		})
	}
	all.Wait()
	return seen
}

// TestKilledProcessesLeaveAUsableCache kills processes at every stage of their
// work; the next one always gets a token.
func TestKilledProcessesLeaveAUsableCache(t *testing.T) {
	s, dir := newStandIn(t), t.TempDir()
	n := heavy(10, 200)
	killed := 0
	for i := range n {
		for _, file := range files(t, dir, ".token") { // else the first survivor ends the experiment
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}
		cmd := s.process(t, dir, scope)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(i)*50*time.Millisecond/time.Duration(n), func() { _ = cmd.Process.Kill() })
		if cmd.Wait() != nil {
			killed++
		}
		timer.Stop()
		if out, err := s.process(t, dir, scope).Output(); err != nil || !strings.HasPrefix(string(out), "eyJ") {
			t.Fatalf("after kill %d: %q, %v", i, out, err)
		}
	}
	t.Logf("%d of %d processes were killed before they had done", killed, n)
}
