package main_test

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the path that every import of ours begins with.
const module = "m2m"

// floor is a set of packages that may import those of lower floors only. A name
// that ends in /* stands for every package below it.
type floor struct {
	packages []string
	// amongThemselves lets the packages of the floor import each other.
	amongThemselves bool
}

// floors are listed from top to bottom. A package without a floor may not exist:
// give it one.
var floors = []floor{
	{packages: []string{"cmd/m2m"}},
	{packages: []string{"internal/cli/*"}}, // the commands
	{packages: []string{"internal/cli"}},
	{packages: []string{"internal/local"}},
	{packages: []string{"internal/settings", "internal/suite", "internal/probe", "internal/serve", "internal/tenant"}},
	{packages: []string{"internal/explain"}},
	{packages: []string{"internal/explain/*"}, amongThemselves: true},
	{packages: []string{"internal/verify", "internal/call", "internal/token", "internal/probe/forge",
		"internal/jwks/issuertest"}},
	{packages: []string{"internal/issuer"}},
	{packages: []string{"internal/jwks", "internal/token/cache"}},
	{packages: []string{"internal/tenant/*"}, amongThemselves: true},
	{packages: []string{"internal/jwt"}},
	{packages: []string{"internal/transport"}},
	{packages: []string{"internal/entra"}},
	{packages: []string{
		"internal/exit", "internal/testreport", "internal/strictyaml", "internal/jsonobject", "internal/wholefile",
		"internal/input", "internal/jq", "internal/serve/exposition",
	}},
	{packages: []string{"internal/text", "internal/probe/probetest"}},
}

// importRule makes an exception of the floors.
type importRule struct {
	from, to []string // as in a floor
	reason   string
}

// allowed are imports that the floors forbid.
var allowed []importRule

// forbidden are imports that the floors allow.
var forbidden = []importRule{
	{
		[]string{"internal/tenant", "internal/tenant/*"},
		[]string{"internal/jwt", "internal/jwks", "internal/verify", "internal/token", "internal/token/*", "internal/explain",
			"internal/settings", "internal/call", "internal/cli/*"},
		"a tenant that shares code with what it is tested with agrees with its mistakes",
	},
	{
		[]string{"internal/probe/probetest"}, []string{"internal/*"},
		"a test API that shares code with the probe agrees with its mistakes",
	},
	{
		[]string{"internal/exit", "internal/testreport", "internal/strictyaml", "internal/jsonobject", "internal/wholefile",
			"internal/input"},
		[]string{"internal/entra"},
		"plumbing knows nothing of Entra",
	},
}

// reserved are the things that only the files named here may use, so that every
// command runs inside a test. An empty list: no file may.
var reserved = map[string][]string{
	"os.Exit":               {"cmd/m2m/main.go"},
	"os.Getenv":             {"internal/cli/env.go"},
	"os.LookupEnv":          {"internal/cli/env.go"},
	"os.Environ":            {"internal/cli/env.go"},
	"os.ExpandEnv":          nil,
	"os.Setenv":             nil,
	"os.Unsetenv":           nil,
	"os.Chdir":              nil,
	"http.DefaultClient":    nil,
	"http.DefaultServeMux":  nil,
	"http.DefaultTransport": nil,
	"http.Get":              nil,
	"http.Head":             nil,
	"http.Post":             nil,
	"http.PostForm":         nil,
	"http.Handle":           nil,
	"http.HandleFunc":       nil,
	"log.Fatal":             nil,
	"log.Fatalf":            nil,
	"log.Fatalln":           nil,
	"log.Panic":             nil,
	"log.Panicf":            nil,
	"log.Panicln":           nil,
}

// dustbins are names that say nothing about what is in a package or a file.
var dustbins = []string{"util", "utils", "common", "helper", "helpers", "type", "types", "misc", "shared", "base",
	"lib"}

// source is one parsed file that is not a test.
type source struct {
	name   string // from the root of the module, with slashes
	folder string
	file   *ast.File
}

// TestTheHouse checks the tree against its rules. It parses the files, for every
// system and build tag, and needs no go command.
func TestTheHouse(t *testing.T) {
	sources := readSources(t, moduleRoot(t))
	for _, rule := range []struct {
		name  string
		check func(source) []string
	}{
		{"imports go to lower floors", breaksFloors},
		{"no init functions", hasInit},
		{"the process and its environment are touched in one place", touchesReserved},
		{"names say what is inside", hasDustbinName},
		{"packages below the command line do not name it", namesCommandLine},
	} {
		t.Run(rule.name, func(t *testing.T) {
			for _, s := range sources {
				for _, fault := range rule.check(s) {
					t.Errorf("%s: %s", s.name, fault)
				}
			}
		})
	}
	t.Run("every exception is used", func(t *testing.T) {
		for _, rule := range allowed {
			for _, to := range rule.to {
				if !slices.ContainsFunc(sources, func(s source) bool { return matches(rule.from, s.folder) && imports(s, to) }) {
					t.Errorf("%v may import %s, and does not", rule.from, to)
				}
			}
		}
	})
	t.Run("every package says what it is", func(t *testing.T) {
		for _, folder := range undocumented(sources) {
			t.Errorf("%s: no file has a package comment", folder)
		}
	})
}

