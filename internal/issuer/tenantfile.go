package issuer

import (
	"bytes"
	"cmp"
	_ "embed" // the built-in tenant's file and the schema
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/refusal"
)

// MaxTenantFile is how large a tenant file may be, in bytes: some 400 clients.
const MaxTenantFile = 64 << 10

// deepestFlow bounds brackets within brackets. A tenant file has at most five;
// the time that the parser takes grows with the third power of them.
const deepestFlow = 16

// mostProblems bounds how many faults of one file are listed.
const mostProblems = 20

// TenantFile is what a tenant file describes: tenants, and how long their
// tokens live.
type TenantFile struct {
	// Tenants are in the order of the file, but for the default: its tenant,
	// client and API come first. The default client is the one marked so, else
	// the first that has a secret and a grant, else the first; its API is that
	// of its first grant.
	Tenants []directory.Tenant
	// TokenLifetime and LongestTokenLifetime are those of Config.
	TokenLifetime, LongestTokenLifetime time.Duration
}

// TenantFileError lists what is wrong with a tenant file, each with its place.
type TenantFileError struct {
	// File is the name that the caller gave.
	File     string
	Problems []TenantFileProblem
}

// TenantFileProblem is one fault of a tenant file.
type TenantFileProblem struct {
	// Line and Column count from 1; Line 0 means the file as a whole.
	Line, Column int
	// Text says what is wrong and, where it can be told, what was meant. It
	// never holds what stands where a secret belongs.
	Text string
}

// Error has one line for each problem, in the form FILE:LINE:COLUMN: TEXT.
func (e *TenantFileError) Error() string {
	var lines []string
	for _, p := range e.Problems {
		at := e.File
		if p.Line > 0 {
			at = fmt.Sprintf("%s:%d:%d", e.File, p.Line, p.Column)
		}
		lines = append(lines, at+": "+p.Text)
	}
	return strings.Join(lines, "\n")
}

//go:embed tenantfile.builtin.yaml
var builtinTenantFile string

// BuiltinTenantFile returns the file that describes Builtin, with comments
// that explain every key.
func BuiltinTenantFile() string { return builtinTenantFile }

//go:embed tenantfile.schema.json
var tenantFileSchema string

// TenantFileSchema returns the JSON Schema of a tenant file, for editors.
func TenantFileSchema() string { return tenantFileSchema }

// ParseTenantFile reads a tenant file: YAML, and nothing in it that it does not
// know. The certificates that it names are read with readFile. Secrets that it
// wants made are new at every call.
//
// The error is a *TenantFileError that calls the file by name.
func ParseTenantFile(name string, text []byte, readFile func(path string) ([]byte, error)) (TenantFile, error) {
	r := &fileReader{readFile: readFile, places: map[string]place{}}
	var f TenantFile
	if body := r.document(text); body != nil {
		object(f.keys())(r, body, "")
	}
	f.fillObjectIDs()
	if len(r.problems) == 0 {
		r.check(&f)
	}
	if len(r.problems) > 0 {
		slices.SortStableFunc(r.problems, func(a, b TenantFileProblem) int { return cmp.Compare(a.Line, b.Line) })
		return TenantFile{}, &TenantFileError{File: name, Problems: r.problems}
	}
	return f, nil
}

// document parses the text, which has to be one YAML document.
func (r *fileReader) document(text []byte) ast.Node {
	if len(text) > MaxTenantFile {
		r.problem(place{}, "the file is larger than %d KiB", MaxTenantFile>>10)
		return nil
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // Windows editors put a byte order mark first
	if !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
		r.problem(place{}, "the file is not UTF-8; Windows PowerShell writes UTF-16 unless told otherwise")
		return nil
	}
	tokens := lexer.Tokenize(string(text))
	if deep := tooDeep(tokens); deep != nil {
		r.problem(place{line: deep.Position.Line, column: deep.Position.Column}, "more than %d brackets within brackets", deepestFlow)
		return nil
	}
	// Keys that come twice are found by object, which says where the first is.
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	var syntax yaml.Error
	switch {
	case errors.As(err, &syntax) && syntax.GetToken() != nil:
		at := syntax.GetToken().Position
		r.problem(place{line: at.Line, column: at.Column}, "not YAML: %s", refusal.Bound(syntax.GetMessage()))
	case err != nil:
		r.problem(place{}, "not YAML")
	case len(file.Docs) > 1 && file.Docs[1].Body != nil:
		r.problem(placeOf(file.Docs[1].Body), "a second YAML document begins; a tenant file is one")
	case len(file.Docs) == 0 || file.Docs[0].Body == nil:
		r.problem(place{}, "the file is empty; m2m serve tenant-file prints one to begin with")
	default:
		return file.Docs[0].Body
	}
	return nil
}

// tooDeep returns the bracket that is one too many; nil if none is.
func tooDeep(tokens token.Tokens) *token.Token {
	depth := 0
	for _, t := range tokens {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		}
		if depth > deepestFlow {
			return t
		}
	}
	return nil
}

// check looks at the whole: what one part says of another.
func (r *fileReader) check(f *TenantFile) {
	wrongs := directory.Check(f.Tenants)
	if f.LongestTokenLifetime != 0 && f.LongestTokenLifetime < f.TokenLifetime {
		wrongs = append(wrongs, &directory.Error{Field: "LongestTokenLifetime", Problem: "it is shorter than the shortest lifetime"})
	}
	for _, wrong := range wrongs {
		at := r.nearestPlace(wrong.Field)
		text := wrong.Problem
		if at.key != "" {
			text = at.key + ": " + text
		}
		r.problem(at, "%s", text)
	}
	if len(r.problems) == 0 {
		r.chooseDefault(f)
	}
}
