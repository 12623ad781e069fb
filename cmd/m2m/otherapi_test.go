package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
)

// otherapi DIR runs an API that knows nothing of tokens and answers /STATUS
// with that status, /json with a document, /html with a page, /redirect with a
// redirect to another host, what requestAnswers and strangersRefusals name as they
// say, and anything else with 404, until a signal. DIR/api.env has its API_URL.
func otherAPI() {
	os.Exit(runHelper(func(dir string) (*http.Server, net.Listener, error) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, nil, err
		}
		mux := http.NewServeMux()
		mux.HandleFunc("/redirect", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://elsewhere.invalid/")
			w.WriteHeader(http.StatusFound)
		})
		mux.HandleFunc("/json",
			answerText("application/json", `{"status": "up", "queues": [{"depth": 3}, {"depth": 70}]}`+"\n"))
		mux.HandleFunc("/html", answerText("text/html", "<!doctype html><title>Sign in to Contoso</title>\n"))
		requestAnswers(mux)
		refuseAsStrangers(mux)
		mux.HandleFunc("/{status}", answerStatus)
		server := &http.Server{Handler: mux}
		return server, listener, writeWhole(filepath.Join(dir, "api.env"), "API_URL=http://"+listener.Addr().String()+"\n")
	}))
}

func answerStatus(w http.ResponseWriter, r *http.Request) {
	status, err := strconv.Atoi(r.PathValue("status"))
	if err != nil || status < 200 || status > 599 {
		status = http.StatusNotFound
	}
	w.Header().Set("Content-Type", "text/plain")
	w.WriteHeader(status)
	fmt.Fprintf(w, "the API's own words about %d\n", status)
}

func answerText(contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		fmt.Fprint(w, body)
	}
}
