package main

import (
	"context"
	"net"
	"net/http"

	"golang.org/x/sync/errgroup"

	"m2m/internal/local"
	"m2m/internal/serve"
)

// listenMetrics opens --metrics-addr; nil where that is not given.
func listenMetrics(address string) (net.Listener, error) {
	if address == "" {
		return nil, nil
	}
	return local.Listen(address, "--metrics-addr")
}

// serveMetrics starts to serve the metrics at --metrics-addr, if that is given,
// in plain http: whoever reaches the address may read them.
func (api *api) serveMetrics(ctx context.Context, group *errgroup.Group) {
	if api.metricsListener == nil {
		return
	}
	api.env.Say("metrics on http://%s/metrics, for whoever can reach it", api.metricsListener.Addr())
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", api.metrics)
	server := serve.Server{Handler: mux, Logger: api.server.Logger}
	group.Go(func() error { return server.Serve(ctx, api.metricsListener) })
}

// close frees the address of the metrics of an API that never ran.
func (api *api) close() error {
	if api.metricsListener == nil {
		return nil
	}
	return api.metricsListener.Close()
}
