package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"

	"m2m/internal/probe/probetest"
)

// brokenapi DIR [HOLE] runs an API with one hole, or with none, until a signal.
// DIR/api.env has its API_URL, DIR/token a token that it accepts. Nobody answers
// where the token's issuer says it is, so that its keys cannot be had.
func brokenAPI() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := runBroken(ctx, os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func runBroken(ctx context.Context, dir string, hole []string) error {
	issuer, err := probetest.NewIssuer()
	if err != nil {
		return err
	}
	issuer.Name = "https://127.0.0.1:1/v2.0"
	api := probetest.Correct(issuer)
	if len(hole) == 1 {
		holes := probetest.Holes()
		n := slices.IndexFunc(holes, func(h probetest.Hole) bool { return h.Name == hole[0] })
		if n < 0 {
			return fmt.Errorf("there is no hole %s", hole[0])
		}
		api = probetest.Broken(issuer, holes[n])
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if err := errors.Join(
		os.MkdirAll(dir, 0o700),
		os.WriteFile(filepath.Join(dir, "token"), []byte(issuer.Token(probetest.Changes{})+"\n"), 0o600),
		writeWhole(filepath.Join(dir, "api.env"), "API_URL=http://"+listener.Addr().String()+"\n"),
	); err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = listener.Close() })
	if err := api.Serve(listener); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
