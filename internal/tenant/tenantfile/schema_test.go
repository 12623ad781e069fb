package tenantfile

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"m2m/internal/tenant/directory"
)

// kindsOfMapping are the tables of keys, by the name of their definition in the
// schema; the file as a whole has none.
func kindsOfMapping() map[string][]field {
	r := new(reader)
	return map[string][]field{
		"":       r.fileFields(new(File)),
		"tenant": r.tenantFields(new(directory.Tenant)),
		"api":    r.apiFields(new(directory.API)), "client": r.clientFields(new(directory.Client)),
		"identity": r.identityFields(new(directory.Client)), "agent": r.agentFields(new(directory.Client)),
		"secret":    r.secretFields(new(directory.ClientSecret)),
		"federated": r.federatedFields(new(directory.FederatedCredential)), "grant": r.grantFields(new(directory.Grant)),
		"certificate": r.certificateFields(nil, nil), "range": r.lifetimeFields(nil, nil),
	}
}

// schemaObject is a definition of the schema, as far as keys go.
type schemaObject struct {
	Type       string                     `json:"type"`
	Required   []string                   `json:"required"`
	Additional *bool                      `json:"additionalProperties"`
	Properties map[string]json.RawMessage `json:"properties"`
}

func TestSchemaHasTheKeysOfTheParser(t *testing.T) {
	var schema struct {
		schemaObject
		Defs map[string]schemaObject `json:"$defs"`
	}
	if err := json.Unmarshal([]byte(Schema()), &schema); err != nil {
		t.Fatal(err)
	}
	schema.Defs[""] = schema.schemaObject
	tables := kindsOfMapping()
	for name, object := range schema.Defs {
		if object.Type != "object" {
			continue
		}
		var names, required []string
		for _, k := range tables[name] {
			names = append(names, k.Key)
			if k.Required {
				required = append(required, k.Key)
			}
			if !strings.Contains(Builtin(), k.Key+":") {
				t.Errorf("the built-in file does not show the key %s of %q", k.Key, name)
			}
		}
		slices.Sort(names)
		if diff := cmp.Diff(names, slices.Sorted(maps.Keys(object.Properties))); diff != "" {
			t.Errorf("the keys of %q (-parser +schema):\n%s", name, diff)
		}
		if diff := cmp.Diff(required, object.Required); diff != "" {
			t.Errorf("the required keys of %q (-parser +schema):\n%s", name, diff)
		}
		if object.Additional == nil || *object.Additional {
			t.Errorf("the schema lets %q have other keys", name)
		}
		delete(tables, name)
	}
	if len(tables) > 0 {
		t.Errorf("the schema lacks %v", slices.Sorted(maps.Keys(tables)))
	}
}

func compileTenantSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("tenant.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("tenant.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// agrees says whether the schema takes a file, which is YAML.
func agrees(t *testing.T, schema *jsonschema.Schema, text string) bool {
	t.Helper()
	asJSON, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(string(asJSON)))
	if err != nil {
		t.Fatalf("%v\n%s", err, asJSON)
	}
	return schema.Validate(document) == nil
}

// Every value instead of every other: what the parser takes the schema takes,
// and what the schema refuses the parser refuses. The parser refuses more: what
// one part of a file says of another.
func TestSchemaAgreesWithTheParser(t *testing.T) {
	schema := compileTenantSchema(t)
	values := []string{
		"", "null", "true", "3", "1.0", "2.0", "2", `"1.0"`, `""`, `" "`, "text", "generate", "'with space'", "api://x",
		"api://m2m-demo",
		"https://a.example", "http://a.example", "https://a.example?q", "413888A3-2980-4619-b44a-e678d0ffb4e6", "75m",
		"1h30m", "-1h", "29h", "1.5h",
		"2027-01-31", "2027-01-31T12:00:00Z", "2027-13-31", "idtyp", "[]", "[x]", "[3]", "[[x]]", "[{}]", "[idtyp]",
		"[generate]", "['a b']", "[Ö]", "['`x']", "['&a:b[c]^d']", "[" + strings.Repeat("R", 121) + "]", "{}", "{x: y}",
		"{from: 1h, to: 2h}", "[{value: x}]", "[{value: generate, expires: 2027-01-31}]", "[{file: x}]", "[{pem: x}]",
		"[{file: x, pem: y}]",
		"[{issuer: https://a.example, subject: s}]", "[{issuer: https://a.example}]", "[{api: api://m2m-demo}]",
		"[{api: api://m2m-demo, roles: [Data.Read]}]",
		"[{id: 413888a3-2980-4619-b44a-e678d0ffb4e6}]",
	}
	accepted := 0
	for place, frame := range filesWithAPlace() {
		for _, value := range values {
			text := strings.Replace(frame, "PLACE", value, 1)
			_, err := Parse("tenant.yaml", []byte(text), func(string) ([]byte, error) { return nil, os.ErrNotExist })
			byParser, bySchema := err == nil, agrees(t, schema, text)
			if byParser && !bySchema {
				t.Errorf("%s: %s: the parser takes it, the schema does not", place, value)
			}
			if !byParser && bySchema && !isBeyondSchema(err) {
				t.Errorf("%s: %s: the schema takes it, the parser says %v", place, value, err)
			}
			if byParser {
				accepted++
			}
		}
	}
	if accepted < 60 {
		t.Errorf("only %d of the files are good ones", accepted)
	}
}

