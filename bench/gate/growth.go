package main

import (
	"context"
	"fmt"
)

// growth measures m2m and HAProxy as one thing grows and the rest stays.
func (b *bench) growth(ctx context.Context) error {
	b.configuration()
	if err := b.issuer.writeTokens(map[string]int{"1000": 1000}); err != nil {
		return err
	}
	both := []string{gated, haproxy}
	for _, n := range []int{32, 512, 2000} {
		if err := b.row(ctx, fmt.Sprintf("%d connections, 10,000 tokens", n), load{tokens: "many", warm: "many", connections: n},
			both); err != nil {
			return err
		}
	}
	for _, tokens := range []string{"one", "1000", "many", "new"} {
		if err := b.row(ctx, "32 connections, tokens: "+tokens, load{tokens: tokens, warm: tokens, connections: 32}, both); err != nil {
			return err
		}
	}
	return b.growKeys(ctx)
}

// growKeys publishes more keys. HAProxy is given one key and knows no set.
func (b *bench) growKeys(ctx context.Context) error {
	for _, keys := range []int{6, 1000} {
		i, err := newIssuer(b.dir, keys)
		if err != nil {
			return err
		}
		defer i.Stop()
		if err := i.writeTokens(map[string]int{"one": 1, "new": 60_000}); err != nil {
			return err
		}
		b.issuer = i
		if err := b.row(ctx, fmt.Sprintf("%d keys, every token new", keys), load{tokens: "new", warm: "one", connections: 32},
			[]string{gated}); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) row(ctx context.Context, title string, l load, systems []string) error {
	results := map[string][]result{}
	for range b.rounds {
		for _, system := range systems {
			r, err := b.measure(ctx, system, l)
			if err != nil {
				return err
			}
			results[system] = append(results[system], r)
		}
	}
	printWorkload(workload{title: title, load: l, systems: systems}, results)
	return nil
}
