package serve_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"m2m/internal/serve"
)

var credentials = regexp.MustCompile(`(?is)^bearer +([^ ,\t]+)$`)

// FuzzBearer compares the extractor with the grammar: a token comes out where, and
// only where, the header is of this form and there is none in the query. The body is
// left alone.
func FuzzBearer(f *testing.F) {
	for _, seed := range [][3]string{
		{"Bearer abc", "", ""}, {"bearer  abc.def", "a=b", "c=d"}, {"Basic dTpw, Bearer x", "access_token=x", ""},
		{"Bearer", "access%5ftoken", "access_token"}, {"Bearer\tabc", "a;access_token=", "%zz=1"}, {"", "", ""},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, header, query, form string) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(form))
		r.URL.RawQuery = query
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header["Authorization"] = []string{header}
		token, err := serve.Bearer(r)
		if rest, _ := io.ReadAll(r.Body); string(rest) != form {
			t.Errorf("%q is left of the body %q", rest, form)
		}
		switch match := credentials.FindStringSubmatch(header); {
		case err == nil && (match == nil || match[1] != token.Reveal()):
			t.Errorf("%q: token %q", header, token.Reveal())
		case err == nil && r.URL.Query().Has("access_token"):
			t.Errorf("a token next to the one in %q", query)
		case err != nil && !errors.Is(err, serve.ErrMalformed) && !errors.Is(err, serve.ErrNoToken):
			t.Errorf("error %v is of no kind", err)
		case errors.Is(err, serve.ErrNoToken) && match != nil:
			t.Errorf("%q: %v", header, err)
		}
	})
}
