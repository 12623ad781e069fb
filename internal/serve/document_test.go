package serve_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pb33f/libopenapi/datamodel"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"m2m/internal/serve"
	"m2m/internal/verify"
)

// operation is what the tests read of one operation of the document.
type operation struct {
	Description string
	Security    []map[string][]string
	Responses   map[string]struct {
		Headers map[string]any
		Content map[string]any
	}
}

type openAPI struct {
	Info       struct{ Version string }
	Paths      map[string]map[string]operation
	Components struct {
		SecuritySchemes map[string]map[string]string
	}
}

func readDocument(t *testing.T, s *stage) (text string, d openAPI) {
	t.Helper()
	got := s.do(t, "GET /openapi.json")
	if got.status != http.StatusOK || got.header.Get("Content-Type") != "application/json" {
		t.Fatalf("GET /openapi.json = %d, %s", got.status, got.header.Get("Content-Type"))
	}
	if err := json.Unmarshal([]byte(got.body), &d); err != nil {
		t.Fatal(err)
	}
	return got.body, d
}

// TestDocumentIsValid holds the served document to the schema of OpenAPI 3.1.
func TestDocumentIsValid(t *testing.T) {
	text, d := readDocument(t, raise(t, serve.Config{Policy: demoPolicy(), Version: "v1.2.3"}))
	metaSchema := compile(t, datamodel.OpenAPI31SchemaData, "")
	if err := metaSchema.Validate(parse(t, text)); err != nil {
		t.Error(err)
	}
	if d.Info.Version != "v1.2.3" {
		t.Errorf("version = %q", d.Info.Version)
	}
	if err := metaSchema.Validate(parse(t, strings.Replace(text, `"summary":`, `"summery":`, 1))); err == nil {
		t.Error("a document with a misspelt member passes")
	}
}

// compile reads the JSON Schema at a JSON pointer inside a document.
func compile(t *testing.T, document, pointer string) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("file:///document.json", parse(t, document)); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("file:///document.json#" + pointer)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func parse(t *testing.T, document string) any {
	t.Helper()
	parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// TestAnswersAreAsDocumented holds real answers to the document: status, media
// type, body, and the headers that it describes.
func TestAnswersAreAsDocumented(t *testing.T) {
	for name, explain := range map[string]bool{"as usual": false, "explaining": true} {
		t.Run(name, func(t *testing.T) {
			s := raise(t, serve.Config{Policy: demoPolicy(), ExplainRejections: explain})
			text, d := readDocument(t, s)
			for name, tc := range map[string]struct{ path, query, token string }{
				"200":                   {"/secure-data", "", s.token(t, appClaims(nil))},
				"400, in the query":     {"/secure-data", "?access_token=x", ""},
				"401, no token":         {"/secure-data", "", ""},
				"401, another audience": {"/secure-data", "", s.token(t, appClaims(claims{"aud": clientID}))},
				"403":                   {"/secure-data", "", s.token(t, appClaims(claims{"roles": nil}))},
				"200, health":           {"/healthz", "", ""},
				"200, readiness":        {"/readyz", "", ""},
			} {
				t.Run(name, func(t *testing.T) {
					got := s.do(t, "GET "+tc.path+tc.query, bearerHeader(tc.token)...)
					status, mediaType := strconv.Itoa(got.status), got.header.Get("Content-Type")
					if !strings.HasPrefix(name, status) {
						t.Errorf("status = %s", status)
					}
					escape := strings.NewReplacer("/", "~1").Replace
					schema := compile(t, text,
						"/paths/"+escape(tc.path)+"/get/responses/"+status+"/content/"+escape(mediaType)+"/schema")
					if err := schema.Validate(parse(t, got.body)); err != nil {
						t.Error(err)
					}
					for header := range d.Paths[tc.path]["get"].Responses[status].Headers {
						if got.header.Get(header) == "" {
							t.Errorf("the document describes %s, which is not sent", header)
						}
					}
				})
			}
		})
	}
}

func bearerHeader(token string) []string {
	if token == "" {
		return nil
	}
	return []string{"Authorization: Bearer " + token}
}

// TestDocumentedGate holds what the document calls protected to what is.
func TestDocumentedGate(t *testing.T) {
	s := raise(t, serve.Config{Policy: demoPolicy()})
	_, d := readDocument(t, s)
	for path, operations := range d.Paths {
		for method, o := range operations {
			got := s.do(t, strings.ToUpper(method)+" "+path)
			if rejected := got.status == http.StatusUnauthorized; rejected != (o.Security != nil) {
				t.Errorf("%s %s without a token: %d; its security is %v", method, path, got.status, o.Security)
			}
		}
	}
	if scheme := d.Components.SecuritySchemes["token"]; scheme["type"] != "http" || scheme["scheme"] != "bearer" {
		t.Errorf("scheme = %v, want bearer", scheme)
	}
}

func TestDocumentSaysWhoMayCall(t *testing.T) {
	both := []string{"Data.Read", "Data.Write"}
	type security = []map[string][]string
	for name, tc := range map[string]struct {
		policy   verify.Policy
		security security
		words    string
	}{
		"anyone": {verify.Policy{}, security{{"token": {}}},
			"Any app of the tenant may call. Users' tokens are not let in."},
		"one role": {verify.Policy{Roles: both[:1]}, security{{"token": {"Data.Read"}}},
			"An app needs the role `Data.Read` in its token. Users' tokens are not let in."},
		"any role": {verify.Policy{Roles: both}, security{{"token": {"Data.Read"}}, {"token": {"Data.Write"}}},
			"the role `Data.Read` or `Data.Write` in"},
		"all roles": {verify.Policy{Roles: both, RequireAll: true}, security{{"token": both}},
			"the role `Data.Read` and `Data.Write` in"},
		"role or scope": {verify.Policy{Roles: both[:1], Scopes: both[1:]},
			security{{"token": {"Data.Read"}}, {"token": {"Data.Write"}}},
			"An app needs the role `Data.Read` in its token. A user's token needs the scope `Data.Write`."},
		"users": {verify.Policy{AllowUser: true}, security{{"token": {}}},
			"Any app of the tenant may call. Users' tokens are let in."},
		"clients": {verify.Policy{Clients: []string{clientID}}, security{{"token": {}}},
			"Only apps on the API's list may call."},
	} {
		t.Run(name, func(t *testing.T) {
			_, d := readDocument(t, raise(t, serve.Config{Policy: tc.policy, TokenCommand: "get-token"}))
			o, scheme := d.Paths["/secure-data"]["get"], d.Components.SecuritySchemes["token"]["description"]
			if diff := cmp.Diff(tc.security, o.Security); diff != "" {
				t.Errorf("security (-want +got):\n%s", diff)
			}
			if !strings.Contains(o.Description, tc.words) || !strings.Contains(scheme, tc.words) {
				t.Errorf("descriptions %q and %q say nothing of %q", o.Description, scheme, tc.words)
			}
			if !strings.Contains(scheme, "`get-token`") {
				t.Errorf("the scheme's description %q does not have the command", scheme)
			}
		})
	}
}
