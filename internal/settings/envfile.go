package settings

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/joho/godotenv"

	"m2m/internal/exit"
)

// What can be wrong with the content of a .env.
var (
	errEnvFileSyntax    = errors.New("the settings file does not have one NAME=value a line")
	errEnvFileAmbiguous = errors.New("a value in the settings file can be read in more than one way")
)

// statement is one NAME=value of a .env.
type statement struct {
	line int // where it starts, from 1
	name string
	raw  string // the text of the file from the name to the end of the value
	// literal is the value as written, without its quotes and a comment that
	// follows; nothing is expanded.
	literal string
}

// parseEnvFile returns the settings of a .env; other names are ignored. godotenv
// decides what a value is. Where it changes a value ($ and \ outside single
// quotes), that is an error: a changed secret must not be sent.
//
// The errors are exit.Errors that name file and line. They contain nothing of
// the file but names of settings, so godotenv's own errors, which quote it, are
// never passed on.
func parseEnvFile(label string, data []byte) (map[string]string, error) {
	return parseStatements(label, data, IsVariable)
}

// ParseLocal reads the settings file of a local tenant, called label in errors.
// Unlike a .env it may set ProxyVariable, IdentityEndpoint and IdentityHeader.
func ParseLocal(label string, data []byte) (map[string]string, error) {
	return parseStatements(label, data, func(name string) bool {
		return name == ProxyVariable || name == IdentityEndpoint || name == IdentityHeader || IsVariable(name)
	})
}

// lineEnds turns the line ends of Windows and of old Mac OS into those of Unix.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

func parseStatements(label string, data []byte, isOurs func(name string) bool) (map[string]string, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // Windows editors put a byte order mark first
	if bytes.IndexByte(data, 0) >= 0 {
		return nil, exit.Usagef("%s is not a text file", label).
			Hint("save it as UTF-8: Windows PowerShell writes UTF-16 unless told otherwise").
			Wrap(errEnvFileSyntax)
	}
	text := lineEnds.Replace(string(data))
	statements, fault := scanEnvFile(text)
	if fault != nil {
		return nil, fault.in(label)
	}
	ours := slices.DeleteFunc(statements, func(s statement) bool { return !isOurs(s.name) })
	values, fault := readStatements(ours)
	if fault != nil {
		return nil, fault.in(label)
	}
	return values, nil
}

// readStatements has godotenv read the statements and checks that it reads what
// is written.
func readStatements(statements []statement) (map[string]string, *envFault) {
	var text strings.Builder
	last := map[string]statement{}
	for _, s := range statements {
		if !utf8.ValidString(s.raw) {
			return nil, &envFault{s.line, "the value of " + s.name + " is not UTF-8", "save the file as UTF-8", errEnvFileSyntax}
		}
		text.WriteString(s.raw + "\n")
		last[s.name] = s // the last one counts, as in a shell
	}
	values, err := godotenv.Unmarshal(text.String())
	for _, s := range statements {
		if s.line != last[s.name].line {
			continue
		}
		if err != nil && !readsAlone(s) || err == nil && !s.readAs(values) {
			return nil, s.ambiguous()
		}
	}
	if err != nil {
		return nil, &envFault{err: errEnvFileSyntax, reason: "it cannot be read", hint: singleQuotes}
	}
	return values, nil
}

// readsAlone reports whether godotenv reads the statement at all.
func readsAlone(s statement) bool {
	_, err := godotenv.Unmarshal(s.raw + "\n")
	return err == nil
}

// reference matches ${NAME}, which godotenv replaces outside single quotes.
var reference = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\$\{([A-Z0-9_]+)\}`) })

// readAs reports whether the value that godotenv read is the literal, or, unless
// it is a secret, the literal with ${NAME} replaced by settings of the same file
// (API_SCOPE=api://${CLIENT_ID}/.default).
func (s statement) readAs(values map[string]string) bool {
	if values[s.name] == s.literal {
		return true
	}
	if RowOfVariable(s.name).Secret {
		return false
	}
	expanded := reference().ReplaceAllStringFunc(s.literal, func(ref string) string {
		if value := values[ref[2:len(ref)-1]]; value != "" {
			return value
		}
		return ref
	})
	return values[s.name] == expanded
}

const singleQuotes = "write NAME='value': nothing inside single quotes is interpreted"

func (s statement) ambiguous() *envFault {
	hint := singleQuotes
	if strings.Contains(s.literal, "'") {
		hint = "take the value out of the file: set " + s.name + " in the environment, or give a secret with --client-secret-file"
	}
	return &envFault{
		line:   s.line,
		reason: "the value of " + s.name + ` contains $, \, # or a quote where programs differ in what that means`,
		hint:   hint,
		err:    errEnvFileAmbiguous,
	}
}