// isBeyondSchema reports whether a refusal is of a kind that the schema cannot
// tell, and says so in its description.
func isBeyondSchema(err error) bool {
	for _, of := range []string{
		"already taken", "in this tenant", "has no role", "cannot be read", "no PEM block", "not a URI", "shorter than",
		"whole seconds",
		"default client", "no tenant has a client", "expected a date", "neither a GUID nor a domain", "is not a valid tenant",
	} {
		if strings.Contains(err.Error(), of) {
			return true
		}
	}
	return false
}

// filesWithAPlace has a good file for each key, with PLACE for its value.
func filesWithAPlace() map[string]string {
	const api, client = "413888a3-2980-4619-b44a-e678d0ffb4e7", "e11eefb9-fb70-4de4-9a7c-3a3592fdd502"
	tenant := func(tenant, api, client string) string {
		return "tenants:\n  - id: bcca9397-21fa-44b1-a33d-6669fb9ef64d\n" + tenant +
			"    apis:\n      - id: " + api + "\n        uris: [api://m2m-demo]\n" + "    clients:\n      - id: " + client
	}
	files := map[string]string{
		"lifetime": "lifetime: PLACE\n" + tenant("", api, client), "tenants": "tenants: PLACE\n",
		"api id": tenant("", "PLACE", client), "client id": tenant("", api, "PLACE"),
		"secret value":  tenant("", api, client+"\n        secrets: [{value: PLACE}]"),
		"secret expiry": tenant("", api, client+"\n        secrets: [{value: x, expires: PLACE}]"),
		"subject":       tenant("", api, client+"\n        federated: [{issuer: https://a.example, subject: PLACE}]"),
		"issuer":        tenant("", api, client+"\n        federated: [{issuer: PLACE, subject: s}]"),
		"audience": tenant("", api,
			client+"\n        federated: [{issuer: https://a.example, subject: s, audience: PLACE}]"),
		"grant api": tenant("", api, client+"\n        grants: [{api: PLACE}]"),
	}
	r := new(reader)
	for _, k := range r.tenantFields(new(directory.Tenant))[1:3] {
		files["tenant "+k.Key] = tenant("    "+k.Key+": PLACE\n", api, client)
	}
	for _, k := range r.apiFields(new(directory.API))[1:] {
		if k.Key != "uris" {
			files["api "+k.Key] = tenant("", api+"\n        "+k.Key+": PLACE", client)
		}
	}
	for _, k := range r.clientFields(new(directory.Client))[1:] {
		files["client "+k.Key] = tenant("", api, client+"\n        "+k.Key+": PLACE")
	}
	return files
}

func FuzzTenantFile(f *testing.F) {
	f.Add(Builtin())
	for _, file := range filesWithAPlace() {
		f.Add(strings.Replace(file, "PLACE", "[{a: *b, c: !!str d}]", 1))
	}
	f.Fuzz(func(t *testing.T, text string) {
		file, err := Parse("tenant.yaml", []byte(text), func(string) ([]byte, error) { return nil, os.ErrNotExist })
		if err != nil {
			if lines := strings.Count(err.Error(), "\n"); lines > 20 || len(err.Error()) > 16<<10 ||
				strings.ContainsAny(err.Error(), "\r\x00\x1b") {
				t.Errorf("%d lines of error: %q", lines, err)
			}
			return
		}
		if home := file.Tenants[0]; home.Clients[0].ID == "" || home.APIs[0].ID == "" {
			t.Error("the default client or its API has no ID")
		}
	})
}
