package main

import (
	"context"
	"net/http"

	"golang.org/x/sync/errgroup"

	"m2m/internal/serve"
)

// serveMetrics starts to serve the metrics at --metrics-addr, if that is given,
// in plain http: whoever reaches the address may read them.
func (api *api) serveMetrics(ctx context.Context, group *errgroup.Group) error {
	if api.metricsAddr == "" {
		return nil
	}
	listener, err := listen(api.metricsAddr, "--metrics-addr")
	if err != nil {
		return err
	}
	api.app.say("metrics on http://%s/metrics, for whoever can reach it", listener.Addr())
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", api.metrics)
	server := serve.Server{Handler: mux, Logger: api.server.Logger}
	group.Go(func() error { return server.Serve(ctx, listener) })
	return nil
}
