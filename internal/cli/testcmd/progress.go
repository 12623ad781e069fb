package testcmd

import (
	"fmt"
	"strings"

	"m2m/internal/cli"
	"m2m/internal/suite"
	"m2m/internal/text"
)

// progressLine says on stderr how far a suite is: in a line that is written
// over on a terminal, else in a line for each request. It is told of one request
// at a time.
type progressLine struct {
	env    *cli.Env
	live   bool
	silent bool
	total  int
	done   int
	failed int
	under  []string // the names of requests under way, the oldest first
}

// liveWidth is how wide the line on a terminal may become, in columns: a longer
// one would wrap, and then not be written over.
const liveWidth = 78

func (r *run) progress() *progressLine {
	term, _ := r.env.Lookup("TERM")
	live := cli.IsTerminal(r.env.Stderr) && term != "dumb" && !r.env.Debug
	return &progressLine{env: r.env, live: live, silent: r.o.Form == "json" && !live, total: len(r.plan.Requests)}
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

// line says in one line what became of a request.
func (p *progressLine) line(result suite.Result) string {
	line := fmt.Sprintf("%-7s  %s", verdictWord(result.Verdict), result.Request.Name)
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

// draw writes the line of a terminal anew.
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
	fmt.Fprint(p.env.Stderr, "\r"+text.Fit(text.Printable(line), liveWidth)+"\x1b[K")
}

func (p *progressLine) clear() { fmt.Fprint(p.env.Stderr, "\r\x1b[K") }

// end takes the line away, so that the report begins on a clean one.
func (p *progressLine) end() {
	if p.live {
		p.clear()
	}
}
