package verify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var mutate = flag.String("mutate", "",
	"switch off every decision whose name matches, such as . or Crit, and show the test that then fails")

// TestMutants checks that the tests notice every decision that is gone. It switches
// off one at a time (a rule of the table in rules.go, or a branch that ends in a
// reason or in a kind that is not an app's) and runs the tests, which must then fail:
//
//	go test ./internal/verify -run TestMutants -mutate . -v -timeout 60m
//
// It prints the decision, its place, and the first test that failed. The source
// is not touched: the compiler reads the changed file through -overlay.
func TestMutants(t *testing.T) {
	mutants, err := findMutants()
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, m := range mutants {
		count[m.folder]++
	}
	t.Logf("%d decisions: %v", len(mutants), count)
	if len(mutants) < leastDecisions {
		t.Errorf("want at least %d decisions found, or this test passes in silence", leastDecisions)
	}
	if *mutate == "" {
		t.Skip("to switch them off takes minutes; ask for it with -mutate .")
	}
	wanted, err := regexp.Compile(*mutate)
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

// leastDecisions is how many there were when this was written, less a few.
const leastDecisions = 120

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
	// A mutant that never ends is as dead as one that fails.
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for _, folder := range decidingFolders[m.folder] {
		binary := filepath.Join(scratch, "mutant.test")
		build := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", binary, ".")
		build.Dir = folder
		if text, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%s at %s: the mutant does not compile:\n%s", m.name, m.place, text)
		}
		for _, tests := range []string{likely, "."} {
			run := exec.CommandContext(ctx, binary, "-test.failfast", "-test.run", tests)
			run.Dir = folder
			if text, err := run.CombinedOutput(); err != nil {
				return firstFailure(string(text))
			}
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

// mutant is one decision, and the source file without it.
type mutant struct {
	name   string // the reason, the error or the rule
	place  string // file:line
	folder string // of decidingFolders
	file   string // absolute
	source []byte
}

// decidingFolders are the packages that decide about a token, each with those whose
// tests are to notice if it decides otherwise.
var decidingFolders = map[string][]string{
	".":        {"."},
	"../jwks":  {"../jwks", "."},
	"../jwt":   {"../jwt", "../jwks", "."},
	"../input": {"../input"},
}

// outcomes say what becomes of a token, which is put together in one place, and
// not why.
var outcomes = []string{"ErrRefused", "ErrForbidden", "ErrUndecided", "ErrSwitchedOff", "ErrNotReached", "ErrPending"}

// findMutants lists every decision of the deciding folders: each branch that ends in
// a reason or an error that one of them declares, and each rule. Test files and the
// words for people are left out.
func findMutants() ([]mutant, error) {
	set := token.NewFileSet()
	parsed := map[string]*ast.File{}
	reasons := map[string]bool{"SpaceError": true} // what Clean has instead of a reason
	for folder := range decidingFolders {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			return nil, err
		}
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(set, path, nil, 0)
			if err != nil {
				return nil, err
			}
			addReasons(reasons, file)
			if filepath.Base(path) != "describe.go" {
				parsed[path] = file
			}
		}
	}
	for _, name := range outcomes {
		delete(reasons, name)
	}
	var all []mutant
	for _, path := range slices.Sorted(maps.Keys(parsed)) {
		mutants, err := mutantsIn(set, path, parsed[path], reasons)
		if err != nil {
			return nil, err
		}
		all = append(all, mutants...)
	}
	return all, nil
}

// addReasons adds the names of the package's errors and reasons: variables that
// errors.New makes, and constants of the type Reason.
func addReasons(names map[string]bool, file *ast.File) {
	for _, d := range file.Decls {
		group, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range group.Specs {
			value, ok := spec.(*ast.ValueSpec)
			if !ok || len(value.Values) != 1 {
				continue
			}
			kind, _ := value.Type.(*ast.Ident)
			call, _ := value.Values[0].(*ast.CallExpr)
			if group.Tok == token.CONST && kind != nil && kind.Name == "Reason" || call != nil && isErrorsNew(call.Fun) {
				names[value.Names[0].Name] = true
			}
		}
	}
}

func isErrorsNew(function ast.Expr) bool {
	selector, ok := function.(*ast.SelectorExpr)
	return ok && selector.Sel.Name == "New" && selector.X.(*ast.Ident).Name == "errors"
}

func mutantsIn(set *token.FileSet, path string, file *ast.File, reasons map[string]bool) ([]mutant, error) {
	folder := filepath.Dir(path)
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var mutants []mutant
	replace := func(name string, at ast.Node, format string) {
		from, to := set.Position(at.Pos()), set.Position(at.End())
		changed := fmt.Sprintf(format, source[from.Offset:to.Offset])
		mutants = append(mutants, mutant{
			name: name, place: fmt.Sprintf("%s:%d", filepath.Join(folder, filepath.Base(path)), from.Line), file: path,
			folder: folder,
			source: bytes.Join([][]byte{source[:from.Offset], []byte(changed), source[to.Offset:]}, nil),
		})
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IfStmt:
			if name := reasonOf(n.Body.List, reasons); name != "" {
				replace(name, n.Cond, "false && (%s)")
			}
		case *ast.SwitchStmt:
			mutateCases(n, reasons, replace)
		case *ast.CompositeLit:
			mutateRule(n, replace)
		}
		return true
	})
	return mutants, nil
}

// mutateCases switches off the branches of a switch without a tag, each condition of
// a branch by itself.
func mutateCases(s *ast.SwitchStmt, reasons map[string]bool, replace func(string, ast.Node, string)) {
	if s.Tag != nil {
		return
	}
	for _, statement := range s.Body.List {
		clause, ok := statement.(*ast.CaseClause)
		if !ok {
			continue
		}
		if name := reasonOf(clause.Body, reasons); name != "" {
			for _, condition := range clause.List {
				replace(name, condition, "false && (%s)")
			}
		}
	}
}

// mutateRule switches off a whole rule of the table: {Check, decideX, describeX, …}.
func mutateRule(c *ast.CompositeLit, replace func(string, ast.Node, string)) {
	if c.Type != nil || len(c.Elts) < 3 {
		return
	}
	if decide, ok := c.Elts[1].(*ast.Ident); ok && strings.HasPrefix(decide.Name, "decide") {
		replace("rule "+strings.TrimPrefix(decide.Name, "decide"), decide,
			"func(*evaluation) outcome { _ = %s; return pass() }")
	}
}

// reasonOf returns the name of the error or reason that a branch ends in: the last
// one mentioned in it; or the kind that the branch takes a token for.
func reasonOf(body []ast.Stmt, reasons map[string]bool) (name string) {
	for _, statement := range body {
		if kind := kindOf(statement); kind != "" {
			return kind
		}
		ast.Inspect(statement, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BlockStmt, *ast.FuncLit:
				return false
			case *ast.Ident:
				if reasons[n.Name] {
					name = n.Name
				}
			}
			return true
		})
	}
	return name
}

// kindOf returns the kind that a statement takes a token for, if it is one that
// is not let in as an app.
func kindOf(statement ast.Stmt) string {
	result, ok := statement.(*ast.ReturnStmt)
	if !ok || len(result.Results) != 1 {
		return ""
	}
	if kind, ok := result.Results[0].(*ast.Ident); ok && slices.Contains([]string{"ID", "User", "Other"}, kind.Name) {
		return "kind " + kind.Name
	}
	return ""
}
