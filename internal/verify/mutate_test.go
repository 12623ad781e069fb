package verify_test

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

var mutate = flag.String("mutate", "", "switch off every decision whose name matches, such as . or Crit, and show the test that then fails")

// TestMutants shows that the tests of this package bite. It switches off one
// decision at a time (a rule of the table in rules.go, or a branch that ends in
// one of the Err sentinels or in a kind that is no app's) and runs the tests, which must then fail:
//
//	go test ./internal/verify -run TestMutants -mutate . -v -timeout 60m
//
// It prints the decision, its place, and the first test that failed. The source
// is not touched: the compiler reads the changed file through -overlay.
func TestMutants(t *testing.T) {
	if *mutate == "" {
		t.Skip("takes minutes; ask for it with -mutate .")
	}
	wanted, err := regexp.Compile(*mutate)
	if err != nil {
		t.Fatal(err)
	}
	mutants, err := findMutants(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mutants {
		if !wanted.MatchString(m.name) {
			continue
		}
		if test := m.run(t); test != "" {
			t.Logf("%-24s %-24s %s", m.name, m.place, test)
		} else {
			t.Errorf("%-24s %-24s can be switched off unnoticed", m.name, m.place)
		}
	}
}

// run runs the tests with one decision switched off and returns the first that
// fails; nothing if none does.
func (m mutant) run(t *testing.T) (failed string) {
	t.Helper()
	scratch := t.TempDir()
	changed, overlay := filepath.Join(scratch, "mutant.go"), filepath.Join(scratch, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {m.file: changed}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(changed, m.source, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(overlay, replace, 0o600); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(scratch, "mutant.test")
	// A mutant that never ends is as dead as one that fails.
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if text, err := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%s at %s: the mutant does not compile:\n%s", m.name, m.place, text)
	}
	for _, tests := range []string{likely, "."} {
		text, err := exec.CommandContext(ctx, binary, "-test.failfast", "-test.run", tests).CombinedOutput()
		if err != nil {
			return firstFailure(string(text))
		}
	}
	return ""
}

// likely names the tests that notice most mutants, and take a tenth of the time.
const likely = "Rules|Plain|Diagnosis|Keys|Kinds|WhoMayCall|Policy|Discovery|BadAnswers|Decode|Cut|ReadStrings"

// firstFailure returns the innermost name of the first failed test.
func firstFailure(text string) (name string) {
	for _, match := range regexp.MustCompile(`--- FAIL: (\S+)`).FindAllStringSubmatch(text, -1) {
		if name != "" && !strings.HasPrefix(match[1], name+"/") {
			break
		}
		name = match[1]
	}
	if name == "" {
		return "(the tests end early)"
	}
	return name
}
