package explain_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"m2m/internal/call"
	"m2m/internal/call/calltest"
	"m2m/internal/entra"
	"m2m/internal/explain"
	"m2m/internal/explain/catalogue"
)

// recorded is one answer of an API as it was documented or quoted, and what is to be
// said of it. testdata/answers has them, a file for each kind of service:
//
//	=== NAME
//	source: where it is quoted
//	request: METHOD URL
//	token: app aud=… roles=… (see tokenOf)
//	id: the code of the diagnosis, and its certainty
//	has: words that it must have | others
//	not: words that it must not have | others
//	HTTP/1.1 401
//	header: value
//
//	body
type recorded struct {
	name, source, method, url, token, id, certainty string
	has, not                                        []string
	status                                          int
	header                                          http.Header
	body                                            string
}

func readRecorded(t testing.TB) []recorded {
	t.Helper()
	files, err := filepath.Glob("testdata/answers/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no recorded answers: ", err)
	}
	var all []recorded
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, part := range strings.Split("\n"+string(b), "\n=== ")[1:] {
			r, err := parseRecorded(part)
			if err != nil {
				t.Fatalf("%s, answer %d: %v", file, i+1, err)
			}
			r.name = strings.TrimSuffix(filepath.Base(file), ".txt") + "/" + r.name
			all = append(all, r)
		}
	}
	return all
}

