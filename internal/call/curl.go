package call

import (
	"maps"
	"slices"
	"strings"
)

// Curl returns the request as a command line for a POSIX shell, with which it
// can be shown to others and repeated without m2m. A token never stands in it:
// it comes from "m2m token", through a pipe, so that no list of processes shows
// it either. Other credentials are redacted, and content is read from a file
// named BODY.
func (r Request) Curl(flags string) string {
	words := []string{"curl", "-sS"}
	if !r.Token.IsZero() {
		source := strings.TrimSpace("m2m token -o curl " + flags)
		words = []string{source, "|", "curl", "-sSK", "-"}
	}
	if r.Follow {
		words = append(words, "-L")
	}
	if method := r.method(); method != "GET" && !(method == "POST" && !r.Body.IsZero()) {
		words = append(words, "-X", shellQuote(method))
	}
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		for _, value := range r.Header[name] {
			if isCredential(name) {
				value = r.Token.String()
			}
			words = append(words, "-H", shellQuote(name+": "+value))
		}
	}
	if !r.Body.IsZero() {
		words = append(words, "--data-binary", "@BODY")
	}
	return strings.Join(append(words, shellQuote(r.URL.String())), " ")
}
