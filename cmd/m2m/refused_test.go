package main

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"m2m/internal/exit"
)

// refused FILE COMMAND... runs a command that the identity provider rejects:
// exit code 4 and nothing on stdout. What it says on stderr goes to FILE, with
// names instead of what differs from run to run.
func refused(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: refused FILE COMMAND...")
	}
	err := ts.Exec(args[1], args[2:]...)
	ended := (*exec.ExitError)(nil)
	if !errors.As(err, &ended) || ended.ExitCode() != int(exit.Provider) {
		ts.Fatalf("%v, expected exit code %d", err, exit.Provider)
	}
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("stdout is not empty: %q", out)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(steady(ts.ReadFile("stderr"))), 0o600))
}

// steady puts names instead of what differs from run to run.
func steady(words string) string {
	for _, varying := range [][2]string{
		{`trace ID [0-9a-f-]{36}, correlation ID [0-9a-f-]{36}, at [0-9: -]+Z`,
			"trace ID GUID, correlation ID GUID, at TIME"},
		{`[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(Z| UTC)`, "TIME"},
		{`(127\.0\.0\.1|localhost):[0-9]{4,5}`, "$1:PORT"},
	} {
		words = regexp.MustCompile(varying[0]).ReplaceAllString(words, varying[1])
	}
	return words
}

// TestEveryCodeHasAScript reads out of the local tenant's own code which AADSTS
// codes it can answer with, and looks for each in a script or a test of the tenant.
func TestEveryCodeHasAScript(t *testing.T) {
	var scripts strings.Builder
	files, err := filepath.Glob("testdata/script/*.txtar")
	for _, pattern := range []string{"../../internal/tenant/*_test.go", "../../internal/tenant/*/*_test.go"} {
		tests, testsErr := filepath.Glob(pattern) // what no program of ours can be made to ask
		files, err = append(files, tests...), errors.Join(err, testsErr)
	}
	if err != nil || len(files) == 0 {
		t.Fatalf("found %d scripts, error %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		scripts.Write(text)
	}
	codes := tenantCodes(t)
	if len(codes) < 38 {
		t.Errorf("found only %d codes in the tenant's code", len(codes))
	}
	for _, code := range codes {
		found := regexp.MustCompile(`\b(AADSTS)?` + code + `\b`).MatchString(scripts.String())
		if !found {
			t.Errorf("AADSTS%s is in no script and no test of the tenant", code)
		}
	}
}

// tenantCodes finds the codes of the rows in the tenant's table of refusals.
func tenantCodes(t *testing.T) (codes []string) {
	t.Helper()
	add := func(e ast.Expr) {
		if literal, ok := e.(*ast.BasicLit); ok && literal.Kind == token.INT {
			codes = append(codes, literal.Value)
		}
	}
	visit := func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.Ident); ok && (f.Name == "request" || f.Name == "credential") {
				add(n.Args[0])
			}
		case *ast.CompositeLit:
			if f, ok := n.Type.(*ast.Ident); ok && f.Name == "Row" {
				add(n.Elts[0])
			}
		}
		return true
	}
	file, err := parser.ParseFile(token.NewFileSet(), "../../internal/tenant/refusal/rows.go", nil,
		parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, visit)
	return codes
}