func parseRecorded(s string) (r recorded, err error) {
	r = recorded{method: "GET", url: "https://api.example.org/data", token: "app", certainty: "certain", header: http.Header{}}
	head, body, _ := strings.Cut(s, "\n\n")
	r.body = strings.TrimSuffix(body, "\n")
	lines := bufio.NewScanner(strings.NewReader(head))
	lines.Buffer(nil, 1<<20)
	lines.Scan()
	r.name = strings.TrimSpace(lines.Text())
	for lines.Scan() {
		line := lines.Text()
		if proto, status, ok := strings.Cut(line, " "); ok && strings.HasPrefix(proto, "HTTP/") {
			if r.status, err = strconv.Atoi(strings.Fields(status)[0]); err != nil {
				return r, err
			}
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch {
		case !ok:
			return r, fmt.Errorf("a line without a colon: %q", line)
		case r.status != 0:
			r.header.Add(name, value)
		case name == "source":
			r.source = value
		case name == "request":
			r.method, r.url, _ = strings.Cut(value, " ")
		case name == "token":
			r.token = value
		case name == "id":
			r.id, r.certainty, _ = strings.Cut(value+" certain", " ")
			r.certainty = strings.Fields(r.certainty)[0]
		case name == "has":
			r.has = append(r.has, strings.Split(value, " | ")...)
		case name == "not":
			r.not = append(r.not, strings.Split(value, " | ")...)
		default:
			return r, fmt.Errorf("unknown line %q", line)
		}
	}
	if r.status == 0 || r.source == "" || r.id == "" {
		return r, fmt.Errorf("%s lacks a status, a source or an id", r.name)
	}
	return r, nil
}

// tokenOf makes a token from words: app, user, id, none, v1, secret, certificate,
// managed, noroles, expired, opaque, and name=value for claims.
func tokenOf(t testing.TB, words string) entra.Secret {
	t.Helper()
	changes, header := map[string]any{}, map[string]any{"typ": "JWT", "alg": "RS256", "kid": "k1"}
	for word := range strings.FieldsSeq(words) {
		name, value, isClaim := strings.Cut(word, "=")
		switch {
		case isClaim && name == "roles":
			changes[name] = strings.Split(value, ",")
		case isClaim && name == "alg":
			header[name] = value
		case isClaim:
			changes[name] = value
		case word == "none":
			return entra.Secret{}
		case word == "opaque":
			return entra.NewSecret("not-a-jwt-but-something-else")
		case word == "app":
		case word == "noroles":
			changes["roles"] = nil
		case word == "user":
			changes["roles"], changes["scp"], changes["sub"] = nil, "user_impersonation", "another"
		case word == "v1":
			changes["ver"], changes["iss"] = "1.0", "https://sts.windows.net/"+calltest.TenantID+"/"
			changes["appid"], changes["azp"], changes["azpacr"], changes["appidacr"] = calltest.ClientID, nil, nil, "1"
		case word == "certificate":
			changes["appidacr"] = "2"
		case word == "managed":
			changes["xms_mirid"] = "/subscriptions/x/resourcegroups/y/providers/Microsoft.ManagedIdentity/userAssignedIdentities/z"
		case word == "expired":
			changes["exp"] = calltest.Now.Add(-12 * time.Minute).Unix()
		default:
			t.Fatalf("unknown word of a token: %q", word)
		}
	}
	claims := map[string]any{
		"aud": calltest.APIID, "iss": "https://login.microsoftonline.com/" + calltest.TenantID + "/v2.0", "ver": "2.0",
		"iat": calltest.Now.Add(-10 * time.Minute).Unix(), "nbf": calltest.Now.Add(-10 * time.Minute).Unix(),
		"exp": calltest.Now.Add(time.Hour).Unix(),
		"azp": calltest.ClientID, "azpacr": "1", "oid": calltest.ObjectID, "sub": calltest.ObjectID, "tid": calltest.TenantID,
		"roles": []string{"Data.Read"},
	}
	for name, value := range changes {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	return calltest.Token(t, header, claims)
}

// diagnose has a client receive the answer, and explains it.
func (r recorded) diagnose(t testing.TB, c explain.Context) *explain.Diagnosis {
	t.Helper()
	header := r.header.Clone()
	if header.Get("Date") == "" {
		header.Set("Date", calltest.Now.Format(http.TimeFormat))
	}
	client := &call.Client{Now: calltest.Clock, Transport: calltest.RoundTripper(func(q *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: r.status, Proto: "HTTP/1.1", Header: header, Request: q,
			Body: io.NopCloser(strings.NewReader(r.body))}, nil
	})}
	u, err := call.ResolveURL(r.url, "")
	if err != nil {
		t.Fatal(err)
	}
	request := call.Request{Method: r.method, URL: u, Token: c.Token, AllowPlainHTTP: true}
	a, err := client.Do(context.Background(), request)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	return explain.Explain(a, c)
}

// shown is all that a user may see of a diagnosis.
func shown(x *explain.Diagnosis) string {
	lines := []string{"said: " + x.Said, x.Line()}
	for _, f := range x.Facts {
		lines = append(lines, "  "+string(f.Source)+": "+f.Text)
	}
	for _, fix := range x.Fixes {
		lines = append(lines, "hint: "+fix)
	}
	if x.Command != "" {
		lines = append(lines, "hint: run: "+x.Command)
	}
	return strings.Join(lines, "\n")
}

// TestRecordedAnswers explains what APIs really answer.
func TestRecordedAnswers(t *testing.T) {
	for _, r := range readRecorded(t) {
		t.Run(r.name, func(t *testing.T) {
			x := r.diagnose(t, explain.Context{Token: tokenOf(t, r.token)})
			if x == nil {
				t.Fatal("no diagnosis")
			}
			checkForm(t, x)
			all := shown(x)
			if string(x.Code) != r.id || string(x.Certainty) != r.certainty {
				t.Errorf("%s, %s; want %s, %s\n%s", x.Code, x.Certainty, r.id, r.certainty, all)
			}
			for _, word := range r.has {
				if !strings.Contains(all, word) {
					t.Errorf("lacks %q:\n%s", word, all)
				}
			}
			for _, word := range r.not {
				if strings.Contains(all, word) {
					t.Errorf("has %q:\n%s", word, all)
				}
			}
			if os.Getenv("SHOW") != "" {
				fmt.Printf("--- %s\n%s\n", r.name, all)
			}
		})
	}
}

// checkForm checks what every diagnosis promises.
func checkForm(t *testing.T, x *explain.Diagnosis) {
	t.Helper()
	if x.Cause == "" || x.Code == "" || len(x.Facts) == 0 || x.Certainty == "" {
		t.Errorf("not complete: %+v", x)
	}
	for _, line := range append([]string{x.Cause}, x.Fixes...) {
		if strings.HasSuffix(line, ".") {
			t.Errorf("ends in a full stop: %q", line)
		}
		if strings.Contains(line, "{") && strings.Contains(line, "|") {
			t.Errorf("a value was not filled in: %q", line)
		}
	}
	checkShown(t, x)
}

// checkShown holds even for what is explained to an API that means harm.
func checkShown(t *testing.T, x *explain.Diagnosis) {
	t.Helper()
	lines := append([]string{x.Said, x.Cause, x.Command}, x.Fixes...)
	for _, fact := range x.Facts {
		lines = append(lines, fact.Text)
	}
	for _, line := range lines {
		if len(line) > 8000 || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("unfit to be shown: %q", line)
		}
	}
}

// TestEveryRowIsExercised: a row without an answer that needs it is not knowledge.
func TestEveryRowIsExercised(t *testing.T) {
	exercised := map[string]bool{}
	for _, r := range readRecorded(t) {
		exercised[r.id] = true
	}
	var missing []string
	for _, row := range catalogue.Rows() {
		if !exercised[row.ID] {
			missing = append(missing, row.ID)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		t.Errorf("%d rows without a recorded answer:\n%s", len(missing), strings.Join(missing, "\n"))
	}
}
