package call_test

import (
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"m2m/internal/call"
)

// TestSuiteSchema holds the schema and the parser against each other: what one
// takes the other takes, and what a schema can know to be wrong both refuse.
func TestSuiteSchema(t *testing.T) {
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(call.SuiteSchema()))
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
	validate := func(text string) error {
		var value any
		if err := yaml.Unmarshal([]byte(strings.TrimPrefix(text, "\ufeff")), &value); err != nil {
			return err
		}
		return schema.Validate(value)
	}
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
