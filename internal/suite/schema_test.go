package suite_test

import (
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"m2m/internal/suite"
)

// suiteValidator holds texts of YAML against the schema.
func suiteValidator(t *testing.T) (validate func(text string) error) {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(suite.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("suite.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("suite.json")
	if err != nil {
		t.Fatal(err)
	}
	return func(text string) error {
		var value any
		if err := yaml.Unmarshal([]byte(strings.TrimPrefix(text, "\ufeff")), &value); err != nil {
			return err
		}
		return schema.Validate(value)
	}
}

// TestSuiteSchema holds the schema and the parser against each other: what one
// takes the other takes, and what a schema can know to be wrong both refuse.
func TestSuiteSchema(t *testing.T) {
	validate := suiteValidator(t)
	for name, text := range goodSuites() {
		if err := validate(text); err != nil {
			t.Errorf("%s: the schema refuses what the parser takes: %v", name, err)
		}
	}
	for name, tt := range badSuites() {
		if tt.beyond {
			continue
		}
		if validate(tt.text) == nil {
			t.Errorf("%s: the schema takes what the parser refuses", name)
		}
	}
}

// TestSuiteSchemaOfEveryValue puts values of every kind into every place: the
// schema takes at least what the parser takes.
func TestSuiteSchemaOfEveryValue(t *testing.T) {
	validate := suiteValidator(t)
	values := []string{
		"", "~", "true", "x", "2xx", "200", "0", "-1", "1.5", "0x10", "1_0", "1e3", "500ms", "1h2m3.5s", "0s", "''", "' '",
		"a b", "a: b", "[]", "{}", "[x]", "[200, 2xx]", "[[x]]",
		"{a: b}", "{A: }", "{A: 1}", "{A: [b]}", "'${X}'", "'${X:-y}'", "'$${X'", "'a ${X} b'", "2026-01-01", "/a",
		"'200, 404-405'", `"a\nb"`, "default", "none", "2XX", "null", ".5s", "'é'",
	}
	taken := 0
	try := func(text string) {
		if _, err := suite.Parse("smoke.yaml", []byte(text)); err != nil {
			return
		}
		taken++
		if err := validate(text); err != nil {
			t.Errorf("the schema refuses what the parser takes: %v\n%s", err, text)
		}
	}
	for _, v := range values {
		for _, key := range []string{"tags", "method", "body", "json", "file", "as", "headers", "follow", "retry", "timeout",
			"expect"} {
			try(with("  " + key + ": " + v + "\n"))
			try("defaults:\n  " + key + ": " + v + "\n" + with(""))
		}
		for _, key := range []string{"status", "headers", "body", "jq", "max_time"} {
			try(with("  expect:\n    " + key + ": " + v + "\n"))
		}
		for _, key := range []string{"tenant", "scope", "client_secret", "client_secret_file", "certificate",
			"certificate_password", "certificate_password_file", "send_chain", "federated_token_file"} {
			try("clients:\n  c:\n    client_id: x\n    certificate: y\n    " + key + ": " + v + "\n" + with(""))
			try("clients:\n  c:\n    client_id: x\n    " + key + ": " + v + "\n" + with(""))
			try("clients:\n  c:\n    " + key + ": " + v + "\n" + with(""))
		}
		try("requests:\n- url: /\n  name: " + v + "\n")
		try("requests:\n- name: a\n  url: " + v + "\n")
		try("clients: {" + v + ": {scope: '${X}'}}\n" + with(""))
	}
	if taken < 300 {
		t.Errorf("only %d of these files are taken at all", taken)
	}
}

// TestTheManualsFile: the example of docs/test.md is valid, for the parser and the
// schema.
func TestTheManualsFile(t *testing.T) {
	page, err := os.ReadFile("../../docs/test.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```yaml\n")
	example, _, found := strings.Cut(rest, "```")
	if !found {
		t.Fatal("docs/test.md has no example")
	}
	if _, err := suite.Parse("smoke.yaml", []byte(example)); err != nil {
		t.Error(err)
	}
	if err := suiteValidator(t)(example); err != nil {
		t.Error(err)
	}
}
