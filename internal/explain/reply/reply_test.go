package reply_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/call"
	"m2m/internal/explain/reply"
)

func read(status int, contentType, body string, header http.Header) *reply.Reply {
	if header == nil {
		header = http.Header{}
	}
	header.Set("Content-Type", contentType)
	return reply.Read(reply.Response{Status: status, Header: header, Head: []byte(body),
		Challenges: call.ParseChallenges(header.Values("WWW-Authenticate"))})
}

func TestRead(t *testing.T) {
	for _, tt := range []struct {
		name, contentType, body string
		header                  http.Header
		kind                    reply.Kind
		want                    []string // place: text
	}{
		{"OAuth", "application/json", `{"error":"invalid_token","error_description":"The token is old"}`, nil, reply.JSON,
			[]string{"error: invalid_token", "error_description: The token is old"}},
		{"OData v3", "application/json", `{"odata.error":{"code":"-2147024891, X","message":{"lang":"en-US","value":"Access denied."}}}`, nil,
			reply.JSON, []string{"odata.error.code: -2147024891, X", "odata.error.message.lang: en-US", "odata.error.message.value: Access denied."}},
		{"innererror", "application/json", `{"error":{"code":"Forbidden","message":"m n","innererror":{"code":"ForbiddenByRbac"}}}`, nil,
			reply.JSON, []string{"error.code: Forbidden", "error.message: m n", "error.innererror.code: ForbiddenByRbac"}},
		{"detail as an object", "application/json", `{"detail":{"error":"x","message":"a b"}}`, nil, reply.JSON,
			[]string{"detail.error: x", "detail.message: a b"}},
		{"detail as a list", "application/json", `{"detail":[{"loc":["query","id"],"msg":"field required","type":"value_error"}]}`, nil, reply.JSON,
			[]string{"detail.0.loc.0: query", "detail.0.loc.1: id", "detail.0.msg: field required", "detail.0.type: value_error"}},
		{"a document in a message", "application/json", `{"error":{"message":"{\"Message\":\"inner words\",\"ErrorCode\":\"E1\"}"}}`, nil, reply.JSON,
			[]string{"error.message.Message: inner words", "error.message.ErrorCode: E1"}},
		{"a list of texts", "application/json", `{"errors":["one thing","another thing"]}`, nil, reply.JSON,
			[]string{"errors.0: one thing", "errors.1: another thing"}},
		{"a text", "application/json", `"just words"`, nil, reply.JSON, []string{": just words"}},
		{"cut off", "application/json", `{"error":{"message":"a b","more":"unfin`, nil, reply.JSON, []string{"error.message: a b"}},
		{"Storage", "application/xml", `<?xml version="1.0"?><Error><Code>AuthenticationFailed</Code><Message>m
n</Message><AuthenticationErrorDetail>d</AuthenticationErrorDetail></Error>`, nil, reply.XML,
			[]string{"Code: AuthenticationFailed", "Message: m n", "AuthenticationErrorDetail: d"}},
		{"HTML", "text/html", `<html><head><title>A &amp; B</title><style>x{}</style></head><body><script>var a</script><h1>No</h1> entry<!-- c --></body></html>`,
			nil, reply.HTML, []string{"title: A & B", "page: No entry"}},
		{"text", "text/plain", "RBAC: access denied\n", nil, reply.Text, []string{"text: RBAC: access denied"}},
		{"headers", "", "", http.Header{"X-Powerbi-Error-Info": {"PowerBINotAuthorizedException"}, "X-Ms-Diagnostics": {`3;reason="a b"`},
			"X-Tfs-Serviceerror": {"VS1%3A%20no"}, "Server": {"x"}}, reply.Empty,
			[]string{`x-ms-diagnostics: 3;reason="a b"`, "x-powerbi-error-info: PowerBINotAuthorizedException", "x-tfs-serviceerror: VS1: no"}},
		{"challenges", "", "", http.Header{"Www-Authenticate": {`Bearer error="invalid_token", resource_metadata="https://x/y"`, `Token is old`}},
			reply.Empty, []string{"Bearer error: invalid_token", "Bearer resource_metadata: https://x/y", "www-authenticate: Token is old"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := read(403, tt.contentType, tt.body, tt.header)
			var got []string
			for _, p := range r.Shown() {
				got = append(got, p.Place+": "+p.Text)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || r.Kind != tt.kind {
				t.Errorf("kind %s, want %s; parts (-want +got):\n%s", r.Kind, tt.kind, diff)
			}
		})
	}
}

func TestReadNoise(t *testing.T) {
	r := read(403, "application/json", `{"status":403,"type":"about:blank","traceId":"00-1","timestamp":"2026-11-23T12:00:00Z","title":"No"}`, nil)
	for _, p := range r.Parts {
		if p.Text != "No" && !p.Role.Noise() {
			t.Errorf("%s %q is shown, as %s", p.Place, p.Text, p.Role)
		}
	}
	if diff := cmp.Diff([]string{"traceId 00-1"}, r.IDs()); diff != "" {
		t.Error(diff)
	}
}

func TestReadSuccess(t *testing.T) {
	for body, inside := range map[string]bool{
		`{"data":null,"errors":[{"message":"no"}]}`:               true,
		`{"error":{"code":"x","message":"y"}}`:                    true,
		`{"error":"invalid_grant","error_description":"z"}`:       true,
		`{"responses":[{"status":200},{"status":403,"body":{}}]}`: true,
		`{"data":1,"errors":[]}`:                                  false,
		`{"errors":["a count of things"]}`:                        false,
		`{"error":null,"message":"fine"}`:                         false,
		`{"error":"is a word","other":1}`:                         false,
		`[]`:                                                      false,
	} {
		if r := read(200, "application/json", body, nil); r.Inside != inside {
			t.Errorf("%s: an error inside is %v, want %v", body, r.Inside, inside)
		}
	}
}

func TestReadSignIn(t *testing.T) {
	for _, page := range []string{
		"<html><title>Sign in to your account</title>", "<html><title>Azure DevOps Services | Sign In</title>", "<!DOCTYPE html><title>Log in</title>",
		`<html><body><form><input type="password"></form>`,
		`<html><script>window.location="https://login.microsoftonline.com/common/oauth2/authorize"</script></html>`,
	} {
		if !read(200, "text/html", page, nil).SignIn {
			t.Errorf("%s is not a page to sign in", page)
		}
	}
	if read(200, "text/html", "<html><title>Orders</title><body>Catalogue</body></html>", nil).SignIn {
		t.Error("any page is a page to sign in")
	}
}

// FuzzRead: nothing is lost of a JSON error, whatever its form, and everything is
// bounded and printable.
func FuzzRead(f *testing.F) {
	f.Add(uint16(403), "application/json", `{"error":{"code":"a","message":"b c","details":[{"x":"y"}]}}`, `Bearer error="x"`)
	f.Add(uint16(401), "text/html", "<html><title>a</title><script>b</script>c", "")
	f.Add(uint16(500), "application/xml", "<a><b>c</b></a>", "x y")
	f.Fuzz(func(t *testing.T, status uint16, contentType, body, challenge string) {
		code := 400 + int(status%200)
		r := read(code, contentType, body, http.Header{"Www-Authenticate": {challenge}})
		if len(r.Parts) > 96 || len(r.Words()) > 5<<10 {
			t.Fatalf("%d parts, %d bytes of words", len(r.Parts), len(r.Words()))
		}
		for _, p := range r.Parts {
			if len(p.Text) > 1300 || strings.ContainsFunc(p.Text+p.Place, func(c rune) bool { return !unicode.IsPrint(c) && c != ' ' }) {
				t.Fatalf("unfit to be shown: %q", p)
			}
		}
		var object map[string]string
		if json.Unmarshal([]byte(body), &object) != nil || len(object) > 20 || r.Kind != reply.JSON {
			return
		}
		for name, value := range object {
			words := strings.Fields(value)
			if len(value) > 200 || len(words) == 0 || strings.ContainsFunc(value, func(c rune) bool { return !unicode.IsLetter(c) && c != ' ' || c > 127 }) ||
				len(words[0]) > 90 || strings.Contains(value, "eyJ") {
				continue
			}
			if !slices.ContainsFunc(r.Parts, func(p reply.Part) bool { return strings.Contains(p.Text, words[0]) }) {
				t.Fatalf("%s: %q is lost: %+v", name, value, r.Parts)
			}
		}
	})
}