// breaksFloors names each import of ours that goes up or along a floor, or that
// a rule forbids.
func breaksFloors(s source) (faults []string) {
	if floorOf(s.folder) < 0 {
		return []string{fmt.Sprintf("package %s has no floor; add it to the table", s.folder)}
	}
	for _, spec := range s.file.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		if ours, isOurs := strings.CutPrefix(imported, module+"/"); isOurs {
			if why := importFault(s.folder, ours); why != "" {
				faults = append(faults, fmt.Sprintf("imports %s: %s", imported, why))
			}
		}
		if name := spec.Name; name != nil && name.Name == "." {
			faults = append(faults, "imports "+imported+" with a dot, which hides where names come from")
		}
	}
	return faults
}

func imports(s source, folder string) bool {
	return slices.ContainsFunc(s.file.Imports, func(spec *ast.ImportSpec) bool {
		return spec.Path.Value == strconv.Quote(module+"/"+folder)
	})
}

// importFault returns why one package may not import another; "" if it may.
func importFault(from, to string) string {
	for _, rule := range forbidden {
		if matches(rule.from, from) && matches(rule.to, to) {
			return rule.reason
		}
	}
	for _, rule := range allowed {
		if matches(rule.from, from) && matches(rule.to, to) {
			return ""
		}
	}
	if isFixture(to) {
		return "only tests import fixtures"
	}
	upper, lower := floorOf(from), floorOf(to)
	switch {
	case lower < 0:
		return "it has no floor"
	case lower > upper, lower == upper && (floors[upper].amongThemselves || isFixture(from)):
		return ""
	case lower == upper:
		return "it is on the same floor"
	}
	return "it is on a higher floor"
}

// floorOf returns the index of a package's floor; -1 if it has none. Fixtures
// are on the floor of the package that they are below.
func floorOf(folder string) int {
	for i, f := range floors {
		if matches(f.packages, folder) {
			return i
		}
	}
	if isFixture(folder) {
		return floorOf(path.Dir(folder))
	}
	return -1
}

// isFixture reports whether a package only serves the tests of others, as
// httptest does.
func isFixture(folder string) bool {
	return strings.HasSuffix(path.Base(folder), "test") && !strings.HasSuffix(folder, "/probetest")
}

// matches reports whether a package is one of those listed. A package that is
// named itself on another floor is not meant by a star.
func matches(list []string, folder string) bool {
	return slices.Contains(list, folder) || slices.ContainsFunc(list, func(p string) bool {
		prefix, isPattern := strings.CutSuffix(p, "*")
		return isPattern && strings.HasPrefix(folder, prefix)
	})
}

func hasInit(s source) (faults []string) {
	for _, decl := range s.file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			faults = append(faults, "has an init function, which every command pays for at start")
		}
	}
	return faults
}

// touchesReserved finds uses by the package's own name or by another one that
// the file gives it.
func touchesReserved(s source) (faults []string) {
	packages := map[string]string{} // name in this file → import path's last part
	for _, spec := range s.file.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		switch base := path.Base(imported); {
		case imported != "os" && imported != "net/http" && imported != "log":
		case spec.Name != nil:
			packages[spec.Name.Name] = base
		default:
			packages[base] = base
		}
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); ok {
			use := packages[x.Name] + "." + sel.Sel.Name
			if where, isReserved := reserved[use]; isReserved && !slices.Contains(where, s.name) {
				faults = append(faults, fmt.Sprintf("uses %s; allowed in: %s", use, cmp.Or(strings.Join(where, ", "), "no file")))
			}
		}
		return true
	})
	return faults
}

// mayNameCommandLine are the packages below cli that may name flags, variables and
// commands of m2m: settings knows them all, local sets the variables of a child
// command, and explain is the one place that words advice.
var mayNameCommandLine = []string{"internal/settings", "internal/local", "internal/explain", "internal/explain/pasted"}

// commandLineWords finds a flag, a command, or a variable that m2m reads.
var commandLineWords = regexp.MustCompile(`(^|[\s"'` + "`" +
	`(])--[a-z][a-z-]+|\bm2m (token|verify|call|serve|help)\b|` +
	`\b(TENANT_ID|CLIENT_ID|CLIENT_SECRET|API_(SCOPE|AUDIENCE|URL)|REQUIRED_(ROLES|SCOPES)|AZURE_[A-Z_]+|M2M_[A-Z_]+)\b`)

