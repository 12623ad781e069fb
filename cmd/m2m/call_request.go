package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"m2m/internal/call"
)

// maxBufferedBody bounds a request body that is read from stdin, in bytes; a
// file is streamed and may be of any size.
const maxBufferedBody = 64 << 20

// requestFlags are the flags that make up the request and what is expected.
type requestFlags struct {
	method        string
	headers       []string
	data          string
	json          string
	follow        bool
	insecureHTTP  bool
	retries       int
	expectStatus  string
	expectHeaders []string
	expectBody    []string
	expectJQ      []string
	maxTime       time.Duration
}

func (r *requestFlags) add(flags *pflag.FlagSet) {
	flags.StringVarP(&r.method, "request", "X", "", "the `METHOD`; the default is GET, or POST with a body")
	flags.StringArrayVarP(&r.headers, "header", "H", nil, "add a `HEADER` such as \"Accept: text/csv\" (repeatable)")
	flags.StringVarP(&r.data, "data", "d", "", "send this `BODY`; @PATH is a file, - is stdin")
	flags.StringVar(&r.json, "json", "", "the same, as application/json")
	flags.BoolVarP(&r.follow, "location", "L", false, "follow redirects that stay at the same scheme, host and port")
	flags.IntVar(&r.retries, "retry", 0, "try `N` more times after a connection fault, 429 or 5xx")
	flags.BoolVar(&r.insecureHTTP, "insecure-http", false, "send the token unencrypted, over plain http, to other machines")
	flags.StringVar(&r.expectStatus, "expect", "2xx", "the `STATUS` that is success: 200, 200,404 or 2xx")
	flags.StringArrayVar(&r.expectHeaders, "expect-header", nil, "a `HEADER` that must be there: Name, or \"Name: value\" (repeatable)")
	flags.StringArrayVar(&r.expectBody, "expect-body", nil, "a `TEXT` that must be in the body (repeatable)")
	flags.StringArrayVar(&r.expectJQ, "expect-jq", nil, "a jq `EXPRESSION` that must hold for the body, such as '.count > 0' (repeatable)")
	flags.DurationVar(&r.maxTime, "max-time", 0, "the longest time the answer may take to count as success")
}

// request turns flags into the request to address.
func (a *app) request(r requestFlags, s *settings, address string) (call.Request, error) {
	target, err := call.ResolveURL(s.apiURL.value, address)
	if err != nil {
		return call.Request{}, err
	}
	request := call.Request{
		Method: r.method, URL: target, Header: http.Header{},
		Follow: r.follow, AllowPlainHTTP: r.insecureHTTP, Retry: call.Retry{Max: r.retries},
	}
	for _, header := range r.headers {
		name, value, ok := strings.Cut(header, ":")
		if !ok {
			return request, &usageError{reason: fmt.Sprintf("-H %q is no header", header), hints: []string{`write it as "Name: value"`}}
		}
		request.Header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	if request.Body, err = a.body(r, request.Header); err != nil {
		return request, err
	}
	request.Expect, err = r.expectations()
	return request, err
}

func (r requestFlags) expectations() (call.Expect, error) {
	expect := call.Expect{Body: r.expectBody, MaxTime: r.maxTime}
	var err error
	if expect.Status, err = call.ParseStatusSet(r.expectStatus); err != nil {
		return expect, &usageError{reason: "--expect: " + err.Error(), err: err}
	}
	for _, text := range r.expectHeaders {
		header, err := call.ParseHeaderExpectation(text)
		if err != nil {
			return expect, &usageError{reason: "--expect-header: " + err.Error(), err: err}
		}
		expect.Headers = append(expect.Headers, header)
	}
	for _, text := range r.expectJQ {
		expression, err := call.ParseJQExpectation(text)
		if err != nil {
			return expect, &usageError{reason: "--expect-jq: " + err.Error(), err: err}
		}
		expect.JQ = append(expect.JQ, expression)
	}
	return expect, nil
}

// body is the content of the request; header gets the type that --json implies.
func (a *app) body(r requestFlags, header http.Header) (call.Body, error) {
	data := r.data
	if r.json != "" {
		if r.data != "" {
			return call.Body{}, &usageError{reason: "-d and --json are both given; they are two ways to send one body"}
		}
		data = r.json
		if header.Get("Content-Type") == "" {
			header.Set("Content-Type", "application/json")
		}
	}
	path, isFile := strings.CutPrefix(data, "@")
	switch {
	case data == "":
		return call.Body{}, nil
	case data == "-":
		content, err := a.readFile("-", maxBufferedBody)
		if err != nil {
			return call.Body{}, &usageError{reason: "the body cannot be read: " + err.Error(), hints: []string{"-d takes the body itself, @PATH for a file or - for stdin"}, err: err}
		}
		return call.BytesBody(content), nil
	case isFile:
		return fileBody(path)
	}
	return call.BytesBody([]byte(data)), nil
}

func fileBody(path string) (call.Body, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", path)
	}
	if err != nil {
		return call.Body{}, &usageError{reason: "the body cannot be read: " + err.Error(), hints: []string{"-d takes the body itself, @PATH for a file or - for stdin"}, err: err}
	}
	return call.FileBody(func() (io.ReadCloser, error) { return os.Open(path) }, info.Size()), nil
}
