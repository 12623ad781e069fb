// Gate measures what it costs to let only believed callers in: "m2m serve"
// beside the same program without authentication, HAProxy's jwt_verify, and the
// FastAPI and PyJWT recipe that m2m replaces.
//
//	cd bench/gate && go run .            the table: three interleaved rounds
//	cd bench/gate && go run . -growth    connections, tokens and keys, growing
//
// It needs Go, and of Debian haproxy, wrk, python3-fastapi, python3-uvicorn and
// python3-jwt. Each server runs alone, pinned to one core, fresh for every
// measurement; wrk has another core.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"bench/stage"
)

// bench is one run of this program.
type bench struct {
	dir      string
	rounds   int
	duration time.Duration
	issuer   *issuer
	verbose  bool
}

func main() {
	var b bench
	growth := flag.Bool("growth", false, "measure how m2m and HAProxy grow with connections, tokens and keys")
	flag.IntVar(&b.rounds, "rounds", 3, "how often everything is measured")
	flag.DurationVar(&b.duration, "duration", 5*time.Second, "how long one measurement lasts")
	fresh := flag.Int("new", 120_000, "how many tokens there are for the rows in which every token is new")
	flag.BoolVar(&b.verbose, "v", false, "print each measurement as it comes")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := b.run(ctx, *growth, *fresh); err != nil {
		fmt.Fprintln(os.Stderr, "gate:", err)
		stop()
		os.Exit(1)
	}
}

func (b *bench) run(ctx context.Context, growth bool, fresh int) error {
	dir, err := os.MkdirTemp("", "gate")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b.dir = dir
	if err := stage.Build(ctx, dir); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "signing tokens ...")
	if b.issuer, err = newIssuer(dir, 6); err != nil {
		return err
	}
	defer b.issuer.Stop()
	if err := b.issuer.writeTokens(map[string]int{"one": 1, "many": 10_000, "new": fresh}); err != nil {
		return err
	}
	if growth {
		return b.growth(ctx)
	}
	return b.table(ctx)
}