// notOurs finds a command of another program, a flag of curl, and the label that
// separates the cache's keys from others.
var notOurs = regexp.MustCompile(`\b(az|curl|openssl|kubectl|gh) |--(cacert|data-binary)|^"m2m token cache v1"$`)

// namesCommandLine finds string literals that name a flag, a variable or a command
// of m2m in a package that returns reasons and advice as data.
func namesCommandLine(s source) (faults []string) {
	if !strings.HasPrefix(s.folder, "internal/") || strings.HasPrefix(s.folder+"/", "internal/cli/") ||
		slices.Contains(mayNameCommandLine, s.folder) {
		return nil
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		literal, ok := n.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			return true
		}
		if word := commandLineWords.FindString(literal.Value); word != "" && !notOurs.MatchString(literal.Value) {
			faults = append(faults,
				fmt.Sprintf("a text names %q of the command line: %s", strings.TrimSpace(word), literal.Value))
		}
		return true
	})
	return faults
}

func hasDustbinName(s source) (faults []string) {
	for _, name := range []string{path.Base(s.folder), strings.TrimSuffix(path.Base(s.name), ".go"), s.file.Name.Name} {
		if slices.Contains(dustbins, name) {
			faults = append(faults, fmt.Sprintf("is called %q, which says nothing about what is inside", name))
		}
	}
	return faults
}

// undocumented returns the folders of which no file has a package comment.
func undocumented(sources []source) []string {
	documented := map[string]bool{}
	for _, s := range sources {
		documented[s.folder] = documented[s.folder] || strings.TrimSpace(s.file.Doc.Text()) != ""
	}
	maps.DeleteFunc(documented, func(_ string, ok bool) bool { return ok })
	return slices.Sorted(maps.Keys(documented))
}

// readSources parses every file of the module but tests.
func readSources(t *testing.T, root string) (sources []source) {
	t.Helper()
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name != root && isForeign(name, entry.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		s, err := parseSource(root, name)
		sources = append(sources, s)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(sources) == 0 {
		t.Fatal("there are no sources in " + root)
	}
	return sources
}

// isForeign reports whether a folder is no part of the module, as the go
// command sees it.
func isForeign(name, base string) bool {
	_, err := os.Stat(filepath.Join(name, "go.mod"))
	return err == nil || base == "testdata" || base == "vendor" || strings.HasPrefix(base, ".") ||
		strings.HasPrefix(base, "_")
}

func parseSource(root, name string) (source, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return source{}, err
	}
	file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return source{}, err
	}
	short, err := filepath.Rel(root, name)
	if err != nil {
		return source{}, err
	}
	short = filepath.ToSlash(short)
	return source{name: short, folder: path.Dir(short), file: file}, nil
}

// moduleRoot returns the folder of go.mod, which is above this package.
func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		_, err := os.Stat(filepath.Join(dir, "go.mod"))
		if err == nil {
			return dir
		}
		if parent := filepath.Dir(dir); parent != dir && errors.Is(err, fs.ErrNotExist) {
			dir = parent
			continue
		}
		t.Fatal("there is no go.mod above this package")
	}
}

