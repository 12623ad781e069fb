package verifycmd

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"m2m/internal/cli"
	"m2m/internal/entra"
	"m2m/internal/exit"
	"m2m/internal/explain"
	"m2m/internal/input"
	"m2m/internal/verify"
)

// checkBatch rejects -o with anything but JSON.
func (o options) checkBatch(formSet bool) error {
	if formSet && o.form != "json" {
		return exit.Usagef("--batch writes one JSON line for each token: it has no -o %s", o.form)
	}
	return nil
}

// batchInput opens the stream of tokens, one a line.
func batchInput(env *cli.Env, args []string) (in io.Reader, name string, closeInput func() error, err error) {
	source := "-"
	if len(args) == 1 {
		source = args[0]
	} else if cli.IsTerminal(env.Stdin) {
		return nil, "", nil, exit.Usagef("there are no tokens to verify").
			Hint("m2m verify --batch @tokens.txt, or pipe them in, one a line")
	}
	path, isFile := strings.CutPrefix(source, "@")
	switch {
	case source == "-" || path == "-":
		return env.Stdin, cli.FileName("-"), func() error { return nil }, nil
	case !isFile || path == "":
		return nil, "", nil, exit.Usagef("--batch reads tokens from a file or from stdin, not from an argument").
			Hint("m2m verify --batch @tokens.txt, or pipe them in, one a line")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, "", nil, exit.Usagef("the tokens cannot be read: %v", err).Wrap(err)
	}
	return f, cli.FileName(path), f.Close, nil
}

// runBatch prints one line of JSON for every line of the input, in order.
func runBatch(ctx context.Context, env *cli.Env, args []string, verifier *verify.Verifier) error {
	in, name, closeInput, err := batchInput(env, args)
	if err != nil {
		return err
	}
	defer closeInput()
	show := batchProgress{w: env.Stderr, now: env.Now, silent: !cli.IsTerminal(env.Stderr)}
	b := batch{in: in, out: env.Out, progress: show.update, report: func(dst []byte, l line) ([]byte, verify.Verdict) {
		token := l.token()
		report := explain.Report(verifier.Report(ctx, token), explain.Judged{Text: entra.NewSecret(token), File: "-"})
		return append(verify.AppendReport(dst, report), '\n'), report.Verdict
	}}
	// Nearly all memory of a token is garbage at once. Collecting it less often
	// costs a few megabytes and saves a tenth of the time.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	counts, err := b.run(ctx)
	show.end(counts)
	switch {
	case err != nil && env.Out.Err == nil && ctx.Err() == nil:
		return exit.Usagef("%s cannot be read to its end: %v", name, err).
			Hintf("%d lines of it were checked", counts.total()).Wrap(err)
	case err != nil:
		return err
	case counts.total() == 0:
		return exit.Usagef("there are no tokens to verify: %s is empty", name).
			Hint("if they came from a pipe, see what the command before it said on stderr")
	case counts.code() != exit.Done:
		return exit.Reported{Code: counts.code()}
	}
	return nil
}

// token returns the token of a line. Of a line that is too long nothing is
// stripped: its beginning may look like another token than the whole line.
func (l line) token() string {
	if l.long || l.bare() {
		return l.text
	}
	if token, _, err := input.Clean(l.text); err == nil {
		return token
	}
	return l.text
}

// bare reports whether Clean has nothing to strip: the line begins as the JSON of
// a header does in base64url and does not end in white space.
func (l line) bare() bool {
	last := len(l.text) - 1
	return strings.HasPrefix(l.text, "ey") && ' ' < l.text[last] && l.text[last] < utf8.RuneSelf
}

// batchProgress prints on a terminal how far a batch is, a few times a second.
type batchProgress struct {
	w      io.Writer
	now    func() time.Time
	silent bool
	last   time.Time // when update printed
}

func (p *batchProgress) update(counts tally) {
	if now := p.now(); !p.silent && now.Sub(p.last) >= 200*time.Millisecond {
		p.last = now
		fmt.Fprintf(p.w, "\rm2m: %d checked, %d valid", counts.total(), counts[verify.Valid])
	}
}

// end overwrites the last line of update with the result, which is longer.
func (p *batchProgress) end(counts tally) {
	if !p.silent {
		fmt.Fprintf(p.w, "\rm2m: %d checked, %d valid, %d invalid, %d unknown, %d unverifiable\n", counts.total(),
			counts[verify.Valid], counts[verify.Invalid], counts[verify.Undecided], counts[verify.Unverifiable])
	}
}
