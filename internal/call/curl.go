package call

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"

	"m2m/internal/text"
)

// Curl is a request as a command line for a POSIX shell, with which it can be
// shown to others and repeated without m2m. No credential stands in it.
type Curl struct {
	// Token is the command that prints the token in the form of curl's -K; it
	// goes through a pipe, so that no list of processes shows the token. Empty
	// sends none.
	Token string
	// Body is what --data-binary takes, such as "@order.json". Empty sends none.
	Body string
	// CAFile is trusted instead of the system's roots; empty means those.
	CAFile string
}

// Line returns the line for a request, whose own token and content are left out.
// Credentials in header and query are redacted: the user who runs the line
// puts them in.
func (c Curl) Line(r Request) string {
	words := []string{"curl", "-sS"}
	if c.Token != "" {
		words = []string{c.Token, "|", "curl", "-sSK", "-"}
	}
	if r.Follow {
		words = append(words, "-L")
	}
	if c.CAFile != "" {
		words = append(words, "--cacert", text.ShellQuote(c.CAFile))
	}
	if method := cmp.Or(r.Method, c.method()); method != c.method() {
		words = append(words, "-X", text.ShellQuote(method))
	}
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		for _, value := range r.Header[name] {
			words = append(words, "-H", text.ShellQuote(strings.TrimRight(name+": "+shownValue(name, value), " ")))
		}
	}
	if c.Body != "" {
		words = append(words, "--data-binary", text.ShellQuote(c.Body))
	}
	return strings.Join(append(words, text.ShellQuote(ShownURL(r.URL))), " ")
}

// method is the one that curl takes by itself.
func (c Curl) method() string {
	if c.Body != "" {
		return http.MethodPost
	}
	return http.MethodGet
}
