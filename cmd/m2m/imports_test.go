package main_test

import (
	"bytes"
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
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the path that every import of ours begins with.
const module = "m2m"

// mayImport is the import table: which packages of ours each package may use.
// A package without a row may not exist: it needs a reason first.
var mayImport = map[string][]string{
	"cmd/m2m":        {"internal/token", "internal/serve", "internal/call", "internal/probe", "internal/verify", "internal/issuer", "internal/transport", "internal/entra"},
	"internal/serve": {"internal/verify", "internal/entra"},
	"internal/call":  {"internal/verify", "internal/transport", "internal/entra"},
	"internal/probe": {"internal/call", "internal/entra"},
	// Imported by tests alone; if it shared code with the probe, it would agree with its mistakes.
	"internal/probe/brokenapi": {},
	"internal/token":           {"internal/transport", "internal/entra"},
	"internal/verify":          {"internal/transport", "internal/entra"},
	"internal/tenant/refusal":  {},
	"internal/issuer":          {"internal/tenant/refusal", "internal/entra"}, // if it shared code with token or verify, it would agree with their mistakes
	"internal/transport":       {"internal/entra"},
	"internal/entra":           {},
}

// reserved are the things that one file alone may touch, so that every command
// runs inside a test. An empty list: no file may.
var reserved = map[string][]string{
	"os.Exit":               {"cmd/m2m/main.go"},
	"os.Getenv":             {"cmd/m2m/system.go"},
	"os.LookupEnv":          {"cmd/m2m/system.go"},
	"os.Environ":            {"cmd/m2m/system.go"},
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

// mostLines is how long a file may be before it holds more than one subject.
const mostLines = 300

// dustbins are names that say nothing about what is in a package or a file.
var dustbins = []string{"util", "utils", "common", "helper", "helpers", "type", "types", "misc", "shared", "base", "lib"}

// source is one parsed file that is not a test.
type source struct {
	name   string // from the root of the module, with slashes
	folder string
	file   *ast.File
	lines  int
}

// TestTheHouse holds the tree against its rules. It parses the files, for every
// system and build tag, and needs no go command.
func TestTheHouse(t *testing.T) {
	sources := readSources(t, moduleRoot(t))
	for _, rule := range []struct {
		name  string
		check func(source) []string
	}{
		{"imports follow the table", breaksImportTable},
		{"no init functions", hasInit},
		{"the process and its environment are touched in one place", touchesReserved},
		{"one subject a file", isTooLong},
		{"names say what is inside", hasDustbinName},
	} {
		t.Run(rule.name, func(t *testing.T) {
			for _, s := range sources {
				for _, fault := range rule.check(s) {
					t.Errorf("%s: %s", s.name, fault)
				}
			}
		})
	}
	t.Run("every package says what it is", func(t *testing.T) {
		for _, folder := range undocumented(sources) {
			t.Errorf("%s: no file has a package comment", folder)
		}
	})
}

// breaksImportTable names each import of ours that the table does not allow.
func breaksImportTable(s source) (faults []string) {
	allowed, known := mayImport[s.folder]
	if !known {
		return []string{fmt.Sprintf("package %s has no row in the import table; a new package needs two importers", s.folder)}
	}
	for _, spec := range s.file.Imports {
		imported, _ := strconv.Unquote(spec.Path.Value)
		ours, isOurs := strings.CutPrefix(imported, module+"/")
		if isOurs && !slices.Contains(allowed, ours) {
			faults = append(faults, fmt.Sprintf("imports %s; %s may import %s of ours", imported, s.folder,
				cmp.Or(strings.Join(allowed, ", "), "nothing")))
		}
		if name := spec.Name; name != nil && name.Name == "." {
			faults = append(faults, "imports "+imported+" with a dot, which hides where names come from")
		}
	}
	return faults
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

func isTooLong(s source) []string {
	if s.lines <= mostLines {
		return nil
	}
	return []string{fmt.Sprintf("has %d lines; more than %d hold more than one subject", s.lines, mostLines)}
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
	return err == nil || base == "testdata" || base == "vendor" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")
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
	return source{name: short, folder: path.Dir(short), file: file, lines: bytes.Count(text, []byte("\n"))}, nil
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
	long := "package verify\n" + strings.Repeat("\n", mostLines)
	for _, tt := range []struct {
		name, file, text string
		check            func(source) []string
		want             string // part of the only fault; empty: none
	}{
		{"an import the table allows", "internal/serve/a.go", `package serve; import "m2m/internal/verify"`, breaksImportTable, ""},
		{"the issuer's forbidden friend", "internal/issuer/a.go", `package issuer; import "m2m/internal/verify"`, breaksImportTable, "imports m2m/internal/verify"},
		{"anything of ours in entra", "internal/entra/a.go", `package entra; import x "m2m/internal/token"`, breaksImportTable, "may import nothing of ours"},
		{"under a build tag", "internal/token/a.go", "//go:build windows\n\npackage token\nimport _ \"m2m/internal/call\"", breaksImportTable, "imports m2m/internal/call"},
		{"a package without a row", "internal/extra/a.go", `package extra`, breaksImportTable, "no row"},
		{"a dot import", "internal/call/a.go", `package call; import . "strings"`, breaksImportTable, "with a dot"},
		{"init", "internal/call/a.go", `package call; func init() {}`, hasInit, "init function"},
		{"a method named init", "internal/call/a.go", `package call; type t int; func (t) init() {}`, hasInit, ""},
		{"os.Exit in main.go", "cmd/m2m/main.go", `package main; import "os"; func main() { os.Exit(0) }`, touchesReserved, ""},
		{"os.Exit elsewhere", "cmd/m2m/root.go", `package main; import "os"; func f() { os.Exit(0) }`, touchesReserved, "os.Exit"},
		{"under another name", "internal/call/a.go", `package call; import web "net/http"; var c = web.DefaultClient`, touchesReserved, "http.DefaultClient"},
		{"the environment", "internal/token/a.go", `package token; import "os"; func f() string { return os.Getenv("X") }`, touchesReserved, "os.Getenv"},
		{"a client of one's own", "internal/call/a.go", `package call; import "net/http"; func f(c *http.Client) { c.Get("") }`, touchesReserved, ""},
		{"log.Fatal", "internal/call/a.go", `package call; import "log"; func f() { log.Fatal() }`, touchesReserved, "log.Fatal"},
		{"a long file", "internal/verify/a.go", long, isTooLong, "has 301 lines"},
		{"a file at the limit", "internal/verify/a.go", strings.TrimSuffix(long, "\n"), isTooLong, ""},
		{"a dustbin", "internal/verify/helpers.go", `package verify`, hasDustbinName, "helpers"},
		{"no package comment", "internal/verify/a.go", "// far away\n\npackage verify", packageComment, "internal/verify"},
		{"a package comment", "internal/verify/a.go", "// Package verify decides.\npackage verify", packageComment, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			root := t.TempDir()
			name := filepath.Join(root, filepath.FromSlash(tt.file))
			if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(tt.text), 0o600)); err != nil {
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
