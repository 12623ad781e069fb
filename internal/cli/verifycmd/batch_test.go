package verifycmd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/cli"
	"m2m/internal/cli/verifycmd/minttest"
	"m2m/internal/exit"
	"m2m/internal/explain"
	"m2m/internal/verify"
)

// onlyVerify is the command line of these tests.
var onlyVerify = cli.Commands{List: []cli.Command{{Name: "verify", New: New}}}

func TestLineReader(t *testing.T) {
	long := strings.Repeat("x", maxTokenInput)
	for name, c := range map[string]struct {
		in   string
		want []line
	}{
		"nothing":                 {"", nil},
		"one line":                {"a\n", []line{{text: "a"}}},
		"no end":                  {"a\nb", []line{{text: "a"}, {text: "b"}}},
		"empty lines":             {"\n\na\n\n", []line{{text: ""}, {text: ""}, {text: "a"}, {text: ""}}},
		"a long line":             {long + "yz\nb\n", []line{{text: long, long: true}, {text: "b"}}},
		"a long line at the end":  {"a\n" + long + long + "y", []line{{text: "a"}, {text: long, long: true}}},
		"a line that just fits":   {long[1:] + "\nb", []line{{text: long[1:]}, {text: "b"}}},
		"one byte more than fits": {long + "\nb", []line{{text: long, long: true}, {text: "b"}}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []line
			for r := newLineReader(strings.NewReader(c.in)); ; {
				some, err := r.block()
				got = append(got, some...)
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil || len(some) == 0 {
					t.Fatalf("%d lines, error %v", len(some), err)
				}
			}
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(line{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestBatchKeepsTheOrder reports on lines that take unequal time.
func TestBatchKeepsTheOrder(t *testing.T) {
	var in, want, out bytes.Buffer
	for i := range 5000 {
		fmt.Fprintf(&in, "%d\n", i)
		fmt.Fprintf(&want, "%d\n", i)
	}
	var busy atomic.Int64
	b := batch{in: &in, out: &out, progress: func(tally) {}, report: func(dst []byte, l line) ([]byte, verify.Verdict) {
		for range len(l.text) % 3 * 1000 {
			busy.Add(1)
		}
		return append(append(dst, l.text...), '\n'), verify.Valid
	}}
	counts, err := b.run(t.Context())
	if err != nil || counts[verify.Valid] != 5000 || out.String() != want.String() {
		t.Errorf("error %v, counts %v, in order %t", err, counts, out.String() == want.String())
	}
}

// endless is a stream of lines that counts what was read of it.
type endless struct{ read atomic.Int64 }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '\n'
	}
	e.read.Add(int64(len(p)))
	return len(p), nil
}

// stuck is a reader of the reports that reads none until it is released.
type stuck struct{ release chan struct{} }

func (s stuck) Write([]byte) (int, error) {
	<-s.release
	return 0, io.ErrClosedPipe
}

// TestBatchWaitsForItsReader shows that memory is bounded: while no answer is
// taken, a bounded part of an endless input is read; and that a failure to
// write ends the batch.
func TestBatchWaitsForItsReader(t *testing.T) {
	in, out := &endless{}, stuck{make(chan struct{})}
	b := batch{in: in, out: out, progress: func(tally) {}, report: func(dst []byte, l line) ([]byte, verify.Verdict) {
		return append(dst, '\n'), verify.Invalid
	}}
	ended := make(chan error, 1)
	go func() { _, err := b.run(t.Context()); ended <- err }()
	for last := int64(-1); last != in.read.Load(); { // until nothing more is read
		last = in.read.Load()
		time.Sleep(20 * time.Millisecond)
	}
	if read := in.read.Load(); read > 1<<20 {
		t.Errorf("%d bytes were read ahead", read)
	}
	close(out.release)
	if err := <-ended; !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("want the writer's error, got %v", err)
	}
}

func TestBatchEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	b := batch{in: &endless{}, out: io.Discard, progress: func(tally) { cancel(why) },
		report: func(dst []byte, l line) ([]byte, verify.Verdict) {
			return dst, verify.Invalid
		}}
	if _, err := b.run(ctx); !errors.Is(err, why) {
		t.Errorf("want the cause, got %v", err)
	}
}

// brokenReader fails after its first line.
type brokenReader struct{ first io.Reader }

func (b brokenReader) Read(p []byte) (int, error) {
	if n, err := b.first.Read(p); err == nil {
		return n, nil
	}
	return 0, io.ErrUnexpectedEOF
}

// TestBatchThatCannotBeReadWhole: what was read is answered, and the code is
// not that of the reports.
func TestBatchThatCannotBeReadWhole(t *testing.T) {
	var out, err bytes.Buffer
	env := &cli.Env{
		Args: []string{"verify", "--batch", "--tenant", minttest.Tenant, "--jwks", writeJWKS(t)}, Now: time.Now,
		Dir:   t.TempDir(),
		Stdin: brokenReader{strings.NewReader("x\n")}, Stdout: &out, Stderr: &err,
	}
	if code := cli.Run(t.Context(), env, onlyVerify); code != exit.Usage ||
		!strings.Contains(err.String(), "stdin cannot be read to its end: unexpected EOF") {
		t.Errorf("code %d, stderr %q", code, err.String())
	}
	if strings.Count(out.String(), "\n") != 1 {
		t.Errorf("want one answer, got %q", out.String())
	}
}

func TestBatchProgress(t *testing.T) {
	var out bytes.Buffer
	now := minttest.Noon
	p := batchProgress{w: &out, now: func() time.Time { return now }}
	p.update(tally{verify.Valid: 1})
	p.update(tally{verify.Valid: 2})
	now = now.Add(time.Second)
	p.update(tally{verify.Valid: 2, verify.Invalid: 1})
	p.end(tally{verify.Valid: 2, verify.Invalid: 2})
	want := "\rm2m: 1 checked, 1 valid\rm2m: 3 checked, 2 valid\rm2m: 4 checked, 2 valid, 2 invalid, 0 unknown, 0 unverifiable\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	silent := batchProgress{w: &out, now: p.now, silent: true}
	out.Reset()
	silent.update(tally{verify.Valid: 1})
	silent.end(tally{})
	if out.Len() > 0 {
		t.Errorf("silent progress says %q", out.String())
	}
}

// TestReportLine holds the line that is written by hand against the document
// that encoding/json writes.
func TestReportLine(t *testing.T) {
	for name, token := range strangeTokens(t) {
		report := explain.Report(mintVerifier(t,
			verify.Policy{Tenants: []string{minttest.Tenant}, Audiences: []string{minttest.API},
				Roles: []string{"Data.Read"}}).Report(t.Context(), token), explain.Judged{})
		got := verify.AppendReport(nil, report)
		want, err := json.Marshal(documentOf(report))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.ContainsAny(got, "\r\n") {
			t.Errorf("%s: the answer is more than a line: %s", name, got)
		}
		var a, b any
		if err := errors.Join(json.Unmarshal(want, &a), json.Unmarshal(got, &b)); err != nil {
			t.Errorf("%s: %v: %s", name, err, got)
		}
		if diff := cmp.Diff(a, b); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
