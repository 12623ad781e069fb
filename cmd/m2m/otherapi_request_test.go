package main

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
)

// requestAnswers are answers of an API that is not ours to test requests with:
// /echo shows the request, /flaky fails twice and then answers, /half breaks
// off, /hangs never ends, /moved leads to /echo, /bytes is no text.
func requestAnswers(mux *http.ServeMux) {
	mux.HandleFunc("/echo", echo)
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/echo", http.StatusTemporaryRedirect)
	})
	var asked atomic.Int64
	mux.HandleFunc("/flaky", func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1)%3 != 0 {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = io.WriteString(w, "the third time\n")
	})
	mux.HandleFunc("/half", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "half of the answer")
	})
	mux.HandleFunc("/hangs", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "the beginning")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	mux.HandleFunc("/bytes", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = w.Write([]byte{0, 1, 0xff, '\r', '\n', 0x1b, 0xc3, 0x28})
	})
}

// echo shows method, path, headers and content. It does not show a token.
func echo(w http.ResponseWriter, r *http.Request) {
	content, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	lines := []string{r.Method + " " + r.RequestURI}
	for name, values := range r.Header {
		if name != "Authorization" {
			lines = append(lines, name+": "+strings.Join(values, " and "))
		}
	}
	slices.Sort(lines[1:])
	_, _ = io.WriteString(w, strings.Join(lines, "\n")+"\n\n"+string(content)+"\n")
}