// envFault is an error at a line of a .env. It holds no value.
type envFault struct {
	line   int // 0 if not known
	reason string
	hint   string
	err    error
}

func (f *envFault) in(label string) error {
	where := label
	if f.line > 0 {
		where = fmt.Sprintf("%s, line %d", label, f.line)
	}
	return exit.Usagef("%s: %s", where, f.reason).Hint(f.hint).Wrap(f.err)
}

// scanEnvFile splits a .env into its statements. It is stricter than godotenv
// about names, and allows only a comment after a closing quote.
func scanEnvFile(text string) ([]statement, *envFault) {
	var statements []statement
	line := 1
	for text != "" {
		first, rest, _ := strings.Cut(text, "\n")
		if trimmed := strings.TrimSpace(first); trimmed == "" || trimmed[0] == '#' {
			text, line = rest, line+1
			continue
		}
		s, length, fault := scanStatement(text)
		if fault != nil {
			fault.line = line
			return nil, fault
		}
		s.line = line
		if s.literal != "" { // empty is not set
			statements = append(statements, s)
		}
		line += strings.Count(text[:length], "\n")
		text = text[length:]
	}
	return statements, nil
}

// isEnvName reports whether s is a letter or _, then letters, digits, _, . and -.
func isEnvName(s string) bool {
	for i, r := range s {
		letter := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r == '_'
		if !letter && (i == 0 || !('0' <= r && r <= '9' || r == '.' || r == '-')) {
			return false
		}
	}
	return s != ""
}

// scanStatement reads the statement at the start of text. length includes the end
// of its last line.
func scanStatement(text string) (s statement, length int, fault *envFault) {
	expected := &envFault{reason: "expected NAME=value", hint: "write one NAME=value a line; a comment starts with #", err: errEnvFileSyntax}
	first, _, _ := strings.Cut(text, "\n")
	at := strings.IndexAny(first, "=:") // godotenv takes NAME: value too
	if at < 0 {
		return s, 0, expected
	}
	s.name = strings.TrimSpace(first[:at])
	if after, ok := strings.CutPrefix(s.name, "export"); ok && strings.TrimLeft(after, " \t") != after {
		s.name = strings.TrimSpace(after)
	}
	if !isEnvName(s.name) {
		return s, 0, expected
	}
	value := strings.TrimLeft(first[at+1:], " \t")
	start := len(first) - len(value)
	if value != "" && (value[0] == '\'' || value[0] == '"') {
		return scanQuoted(s, text, start)
	}
	s.raw, s.literal = first, strings.TrimSpace(cutComment(first[at+1:]))
	return s, min(len(first)+1, len(text)), nil
}

// scanQuoted reads a value in quotes that start at text[start]; it may span
// lines.
func scanQuoted(s statement, text string, start int) (statement, int, *envFault) {
	end := closingQuote(text[start:])
	if end < 0 {
		return s, 0, &envFault{
			reason: "a quote is opened and never closed",
			hint:   "close it with the same quote at the end of the value",
			err:    errEnvFileSyntax,
		}
	}
	end += start
	tail, _, _ := strings.Cut(text[end+1:], "\n")
	if trimmed := strings.TrimSpace(tail); trimmed != "" && trimmed[0] != '#' {
		return s, 0, &envFault{
			reason: "something follows the closing quote of a value",
			hint:   "put the whole value between the quotes",
			err:    errEnvFileSyntax,
		}
	}
	s.raw, s.literal = text[:end+1], text[start+1:end]
	return s, min(end+1+len(tail)+1, len(text)), nil
}

// closingQuote returns the index of the quote that closes the one at the start of
// s; -1 if there is none. A quote after a backslash does not close, as in godotenv.
func closingQuote(s string) int {
	for i := 1; i < len(s); i++ {
		if s[i] == s[0] && s[i-1] != '\\' {
			return i
		}
	}
	return -1
}

// cutComment removes a comment from a value without quotes: a # after white space
// and all that follows.
func cutComment(value string) string {
	for i := 1; i < len(value); i++ {
		if value[i] == '#' && (value[i-1] == ' ' || value[i-1] == '\t') {
			return value[:i]
		}
	}
	return value
}
