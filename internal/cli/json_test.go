package cli_test

import (
	"encoding/json"
	"testing"

	"m2m/internal/exit"
)

// TestJSONErrorIsOneObject: on every command, before and after the flags are read.
func TestJSONErrorIsOneObject(t *testing.T) {
	for _, line := range [][]string{
		{"token", "-o", "json"},
		{"token", "-ojson", "--bogus"},
		{"token", "--output=json", "extra"},
		{"call", "-vo", "json"},
		{"call", "-o", "json", "--max-time", "2x", "/x"},
		{"verify", "-o", "json", "--any-audience", "--jwks", "no-such-file", "x"},
		{"test", "-o", "json", "no-such-file.yaml"},
		{"probe", "-o", "json"},
		{"tenant", "fault", "-o", "json", "--list"},
		{"tenant", "fault", "-o", "json", "nonsense"},
		{"serve", "--check", "-o", "json", "--addr", "127.0.0.1:0"},
		{"bogus", "-o", "json"},
	} {
		code, stderr := runLine(t, line)
		var report map[string]any
		if err := json.Unmarshal([]byte(stderr), &report); err != nil {
			t.Errorf("%q: stderr is not one object: %v\n%s", line, err, stderr)
			continue
		}
		for _, key := range []string{"error", "facts", "hints", "retryable", "exit_code"} {
			if _, ok := report[key]; !ok {
				t.Errorf("%q: no %s in\n%s", line, key, stderr)
			}
		}
		if got := report["exit_code"]; got != float64(code) || code == exit.Done {
			t.Errorf("%q: exit code %d, and %v in the object", line, code, got)
		}
	}
}
