//go:build unix

package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// BenchmarkBatch runs `m2m verify --batch` on different tokens:
//
//	go test ./cmd/m2m -run XXX -bench Batch -benchtime 100000x
//
// of-limit is its rate against that of rsa.VerifyPKCS1v15 alone on all cores at
// once, measured before and after; the bar is 0.7. cpu-of-limit is the same of
// processor time, which other programs on the machine disturb less. Making the
// tokens takes far longer than judging them.
func BenchmarkBatch(b *testing.B) {
	dir := b.TempDir()
	keys, err := mintJWKS()
	if err != nil {
		b.Fatal(err)
	}
	jwks, tokens := filepath.Join(dir, "keys.json"), filepath.Join(dir, "tokens")
	if err := os.WriteFile(jwks, keys, 0o600); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(tokens, mintMany(b, b.N), 0o600); err != nil {
		b.Fatal(err)
	}
	before := rsaRate(b)
	var counted countingWriter
	sys := &system{
		args: []string{
			"verify", "--batch", "--jwks", jwks, "--tenant", mintTenant, "--audience", mintAPI, "--require-role", "Data.Read",
			"--at", "2026-06-01T12:00:00Z", "@" + tokens,
		},
		stdin: strings.NewReader(""), stdout: &counted, stderr: io.Discard, dir: dir, now: time.Now,
	}
	runtime.GC() // what making the tokens has left
	b.ResetTimer()
	worked := processorTime(b)
	if code := sys.run(context.Background()); code != exitDone {
		b.Fatalf("exit code %d", code)
	}
	b.StopTimer()
	worked = processorTime(b) - worked
	if counted.lines != b.N {
		b.Fatalf("%d answers for %d tokens", counted.lines, b.N)
	}
	rate := float64(b.N) / b.Elapsed().Seconds()
	after := rsaRate(b)
	limit := (before.rate + after.rate) / 2
	b.ReportMetric(rate, "tokens/s")
	b.ReportMetric(limit, "rsa/s")
	b.ReportMetric(rate/limit, "of-limit")
	b.ReportMetric((before.each+after.each).Seconds()/2/(worked.Seconds()/float64(b.N)), "cpu-of-limit")
}

// processorTime is what this process has used of all cores.
func processorTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func mintMany(b *testing.B, n int) []byte {
	parts := make([]bytes.Buffer, runtime.GOMAXPROCS(0))
	var group errgroup.Group
	for i := range parts {
		group.Go(func() error {
			for j := i; j < n; j += len(parts) {
				token, err := mintToken(nil, object{"uti": fmt.Sprint("token-", j)})
				if err != nil {
					return err
				}
				parts[i].WriteString(token + "\n")
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
	var all bytes.Buffer
	for i := range parts {
		all.Write(parts[i].Bytes())
	}
	return all.Bytes()
}

// rsaLimit is what bare verification of signatures costs.
type rsaLimit struct {
	rate float64       // per second on all cores, by the clock
	each time.Duration // of processor time
}

// rsaRate measures rsa.VerifyPKCS1v15 on all cores for two seconds.
func rsaRate(b *testing.B) rsaLimit {
	key, err := mintKey()
	if err != nil {
		b.Fatal(err)
	}
	sum := sha256.Sum256([]byte("x"))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		b.Fatal(err)
	}
	var n atomic.Int64
	start, worked := time.Now(), processorTime(b)
	var group errgroup.Group
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() error {
			for ; time.Since(start) < 2*time.Second; n.Add(1) {
				if err := rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], signature); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
	return rsaLimit{float64(n.Load()) / time.Since(start).Seconds(), (processorTime(b) - worked) / time.Duration(n.Load())}
}

type countingWriter struct{ lines int }

func (c *countingWriter) Write(p []byte) (int, error) {
	c.lines += bytes.Count(p, []byte{'\n'})
	return len(p), nil
}
