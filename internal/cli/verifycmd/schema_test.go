package verifycmd

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"m2m/internal/cli"
	"m2m/internal/cli/verifycmd/minttest"
	"m2m/internal/exit"
	"m2m/internal/jwks"
	"m2m/internal/verify"
)

func writeJWKS(t *testing.T) string {
	t.Helper()
	data, err := minttest.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func mintVerifier(t *testing.T, p verify.Policy) *verify.Verifier {
	t.Helper()
	data, err := minttest.JWKS()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := jwks.NewSet(data, jwks.SetOptions{Issuer: "https://login.microsoftonline.com/{tenantid}/v2.0"})
	if err != nil {
		t.Fatal(err)
	}
	v, err := verify.New(p, keys, verify.Options{Now: func() time.Time { return minttest.Noon }})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// strangeTokens are tokens of every verdict and form, good and hostile.
func strangeTokens(t *testing.T) map[string]string {
	t.Helper()
	mint := func(claims, header minttest.Object) string {
		token, err := minttest.Token(header, claims)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	raw := func(header, claims string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." +
			base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".AAAA"
	}
	good := mint(nil, nil)
	return map[string]string{
		"good": good, "no role": mint(minttest.Object{"roles": nil}, nil),
		"other key":  mint(nil, minttest.Object{"kid": "other"}),
		"graph":      mint(minttest.Object{"aud": "https://graph.microsoft.com"}, minttest.Object{"nonce": "x"}),
		"user":       mint(minttest.Object{"scp": "a b"}, nil),
		"v1":         mint(minttest.Object{"ver": "1.0", "appid": minttest.Client, "azp": nil}, nil),
		"no version": mint(minttest.Object{"ver": nil}, nil), "no dates": mint(minttest.Object{"iat": nil, "exp": nil}, nil),
		"line breaks between values": raw("{\n\"alg\":\n\"RS256\"}", "{\"roles\":[\r\n\"a\",\n {\"b\":\"c\\n\"}]}"),
		"hostile words": raw(`{"alg":"\u001b[31m\u2028<b>\"","kid":"\u0000"}`,
			`{"iss":"\ud83d\ude00 \\","aud":"é\u007f\u202e"}`),
		"bytes that are not UTF-8": raw("{\"alg\":\"\xff\"}", "{\"iss\":\"\xc3\x28\"}"),
		"claims alone":             raw("null", `{"tid":"x"}`), "header alone": raw(`{"alg":"none"}`, "[]"),
		"a name twice": raw(`{"alg":"RS256","alg":"none"}`, `{"exp":1,"exp":2}`),
		"nothing":      "", "no token": "xyz", "not UTF-8": "\xff\xfe", "too long": strings.Repeat("A", 70000),
		"two parts": good[:strings.LastIndexByte(good, '.')], "five parts": good + ".a.b",
	}
}

// TestSchema holds real output against the schema that --schema prints: every
// verdict, from tokens good and hostile, both from -o json and from --batch.
func TestSchema(t *testing.T) {
	run := func(stdin string, args ...string) string {
		var out, errs bytes.Buffer
		env := &cli.Env{Args: append([]string{"verify"}, args...), Stdin: strings.NewReader(stdin), Stdout: &out,
			Stderr: &errs, Now: time.Now, Dir: t.TempDir()}
		if code := cli.Run(t.Context(), env, onlyVerify); code == exit.Usage || code == exit.Unexpected {
			t.Fatalf("%q: code %d, %s", args, code, &errs)
		}
		return out.String()
	}
	schema := compileSchema(t, run("", "--schema"))
	seen := map[string]bool{}
	validate := func(name, text string) {
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		if err := schema.Validate(document); err != nil {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
		seen[document.(map[string]any)["verdict"].(string)] = true
	}
	jwks := writeJWKS(t)
	for name, token := range strangeTokens(t) {
		configured := []string{"--jwks", jwks, "--tenant", minttest.Tenant, "--audience", minttest.API, "--require-role",
			"Data.Read", "--at", "2026-06-01T12:00:00Z"}
		for _, args := range [][]string{configured, {"--jwks", jwks, "--at", "2026-06-01T12:00:00Z"}} {
			if token != "" {
				validate(name, run(token, append(args, "-o", "json")...))
			}
			validate(name+" in a batch", run(token+"\n", append(args, "--batch")...))
		}
	}
	if len(seen) != 4 {
		t.Errorf("these tokens have the verdicts %v; want all four", seen)
	}
	for name, wrong := range map[string]string{
		"a verdict of another word": `{"verdict":"ok","checks":[],"token":null,"header":null,"claims":null}`,
		"valid with no check":       `{"verdict":"valid","checks":[],"token":null,"header":null,"claims":null}`,
		"no claims":                 `{"verdict":"invalid","checks":[],"token":null,"header":null}`,
	} {
		document, _ := jsonschema.UnmarshalJSON(strings.NewReader(wrong))
		if schema.Validate(document) == nil {
			t.Errorf("the schema lets pass: %s", name)
		}
	}
}

func compileSchema(t *testing.T, text string) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("report.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("report.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}
