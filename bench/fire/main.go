// Fire puts "m2m serve" under what a production network does to it, as a whole
// process with its usual settings, and says of each case what is promised and
// what was seen:
//
//	cd bench/fire && go run .            every case, as rows of a table
//	cd bench/fire && go run . -run slow  the cases with that in their name
//
// It needs Go and Linux (/proc), and 5,000 descriptors. It exits with 1 if a
// promise is broken. Every case has a fresh process, whose memory, descriptors
// and goroutines are looked at when it is over.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"

	"bench/stage"
)

func main() {
	pattern := flag.String("run", "", "run the cases with this in their name")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *pattern); err != nil {
		fmt.Fprintln(os.Stderr, "fire:", err)
		stop()
		os.Exit(1)
	}
}

var errBroken = errors.New("a promise is broken")

func run(ctx context.Context, pattern string) error {
	dir, err := os.MkdirTemp("", "fire")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := stage.Build(ctx, dir); err != nil {
		return err
	}
	fmt.Printf("%d cores, %s; m2m serve with its usual settings, but for the issuer and who may call\n\n", runtime.NumCPU(), runtime.Version())
	fmt.Printf("| case | promise | seen | |\n|---|---|---|---|\n")
	broken := false
	for _, c := range cases() {
		if !strings.Contains(c.name, pattern) {
			continue
		}
		seen, err := c.try(ctx, dir)
		verdict := "ok"
		if err != nil {
			broken, verdict, seen = true, "FAIL", strings.TrimPrefix(seen+": ", ": ")+err.Error()
		}
		fmt.Printf("| %s | %s | %s | %s |\n", c.name, c.promise, seen, verdict)
	}
	if broken {
		return errBroken
	}
	return ctx.Err()
}
