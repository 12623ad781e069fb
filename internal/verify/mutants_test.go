package verify_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// mutant is one decision, and the source file without it.
type mutant struct {
	name   string // the sentinel or the rule
	place  string // file:line
	file   string // absolute
	source []byte
}

// findMutants lists every decision of a package's source files, test files and the
// words for people excepted.
func findMutants(dir string) ([]mutant, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	var all []mutant
	for _, file := range files {
		base := filepath.Base(file)
		if strings.HasSuffix(base, "_test.go") || strings.HasPrefix(base, "diagnose") || base == "describe.go" {
			continue
		}
		mutants, err := mutantsIn(file)
		if err != nil {
			return nil, err
		}
		all = append(all, mutants...)
	}
	return all, nil
}

func mutantsIn(path string) ([]mutant, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, path, source, 0)
	if err != nil {
		return nil, err
	}
	var mutants []mutant
	replace := func(name string, at ast.Node, format string) {
		from, to := set.Position(at.Pos()), set.Position(at.End())
		changed := fmt.Sprintf(format, source[from.Offset:to.Offset])
		mutants = append(mutants, mutant{
			name: name, place: fmt.Sprintf("%s:%d", filepath.Base(path), from.Line), file: path,
			source: bytes.Join([][]byte{source[:from.Offset], []byte(changed), source[to.Offset:]}, nil),
		})
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IfStmt:
			if name := sentinel(n.Body.List); name != "" {
				replace(name, n.Cond, "false && (%s)")
			}
		case *ast.SwitchStmt:
			mutateCases(n, replace)
		case *ast.CompositeLit:
			mutateRule(n, replace)
		}
		return true
	})
	return mutants, nil
}

// mutateCases switches off the branches of a switch without a tag, each condition of
// a branch by itself.
func mutateCases(s *ast.SwitchStmt, replace func(string, ast.Node, string)) {
	if s.Tag != nil {
		return
	}
	for _, statement := range s.Body.List {
		clause, ok := statement.(*ast.CaseClause)
		if !ok {
			continue
		}
		if name := sentinel(clause.Body); name != "" {
			for _, condition := range clause.List {
				replace(name, condition, "false && (%s)")
			}
		}
	}
}

// mutateRule switches off a whole rule of the table: {Check, decideX, describeX}.
func mutateRule(c *ast.CompositeLit, replace func(string, ast.Node, string)) {
	if c.Type != nil || len(c.Elts) != 3 {
		return
	}
	if decide, ok := c.Elts[1].(*ast.Ident); ok && strings.HasPrefix(decide.Name, "decide") {
		replace("rule "+strings.TrimPrefix(decide.Name, "decide"), decide, "func(*hearing) outcome { _ = %s; return pass() }")
	}
}

// sentinel returns the name of the error that a branch ends in: the last one
// mentioned in it, if it leaves the function or sets an error; or the kind that
// the branch takes a token for. What it means
// for a request to fail, to be decided later or to be waived is not a decision
// against a token.
func sentinel(body []ast.Stmt) (name string) {
	for _, statement := range body {
		if kind := kindOf(statement); kind != "" {
			return kind
		}
		ast.Inspect(statement, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BlockStmt, *ast.FuncLit:
				return false
			case *ast.Ident:
				if len(n.Name) > 3 && strings.HasPrefix(n.Name, "Err") && n.Name != "Error" && !isOutcome(n.Name) {
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

// isOutcome reports whether a name says what becomes of a token, which is put
// together in one place, and not why.
func isOutcome(name string) bool {
	return slices.Contains([]string{"ErrRefused", "ErrForbidden", "ErrUndecided", "ErrSwitchedOff"}, name)
}
