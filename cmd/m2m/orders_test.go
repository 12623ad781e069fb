package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSuiteOfOtherAPIs runs one suite against three APIs that are not ours, as a
// command of the local tenant: an order is made, read until it is ready, changed and
// removed. The Go API is built by .ci/run, with the clients.
func TestSuiteOfOtherAPIs(t *testing.T) {
	if testing.Short() {
		t.Skip("other people's programs")
	}
	const want = `TAP version 14
1..8
ok 1 - create
ok 2 - read
ok 3 - wait until it is ready
ok 4 - update
ok 5 - no token, no order
ok 6 - no such order
ok 7 - delete
ok 8 - it is gone
`
	for name, argv := range map[string][]string{
		"FastAPI": {"/usr/bin/python3", "python/orders.py"},
		"Express": {"node", "node/orders.mjs"},
		"Go":      {"go/orders/orders"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := exec.LookPath(argv[0]); err != nil && !strings.HasPrefix(argv[0], "go/") {
				t.Skip("SKIP: " + argv[0] + " is not installed")
			}
			needs := map[string]string{"Express": "node_modules/express", "Go": "go/orders/orders"}[name]
			if _, err := os.Stat(filepath.Join(clientPrograms, needs)); err != nil {
				t.Skip("SKIP: " + needs + " is not installed")
			}
			got, err := runOrders(t, argv, "orders.yaml")
			if ended := (*exec.ExitError)(nil); errors.As(err, &ended) && ended.ExitCode() == notInstalled {
				t.Skipf("SKIP: not installed: %s", ended.Stderr)
			} else if err != nil {
				t.Errorf("error %v", err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// runOrders runs a suite against an API under a local tenant, and returns its report.
func runOrders(t *testing.T, api []string, file string) (string, error) {
	t.Helper()
	args := append([]string{"tenant", "run", "--tenant-addr", "127.0.0.1:0", "--", "sh", "orders.sh", t.TempDir(), file}, api...)
	cmd := exec.Command("m2m", args...)
	cmd.Dir = clientPrograms
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "M2M_STATE_DIR=", "PYTHONDONTWRITEBYTECODE=1",
		"GORACE=atexit_sleep_ms=10")
	out, err := cmd.Output()
	return string(out), err
}
