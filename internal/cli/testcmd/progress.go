package testcmd

import (
	"fmt"
	"strings"

	"m2m/internal/cli"
	"m2m/internal/suite"
	"m2m/internal/text"
)

// progressLine reports the progress of a suite on stderr: in one line that is
// rewritten on a terminal. Elsewhere it prints a line for each request, but only if
// stdout has no table of them. Its methods are not called in parallel.
type progressLine struct {
	env    *cli.Env
	live   bool
	silent bool
	total  int
	done   int
	failed int
	under  []string // the names of running requests, the oldest first
}

func (r *suiteRun) progress() *progressLine {
	live := r.env.IsLive()
	return &progressLine{env: r.env, live: live, silent: !live && r.o.junit != "-", total: len(r.plan.Requests)}
}

// Started implements suite.Observer.
func (p *progressLine) Started(q suite.Request) {
	p.under = append(p.under, q.Name)
	p.draw()
}

// Finished implements suite.Observer.
func (p *progressLine) Finished(result suite.Result) {
	for i, name := range p.under {
		if name == result.Request.Name {
			p.under = append(p.under[:i], p.under[i+1:]...)
			break
		}
	}
	p.done++
	if result.Verdict != suite.Passed {
		p.failed++
	}
	switch {
	case p.silent:
	case p.live && result.Verdict != suite.Passed:
		p.clear()
		p.env.Say("%s", p.line(result))
	case !p.live:
		p.env.Say("%s", p.line(result))
	}
	p.draw()
}

// line is one line about a result.
func (p *progressLine) line(result suite.Result) string {
	line := fmt.Sprintf("%-7s  %s", verdictWord(result.Verdict), text.Bound(result.Request.Name, maxShownName))
	switch unmet := result.Unmet(); {
	case len(unmet) > 0:
		line += ": " + unmet[0].String()
	case result.Reason != "":
		line += ": " + result.Reason
	default:
		line += fmt.Sprintf(" (%d, %s)", result.Status, text.Duration(result.Duration))
	}
	return line
}

// draw rewrites the line.
func (p *progressLine) draw() {
	if !p.live {
		return
	}
	line := fmt.Sprintf("%d of %d done", p.done, p.total)
	if p.failed > 0 {
		line += fmt.Sprintf(", %d not passed", p.failed)
	}
	if len(p.under) > 0 {
		line += ": " + strings.Join(p.under, ", ")
	}
	fmt.Fprint(p.env.Stderr, "\r"+text.Fit(text.Bound(line, 1000), cli.Width(p.env.Stderr)-1)+"\x1b[K")
}

func (p *progressLine) clear() { fmt.Fprint(p.env.Stderr, "\r\x1b[K") }

// end clears the line, so that the report begins on an empty one.
func (p *progressLine) end() {
	if p.live {
		p.clear()
	}
}
