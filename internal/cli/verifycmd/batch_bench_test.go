//go:build unix

package verifycmd

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
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"m2m/internal/cli"
	"m2m/internal/cli/verifycmd/minttest"
	"m2m/internal/exit"
)

// BenchmarkBatch runs `m2m verify --batch` on different tokens:
//
//	go test ./internal/cli/verifycmd -run XXX -bench Batch -benchtime 100000x
//
// of-limit is its rate against that of rsa.VerifyPKCS1v15 alone on all cores at
// once; the bar is 0.7. The two take turns in ten rounds, so that whatever else
// the machine does meets both alike, and the median counts. cpu-of-limit is the
// same of processor time. Making the tokens takes far longer than judging them.
func BenchmarkBatch(b *testing.B) {
	const rounds = 10
	dir := b.TempDir()
	keys, err := minttest.JWKS()
	if err != nil {
		b.Fatal(err)
	}
	jwks, tokens := filepath.Join(dir, "keys.json"), filepath.Join(dir, "tokens")
	if err := os.WriteFile(jwks, keys, 0o600); err != nil {
		b.Fatal(err)
	}
	var clock, processor []float64
	var rate, limit float64
	each := max(1, b.N/rounds)
	for round := range rounds {
		if err := os.WriteFile(tokens, mintMany(b, round*each, each), 0o600); err != nil {
			b.Fatal(err)
		}
		runtime.GC() // what making the tokens has left
		before := rsaCost(b)
		ours := batchCost(b, jwks, tokens, each)
		after := rsaCost(b)
		bare := cost{(before.clock + after.clock) / 2, (before.processor + after.processor) / 2}
		clock, processor = append(clock, bare.clock/ours.clock), append(processor, bare.processor/ours.processor)
		rate, limit = rate+1/ours.clock/rounds, limit+1/bare.clock/rounds
	}
	b.ReportMetric(0, "ns/op") // of the tokens' making too
	b.ReportMetric(rate, "tokens/s")
	b.ReportMetric(limit, "rsa/s")
	b.ReportMetric(median(clock), "of-limit")
	b.ReportMetric(median(processor), "cpu-of-limit")
}

// cost is what one token takes, in seconds.
type cost struct{ clock, processor float64 }

// batchCost judges n tokens by the whole command.
func batchCost(b *testing.B, jwks, tokens string, n int) cost {
	var counted countingWriter
	env := &cli.Env{
		Args: []string{
			"verify", "--batch", "--jwks", jwks, "--tenant", minttest.Tenant, "--audience", minttest.API, "--require-role",
			"Data.Read",
			"--at", "2026-06-01T12:00:00Z", "@" + tokens,
		},
		Stdin: strings.NewReader(""), Stdout: &counted, Stderr: io.Discard, Dir: b.TempDir(), Now: time.Now,
	}
	start, worked := time.Now(), processorTime(b)
	if code := cli.Run(context.Background(), env, onlyVerify); code != exit.Done {
		b.Fatalf("exit code %d", code)
	}
	if counted.lines != n {
		b.Fatalf("%d answers for %d tokens", counted.lines, n)
	}
	return cost{time.Since(start).Seconds() / float64(n), (processorTime(b) - worked).Seconds() / float64(n)}
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// processorTime is what this process has used of all cores.
func processorTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func mintMany(b *testing.B, from, n int) []byte {
	parts := make([]bytes.Buffer, runtime.GOMAXPROCS(0))
	var group errgroup.Group
	for i := range parts {
		group.Go(func() error {
			for j := i; j < n; j += len(parts) {
				token, err := minttest.Token(nil, minttest.Object{"uti": fmt.Sprint("token-", from+j)})
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

// rsaCost is rsa.VerifyPKCS1v15 alone on all cores, for half a second.
func rsaCost(b *testing.B) cost {
	key, err := minttest.Key()
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
			for ; time.Since(start) < time.Second/2; n.Add(1) {
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
	each := float64(n.Load())
	return cost{time.Since(start).Seconds() / each, (processorTime(b) - worked).Seconds() / each}
}

type countingWriter struct{ lines int }

func (c *countingWriter) Write(p []byte) (int, error) {
	c.lines += bytes.Count(p, []byte{'\n'})
	return len(p), nil
}
