package main

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
)

// barrier DIR runs an API that answers /N only when N requests are there at
// once, and /hold never, until a signal. DIR/api.env has its API_URL; DIR/held
// appears with the first request for /hold.
func barrier() {
	os.Exit(runHelper(func(dir string) (*http.Server, net.Listener, error) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, nil, err
		}
		var mu sync.Mutex
		waiting, open := 0, make(chan struct{})
		mux := http.NewServeMux()
		mux.HandleFunc("/hold", func(_ http.ResponseWriter, r *http.Request) {
			_ = writeWhole(filepath.Join(dir, "held"), "") // the test waits for it in vain otherwise
			<-r.Context().Done()
		})
		mux.HandleFunc("/{count}", func(w http.ResponseWriter, r *http.Request) {
			count, _ := strconv.Atoi(r.PathValue("count"))
			mu.Lock()
			if waiting++; waiting == count {
				close(open)
			}
			mu.Unlock()
			select {
			case <-open:
			case <-r.Context().Done():
			}
		})
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, nil, err
		}
		return &http.Server{Handler: mux}, listener,
			writeWhole(filepath.Join(dir, "api.env"), "API_URL=http://"+listener.Addr().String()+"\n")
	}))
}
