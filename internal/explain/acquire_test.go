package explain_test

import (
	"strings"
	"testing"

	"m2m/internal/explain"
	"m2m/internal/token"
)

func TestUnknownCodeIsLookedUpElsewhere(t *testing.T) {
	refusal := &token.Refusal{Code: "server_error", AADSTS: []int{999999999}}
	if hints := strings.Join(explain.CommandLine.Hints(refusal), "\n"); !strings.Contains(hints,
		"https://login.microsoftonline.com/error?code=999999999") {
		t.Errorf("hints = %q", hints)
	}
	blocked := &token.Refusal{Code: "invalid_grant", AADSTS: []int{53003},
		Policies: []string{"5b7e2f8c-3333-4444-8555-666666666666"}}
	if hints := strings.Join(explain.CommandLine.Hints(blocked), "\n"); !strings.Contains(hints, blocked.Policies[0]) {
		t.Errorf("hints = %q, want the policy", hints)
	}
}

// TestQuoteInAnAssertion: a command that a quote would end is not printed.
func TestQuoteInAnAssertion(t *testing.T) {
	for subject, want := range map[string]bool{"repo:contoso/shop:ref:refs/heads/main": true, "x'; reboot; '": false} {
		refusal := &token.Refusal{AADSTS: []int{700213},
			Assertion: &token.Assertion{Issuer: "https://idp.example", Subject: subject}}
		hints := strings.Join(explain.CommandLine.Hints(refusal), "\n")
		if got := strings.Contains(hints, "federated-credential create"); got != want || !strings.Contains(hints, subject) {
			t.Errorf("subject %q: hints %q, want a command: %v", subject, hints, want)
		}
	}
}
