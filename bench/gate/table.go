package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// workload is one part of the table.
type workload struct {
	title   string
	load    load
	systems []string
}

func workloads() []workload {
	all := []string{gated, open, haproxy, recipe}
	return []workload{
		{"1 token again and again, 32 connections", load{tokens: "one", warm: "one", connections: 32}, all},
		{"10,000 tokens seen before, 32 connections", load{tokens: "many", warm: "many", connections: 32}, all},
		{"every token new, 32 connections", load{tokens: "new", warm: "one", connections: 32}, []string{gated, haproxy, recipe}},
		{"10,000 tokens seen before, 2,000 connections", load{tokens: "many", warm: "many", connections: 2000}, []string{gated, haproxy}},
	}
}

// table measures every system under every load, one after the other, and again
// in the next round.
func (b *bench) table(ctx context.Context) error {
	b.configuration()
	results := map[string]map[string][]result{}
	for range b.rounds {
		for _, w := range workloads() {
			for _, system := range w.systems {
				r, err := b.measure(ctx, system, w.load)
				if err != nil {
					return err
				}
				if results[w.title] == nil {
					results[w.title] = map[string][]result{}
				}
				results[w.title][system] = append(results[w.title][system], r)
			}
		}
	}
	for _, w := range workloads() {
		printWorkload(w, results[w.title])
	}
	return nil
}

func printWorkload(w workload, results map[string][]result) {
	fmt.Printf("\n### %s\n\n", w.title)
	fmt.Println("| | requests/s | m2m to it | p50 | p99 | m2m's p99 to it | CPU ms per 1,000 | peak MiB |")
	fmt.Println("|---|---|---|---|---|---|---|---|")
	m2m := results[gated]
	for _, system := range w.systems {
		r := results[system]
		fmt.Printf("| %s | %.0f | %.2f | %s | %s | %.2f | %.0f | %.0f |\n", system,
			middle(r, func(r result) float64 { return r.perSecond }),
			ratio(m2m, r, func(r result) float64 { return r.perSecond }),
			rounded(middle(r, func(r result) float64 { return float64(r.p50) })),
			rounded(middle(r, func(r result) float64 { return float64(r.p99) })),
			ratio(m2m, r, func(r result) float64 { return float64(r.p99) }),
			middle(r, func(r result) float64 { return r.cpu }),
			middle(r, func(r result) float64 { return r.memory }))
	}
}

func rounded(ns float64) time.Duration { return time.Duration(ns).Round(10 * time.Microsecond) }

func middle(rounds []result, of func(result) float64) float64 {
	values := make([]float64, len(rounds))
	for i, r := range rounds {
		values[i] = of(r)
	}
	return medianOf(values)
}

// ratio is the median of the rounds' ratios.
func ratio(a, b []result, of func(result) float64) float64 {
	values := make([]float64, min(len(a), len(b)))
	for i := range values {
		values[i] = of(a[i]) / of(b[i])
	}
	return medianOf(values)
}

func medianOf(values []float64) float64 {
	slices.Sort(values)
	n := len(values)
	if n == 0 {
		return 0
	}
	return (values[(n-1)/2] + values[n/2]) / 2
}

// configuration prints what was compared, as it ran.
func (b *bench) configuration() {
	fmt.Printf("machine: %d cores, %s; server on core 0, wrk on core 1; %d rounds of %s\n", runtime.NumCPU(), first("uname", "-sr"), b.rounds,
		b.duration)
	fmt.Printf("programs: %s; %s; %s\n", runtime.Version(), first("haproxy", "-v"), first("/usr/bin/python3", "-c",
		"import fastapi, jwt, uvicorn; print('FastAPI', fastapi.__version__, 'PyJWT', jwt.__version__, 'uvicorn', uvicorn.__version__)"))
	token, _ := os.ReadFile(b.issuer.tokenFile("one"))
	fmt.Printf("tokens: %d bytes, RS256, one of %d published keys\n", len(strings.TrimSpace(string(token))), b.issuer.keys)
	for _, system := range []string{gated, haproxy, recipe} {
		argv, env, _ := b.command(system, "HOST:PORT")
		fmt.Printf("%s: %s %s\n", system, strings.ReplaceAll(strings.Join(env, " "), b.dir, "DIR"),
			strings.ReplaceAll(strings.Join(argv, " "), b.dir, "DIR"))
	}
}

func first(name string, args ...string) string {
	out, err := exec.Command(name, args...).Output()
	line, _, _ := strings.Cut(string(out), "\n")
	if err != nil {
		return name + ": " + err.Error()
	}
	return cmp.Or(line, name)
}
