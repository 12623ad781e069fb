package suite_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
	"unicode/utf16"

	"m2m/internal/call"
	"m2m/internal/suite"
)

// leaked is a secret as Entra writes them, with characters that encodings change.
const leaked = `zX8Q~/k+"Vq~r_-T%y.h3`

func utf16Of(s string, put func(unit uint16) [2]byte) string {
	var out []byte
	for _, unit := range utf16.Encode([]rune(s)) {
		pair := put(unit)
		out = append(out, pair[:]...)
	}
	return string(out)
}

func allPercent(s string) string {
	var out strings.Builder
	for _, b := range []byte(s) {
		fmt.Fprintf(&out, "%%%02x", b)
	}
	return out.String()
}

func jsonOf(s string) string {
	encoded, _ := json.Marshal(s)
	return string(encoded)
}

// TestCheckLeaks: a secret is found in a file that a request sends, however common
// programs would have written it.
func TestCheckLeaks(t *testing.T) {
	hidden := map[string]string{
		"raw":                  "key=" + leaked + "&x",
		"base64":               base64.StdEncoding.EncodeToString([]byte("user:" + leaked)),
		"base64, second byte":  base64.StdEncoding.EncodeToString([]byte("x" + leaked + "!")),
		"base64, third byte":   base64.StdEncoding.EncodeToString([]byte("xy" + leaked + "!!")),
		"base64 of URLs":       base64.RawURLEncoding.EncodeToString([]byte(leaked)),
		"base64 in lines":      inserted(base64.StdEncoding.EncodeToString([]byte(leaked)), 10, "\r\n"),
		"percent":              "key=" + url.QueryEscape(leaked),
		"percent, all of it":   allPercent(leaked),
		"percent, capitals":    strings.ToUpper(allPercent(leaked)),
		"percent, twice":       url.QueryEscape(url.QueryEscape(leaked)),
		"JSON":                 jsonOf(leaked),
		"JSON in JSON":         jsonOf(jsonOf(leaked)),
		"JSON, slashes":        strings.ReplaceAll(jsonOf(leaked), "/", `\/`),
		"JSON, escaped":        escapedJSON(leaked),
		"hexadecimal":          hex.EncodeToString([]byte(leaked)),
		"hexadecimal capitals": strings.ToUpper(hex.EncodeToString([]byte(leaked))),
		"UTF-16LE":             utf16Of(leaked, func(u uint16) [2]byte { return [2]byte{byte(u), byte(u >> 8)} }),
		"UTF-16BE":             utf16Of(leaked, func(u uint16) [2]byte { return [2]byte{byte(u >> 8), byte(u)} }),
		"over two parts":       strings.Repeat("x", 1<<20-7) + leaked,
		"at the end of many":   strings.Repeat("0123456789abcde\n", 200_000) + leaked,
	}
	for name, content := range hidden {
		err := planOf(t, content).CheckLeaks([]suite.KnownSecret{{Name: "CLIENT_SECRET", Value: leaked}})
		if !errors.Is(err, suite.ErrNotRunnable) || !strings.Contains(fmt.Sprint(err), "the value of CLIENT_SECRET") {
			t.Errorf("%s: error %v", name, err)
		}
		if strings.Contains(fmt.Sprint(err), leaked) {
			t.Errorf("%s: the error shows the secret", name)
		}
	}
	for name, content := range map[string]string{
		"nothing of it": "hello", "a part": leaked[:11] + leaked[12:], "no content": "",
	} {
		if err := planOf(t, content).CheckLeaks([]suite.KnownSecret{{Name: "CLIENT_SECRET", Value: leaked}}); err != nil {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if err := planOf(t, "a short one: hunter2").CheckLeaks([]suite.KnownSecret{{Name: "X", Value: "hunter2"}}); err != nil {
		t.Errorf("a value of fewer than 12 bytes is looked for: %v", err)
	}
}

func inserted(s string, at int, what string) string { return s[:at] + what + s[at:] }

func escapedJSON(s string) string {
	var out strings.Builder
	for _, b := range []byte(s) {
		fmt.Fprintf(&out, `\u%04X`, b)
	}
	return out.String()
}

func planOf(t *testing.T, content string) *suite.Plan {
	t.Helper()
	parsed, err := suite.Parse("smoke.yaml", []byte("requests:\n- {name: a, url: /, file: data.bin}\n"))
	if err != nil {
		t.Fatal(err)
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader([]byte(content))), nil }
	plan, err := parsed.Plan(suite.Context{Base: "https://api.example", OpenFile: func(string) (call.Body, error) {
		return call.FileBody(open, int64(len(content))), nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// TestCheckLeaksEverywhere: not only bodies leave.
func TestCheckLeaksEverywhere(t *testing.T) {
	for request, where := range map[string]string{
		`{name: a, url: "/x?key=SECRET12CHARS"}`:                "the URL",
		`{name: a, url: /, headers: {X-Key: SECRET12CHARS}}`:    "the header X-Key",
		`{name: a, url: /, body: "x SECRET12CHARS"}`:            "the body",
		`{name: a, url: /, json: {k: ["x", "SECRET12CHARS"]}}`:  "the body",
		`{name: a, url: /, method: SECRET12CHARS}`:              "the method",
		`{name: a, url: "/SECRET12CHARS/", as: none, tags: no}`: "the URL",
	} {
		parsed, err := suite.Parse("smoke.yaml", []byte("requests:\n- "+request+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		plan, err := parsed.Plan(suite.Context{Base: "https://api.example"})
		if err != nil {
			t.Fatal(err)
		}
		err = plan.CheckLeaks([]suite.KnownSecret{{Name: "KEY", Value: "SECRET12CHARS"}})
		want := "smoke.yaml:2:3: " + where + " of the request holds the value of KEY, which must not be sent to an API"
		if strings.ReplaceAll(fmt.Sprint(err), `"`, "'") != want {
			t.Errorf("%s: error %v, want %s", request, err, want)
		}
	}
}

// TestHostHeaders: what names another host than the caller's is not sent.
func TestHostHeaders(t *testing.T) {
	for header, refused := range map[string]bool{
		`Host: evil.example`:                                 true,
		`host: api.example`:                                  false,
		`Host: api.example:443`:                              false,
		`Host: api.example:8443`:                             true,
		`Host: other.example`:                                false, // allowed by the caller
		`Host: api.example@evil.example`:                     true,
		`Host: "evil.example#"`:                              true,
		`HOST: "${EVIL}"`:                                    true,
		`Host: "evil.${TLD}"`:                                true,
		`X-Forwarded-Host: evil.example`:                     true,
		`X_Forwarded_Host: evil.example`:                     true,
		`X-Forwarded-Host: "api.example, evil.example"`:      true,
		`X-Forwarded-Host: api.example`:                      false,
		`Forwarded: "for=192.0.2.1;host=evil.example"`:       true,
		`Forwarded: 'for=192.0.2.1, For=x;HOST="evil.test"'`: true,
		`Forwarded: "for=192.0.2.1;proto=https"`:             false,
		`X-Original-URL: /admin`:                             false,
		`X-Original-URL: //evil.example/admin`:               true,
		`X-Rewrite-URL: "https://evil.example/admin"`:        true,
		`X-Rewrite-URL: "https://api.example/admin"`:         false,
		`X-Other: evil.example`:                              false,
	} {
		parsed, err := suite.Parse("smoke.yaml", []byte("requests:\n- {name: a, url: /, headers: {"+header+"}}\n"))
		if err != nil {
			t.Fatal(err)
		}
		values := map[string]string{"EVIL": "evil.example", "TLD": "example"}
		_, err = parsed.Plan(suite.Context{
			Base: "https://api.example", Origins: []string{"https://other.example"},
			Lookup: func(name string) (string, bool) { v, ok := values[name]; return v, ok },
		})
		if got := errors.Is(err, suite.ErrNotRunnable); got != refused || err != nil && !refused {
			t.Errorf("%s: error %v", header, err)
		}
	}
}