// A rule that never fails proves nothing: each one must find its fault.
func TestTheHouseRulesBite(t *testing.T) {
	for _, tt := range []struct {
		name, file, text string
		check            func(source) []string
		want             string // part of the only fault; empty: none
	}{
		{"a lower floor", "internal/serve/a.go", `package serve; import "m2m/internal/verify"`, breaksFloors, ""},
		{"the same floor", "internal/serve/a.go", `package serve; import "m2m/internal/probe"`, breaksFloors, "same floor"},
		{"a higher floor", "internal/entra/a.go", `package entra; import x "m2m/internal/token"`, breaksFloors,
			"imports m2m/internal/token: it is on a higher floor"},
		{"the tenant and verify", "internal/tenant/a.go", `package tenant; import "m2m/internal/verify"`, breaksFloors,
			"agrees with its mistakes"},
		{"a room of the tenant and jwt", "internal/tenant/mint/a.go", `package mint; import "m2m/internal/jwt"`, breaksFloors,
			"agrees with its mistakes"},
		{"two rooms of the tenant", "internal/tenant/mint/a.go", `package mint; import "m2m/internal/tenant/keyring"`,
			breaksFloors, ""},
		{"a room of the tenant and the tenant", "internal/tenant/mint/a.go", `package mint; import "m2m/internal/tenant"`,
			breaksFloors, "higher floor"},
		{"the tenant and transport", "internal/tenant/a.go", `package tenant; import "m2m/internal/transport"`, breaksFloors,
			""},
		{"the probe's test APIs", "internal/probe/probetest/a.go", `package probetest; import "m2m/internal/text"`,
			breaksFloors, "agrees with its mistakes"},
		{"plumbing and Entra", "internal/wholefile/a.go", `package wholefile; import "m2m/internal/entra"`, breaksFloors,
			"knows nothing of Entra"},
		{"plumbing and text", "internal/wholefile/a.go", `package wholefile; import "m2m/internal/text"`, breaksFloors, ""},
		{"two commands", "internal/cli/tokencmd/a.go", `package tokencmd; import "m2m/internal/cli/verifycmd"`, breaksFloors,
			"same floor"},
		{"a fixture", "internal/verify/verifytest/a.go", `package verifytest; import "m2m/internal/verify"`, breaksFloors,
			""},
		{"a use of a fixture", "internal/serve/a.go", `package serve; import "m2m/internal/verify/verifytest"`, breaksFloors,
			"only tests"},
		{"under a build tag", "internal/token/a.go", "//go:build windows\n\npackage token\nimport _ \"m2m/internal/call\"",
			breaksFloors, "imports m2m/internal/call"},
		{"a package without a floor", "internal/extra/a.go", `package extra`, breaksFloors, "no floor"},
		{"an import without a floor", "internal/serve/a.go", `package serve; import "m2m/internal/extra"`, breaksFloors,
			"no floor"},
		{"a dot import", "internal/call/a.go", `package call; import . "strings"`, breaksFloors, "with a dot"},
		{"init", "internal/call/a.go", `package call; func init() {}`, hasInit, "init function"},
		{"a method named init", "internal/call/a.go", `package call; type t int; func (t) init() {}`, hasInit, ""},
		{"os.Exit in main.go", "cmd/m2m/main.go", `package main; import "os"; func main() { os.Exit(0) }`, touchesReserved,
			""},
		{"the environment, in cli", "internal/cli/env.go",
			`package cli; import "os"; func f() string { return os.Getenv("X") }`, touchesReserved, ""},
		{"os.Exit elsewhere", "cmd/m2m/root.go", `package main; import "os"; func f() { os.Exit(0) }`, touchesReserved,
			"os.Exit"},
		{"under another name", "internal/call/a.go", `package call; import web "net/http"; var c = web.DefaultClient`,
			touchesReserved, "http.DefaultClient"},
		{"the environment", "internal/token/a.go", `package token; import "os"; func f() string { return os.Getenv("X") }`,
			touchesReserved, "os.Getenv"},
		{"a client of one's own", "internal/call/a.go",
			`package call; import "net/http"; func f(c *http.Client) { c.Get("") }`, touchesReserved, ""},
		{"log.Fatal", "internal/call/a.go", `package call; import "log"; func f() { log.Fatal() }`, touchesReserved,
			"log.Fatal"},
		{"a flag in a domain package", "internal/call/a.go", `package call; const c = "use --timeout 5s"`, namesCommandLine,
			`"--timeout"`},
		{"a command in a domain package", "internal/jwt/a.go", `package jwt; const c = "run m2m verify"`, namesCommandLine,
			"m2m verify"},
		{"a variable in a domain package", "internal/token/a.go", `package token; const c = "set CLIENT_SECRET"`,
			namesCommandLine, "CLIENT_SECRET"},
		{"a flag of another program", "internal/token/a.go", `package token; const c = "az ad app show --id ID"`,
			namesCommandLine, ""},
		{"a flag in the command line", "internal/cli/callcmd/a.go", `package callcmd; const c = "use --timeout 5s"`,
			namesCommandLine, ""},
		{"a dustbin", "internal/verify/helpers.go", `package verify`, hasDustbinName, "helpers"},
		{"no package comment", "internal/verify/a.go", "// far away\n\npackage verify", packageComment, "internal/verify"},
		{"a package comment", "internal/verify/a.go", "// Package verify decides.\npackage verify", packageComment, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := t.TempDir()
			name := filepath.Join(root, filepath.FromSlash(tt.file))
			if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700),
				os.WriteFile(name, []byte(tt.text), 0o600)); err != nil {
				t.Fatal(err)
			}
			var faults []string
			for _, s := range readSources(t, root) {
				faults = append(faults, tt.check(s)...)
			}
			if tt.want == "" && len(faults) > 0 || tt.want != "" && (len(faults) != 1 || !strings.Contains(faults[0], tt.want)) {
				t.Errorf("found %q, want %q", faults, tt.want)
			}
		})
	}
}

func packageComment(s source) []string { return undocumented([]source{s}) }
