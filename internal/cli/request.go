package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"m2m/internal/call"
	"m2m/internal/exit"
	"m2m/internal/jq"
	"m2m/internal/transport"
)

// maxBufferedBody bounds a request body that is read from stdin, in bytes; a
// file is streamed and may be of any size.
const maxBufferedBody = 64 << 20

// RequestFlags are the flags of a request and its expectations.
type RequestFlags struct {
	method        string
	headers       []string
	data, JSON    string
	DataGiven     bool // an empty body is one too
	JSONGiven     bool
	follow        bool
	PrintCurl     bool // the body is named in the command and not read
	InsecureHTTP  bool
	Retries       int
	expectStatus  string
	expectHeaders []string
	expectBody    []string
	ExpectJQ      []string
	MaxTime       time.Duration
}

// Add adds the flags that say what is sent.
func (r *RequestFlags) Add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVarP(&r.method, "request", "X", "", "the `METHOD`; the default is GET, or POST with a body")
	flags.StringArrayVarP(&r.headers, "header", "H", nil, "add a `HEADER` such as \"Accept: text/csv\" (repeatable)")
	flags.StringVarP(&r.data, "data", "d", "", "send this `BODY`; @PATH is a file, - is stdin")
	flags.StringVar(&r.JSON, "json", "", "send this `BODY` as application/json; @PATH is a file, - is stdin")
	AddInsecureHTTP(flags, &r.InsecureHTTP)
	cmd.MarkFlagsMutuallyExclusive("data", "json")
	for flag, complete := range map[string]Completion{
		"request": CompleteList(func() []string { return []string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"} }),
		"data":    CompleteFiles("@"), "json": CompleteFiles("@"),
	} {
		_ = cmd.RegisterFlagCompletionFunc(flag, complete) // the flag exists and has none
	}
}

// AddInsecureHTTP adds --insecure-http.
func AddInsecureHTTP(flags *pflag.FlagSet, allowed *bool) {
	flags.BoolVar(allowed, "insecure-http", false, "send the token over plain http, unencrypted, also to other machines")
}

// AddExpectations adds the flags about redirects, retries and the response that
// counts as success.
func (r *RequestFlags) AddExpectations(flags *pflag.FlagSet) {
	flags.BoolVarP(&r.follow, "location", "L", false, "follow redirects that stay at the same scheme, host and port")
	flags.IntVar(&r.Retries, "retry", 0, "try `N` more times after a connection fault, 429 or 5xx")
	flags.BoolVar(&r.PrintCurl, "print-curl", false, "print the request as a curl command without secrets, and send nothing")
	flags.StringVar(&r.expectStatus, "expect", "2xx", "the `STATUS` that is success: 200, 200,404 or 2xx")
	flags.StringArrayVar(&r.expectHeaders, "expect-header", nil, "a `HEADER` that must be there: Name, or \"Name: value\" (repeatable)")
	flags.StringArrayVar(&r.expectBody, "expect-body", nil, "a `TEXT` that must be in the body (repeatable)")
	flags.StringArrayVar(&r.ExpectJQ, "expect-jq", nil, "a jq `EXPRESSION` that must hold for the body, such as '.count > 0' (repeatable)")
	flags.DurationVar(&r.MaxTime, "max-time", 0, "the longest time the answer may take to count as success")
}

// Note keeps what a flag's value does not tell: whether it was given.
func (r *RequestFlags) Note(flags *pflag.FlagSet) {
	r.DataGiven, r.JSONGiven = flags.Changed("data"), flags.Changed("json")
}

// Content is the body as it was given, and whether there is to be one.
func (r RequestFlags) Content() (text string, given bool) {
	if r.JSONGiven {
		return r.JSON, true
	}
	return r.data, r.DataGiven
}

// Request makes the request to address, which may be a path of API_URL.
func (session *Session) Request(r RequestFlags, address string) (call.Request, error) {
	target, err := call.ResolveURL(session.Settings.APIURL.Value, address)
	if err != nil {
		return call.Request{}, err
	}
	request := call.Request{
		Method: r.method, URL: target,
		Follow: r.follow, AllowPlainHTTP: r.InsecureHTTP, Retry: call.Retry{Max: r.Retries},
	}
	if request.Header, err = r.header(); err != nil {
		return request, err
	}
	if r.JSONGiven {
		setDefault(request.Header, "Content-Type", "application/json")
		setDefault(request.Header, "Accept", "application/json")
	}
	if request.Expect, err = r.expectations(); err != nil {
		return request, err
	}
	if text, given := r.Content(); given && !r.PrintCurl {
		request.Body, err = readBody(session.Env, text, r.JSONGiven)
	}
	return request, err
}

// Carries names what a request carries of the caller's, next to a token: a header
// that is a credential, a body, or a secret in the query of the address; empty for
// none. It is for settings.Uses.
func (r RequestFlags) Carries(address string) string {
	header, _ := r.header() // its error is that of Request
	_, query, _ := strings.Cut(address, "?")
	secret := func(pair string) bool { name, _, _ := strings.Cut(pair, "="); return call.IsSecretParameter(name) }
	switch names := transport.Credentials(header); {
	case len(names) > 0:
		return "the header " + names[0]
	case r.DataGiven || r.JSONGiven:
		return "the body"
	case slices.ContainsFunc(strings.Split(query, "&"), secret):
		return "the query of the address"
	}
	return ""
}

// header is what -H gives.
func (r RequestFlags) header() (http.Header, error) {
	header := http.Header{}
	for i, line := range r.headers {
		name, value, ok := strings.Cut(line, ":")
		if !ok { // not quoted: it may be a key without its name
			reason := fmt.Sprintf("-H, number %d of %d, is not a header: it has no colon", i+1, len(r.headers))
			return nil, exit.Usagef("%s", reason).Hint(`write it as "Name: value"`)
		}
		header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return header, nil
}

func (r RequestFlags) expectations() (call.Expect, error) {
	expect := call.Expect{Body: r.expectBody, MaxTime: r.MaxTime}
	var err error
	if expect.Status, err = call.ParseStatusSet(cmp.Or(r.expectStatus, "2xx")); err != nil {
		return expect, exit.Usagef("--expect: %v", err).Wrap(err)
	}
	for _, text := range r.expectHeaders {
		header, err := call.ParseHeaderExpectation(text)
		if err != nil {
			return expect, exit.Usagef("--expect-header: %v", err).Wrap(err)
		}
		expect.Headers = append(expect.Headers, header)
	}
	for _, text := range r.ExpectJQ {
		expression, err := jq.Parse(text)
		if err != nil {
			return expect, exit.Usagef("--expect-jq: %v", err).Wrap(err)
		}
		expect.JQ = append(expect.JQ, expression)
	}
	return expect, nil
}

func setDefault(header http.Header, name, value string) {
	if header.Get(name) == "" {
		header.Set(name, value)
	}
}

// readBody is the content of the request: a text, a file or stdin. What --json gives
// as a text or on stdin is checked: a shell may have taken its quotes away.
func readBody(env *Env, text string, isJSON bool) (call.Body, error) {
	path, isFile := strings.CutPrefix(text, "@")
	switch {
	case text == "-", isFile && path == "-":
		content, err := env.ReadFile("-", maxBufferedBody)
		if err != nil {
			return call.Body{}, UnreadableBody(err)
		}
		return call.BytesBody(content), checkJSON(content, isJSON)
	case isFile:
		return FileBody(path)
	}
	return call.BytesBody([]byte(text)), checkJSON([]byte(text), isJSON)
}

// checkJSON rejects a body of --json that is not JSON. The reason names a character and
// nothing else of the body.
func checkJSON(content []byte, isJSON bool) error {
	var value json.RawMessage
	if !isJSON {
		return nil
	}
	if err := json.Unmarshal(content, &value); err != nil {
		return exit.Usagef("the body that --json gives is not JSON: %v", err).
			Hint(`names and texts stand in double quotes, and the whole in single quotes: --json '{"name": "value"}'`,
				"to send it as it is, use -d and -H Content-Type:application/json").
			Wrap(err)
	}
	return nil
}

// UnreadableBody is the error of a body that cannot be read.
func UnreadableBody(err error) error {
	return exit.Usagef("the body cannot be read: %v", err).
		Hint("-d takes the body itself, @PATH for a file or - for stdin").
		Wrap(err)
}

// FileBody is a body that is streamed from a file.
func FileBody(path string) (call.Body, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", path)
	}
	if err != nil {
		return call.Body{}, UnreadableBody(err)
	}
	return call.FileBody(func() (io.ReadCloser, error) { return os.Open(path) }, info.Size()), nil
}
