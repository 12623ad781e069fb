package doctorcmd

import (
	"fmt"
	"slices"
	"strings"

	"m2m/internal/cli"
	"m2m/internal/exit"
	"m2m/internal/explain"
	"m2m/internal/text"
)

// StepStatus is what came of a step.
type StepStatus string

// The statuses.
const (
	StepOK         StepStatus = "ok"
	StepWarning    StepStatus = "warning"
	StepFailed     StepStatus = "failed"
	StepNotReached StepStatus = "not_reached" // what it needs has failed
)

// words is the status for people.
func (s StepStatus) words() string { return strings.ReplaceAll(string(s), "_", " ") }

// Step is one thing that was checked on the way to a working call.
type Step struct {
	Name   string     `json:"name"`
	Status StepStatus `json:"status"`
	// Found is what was looked at and seen, in a line; Details are more lines.
	Found   string   `json:"found,omitempty"`
	Details []string `json:"details,omitempty"`
	// Cause is why it failed, or what to watch, and Hints what to do.
	Cause string   `json:"cause,omitempty"`
	Hints []string `json:"hints,omitempty"`

	err error
}

// Finding is what a check of a step saw. A Warning is what works now and may not for
// long.
type Finding struct {
	Found   string
	Details []string
	Warning string
	Hints   []string
}

// Steps runs checks in order and keeps what came of them. A check whose needs have
// failed is not run. The zero value is ready; Report is called for each step at once.
type Steps struct {
	List   []Step
	Report func(Step)
	// Shown, unless nil, takes out of each text what must not be shown: Env.Shown.
	Shown func(string) string
}

// Run makes a check, unless one of the steps that it needs has failed or was not
// reached itself.
func (s *Steps) Run(name string, needs []string, check func() (Finding, error)) {
	step := Step{Name: name, Status: StepOK}
	if missing := s.missing(needs); missing != "" {
		step.Status, step.Cause = StepNotReached, "needs "+missing
		s.add(step)
		return
	}
	finding, err := check()
	step.Found, step.Details, step.Hints = finding.Found, finding.Details, finding.Hints
	switch {
	case err != nil:
		step.Status, step.err, step.Cause = StepFailed, err, err.Error()
		step.Hints = append(step.Hints, explain.CommandLine.Hints(err)...)
	case finding.Warning != "":
		step.Status, step.Cause = StepWarning, finding.Warning
	}
	s.add(step)
}

// NotReached notes a step that cannot be made, and why.
func (s *Steps) NotReached(name, why string) {
	s.add(Step{Name: name, Status: StepNotReached, Cause: why})
}

func (s *Steps) add(step Step) {
	if s.Shown != nil {
		step.Found, step.Cause = s.Shown(step.Found), s.Shown(step.Cause)
		for _, lines := range [][]string{step.Details, step.Hints} {
			for i := range lines {
				lines[i] = s.Shown(lines[i])
			}
		}
	}
	s.List = append(s.List, step)
	if s.Report != nil {
		s.Report(step)
	}
}

// missing returns the first of some steps that did not succeed.
func (s *Steps) missing(needs []string) string {
	for _, step := range s.List {
		if slices.Contains(needs, step.Name) && (step.Status == StepFailed || step.Status == StepNotReached) {
			return step.Name
		}
	}
	return ""
}

// First returns the first step that failed; nil if none did.
func (s *Steps) First() *Step {
	if i := slices.IndexFunc(s.List, func(step Step) bool { return step.Status == StepFailed }); i >= 0 {
		return &s.List[i]
	}
	return nil
}

// ExitCode is that of the first step that failed.
func (s *Steps) ExitCode() exit.Code {
	if first := s.First(); first != nil {
		return cli.CodeOf(first.err)
	}
	return exit.Done
}

// stepColumns are those of the status and the name, in columns.
const (
	statusColumns = len("not reached")
	nameColumns   = len("credential")
)

// printStep prints a step on stdout: a line, then its details, its cause and hints.
func printStep(env *cli.Env, step Step) {
	paint, width := env.Palette(env.Stdout), cli.Width(env.Stdout)
	label := fmt.Sprintf("%-*s  %-*s  ", statusColumns, step.Status.words(), nameColumns, step.Name)
	lines := []string{text.OneLine(text.Redact(cmpOr(step.Found, step.Cause)), 500)}
	for _, detail := range step.Details {
		lines = append(lines, text.OneLine(text.Redact(detail), 500))
	}
	if step.Cause != "" && step.Found != "" {
		for line := range strings.SplitSeq(step.Cause, "\n") {
			lines = append(lines, text.OneLine(text.Redact(strings.TrimSpace(line)), 500))
		}
	}
	for _, hint := range step.Hints {
		lines = append(lines, "hint: "+text.OneLine(text.Redact(hint), 500))
	}
	for i, line := range lines {
		if i > 0 {
			label = strings.Repeat(" ", len(label))
		}
		out := strings.TrimRight(label+line, " ")
		if width > 0 && text.Columns(out) > width {
			out = text.Hang(strings.TrimRight(label, " "), line, len(label), width)
		}
		if i == 0 {
			out = painted(paint, step.Status, out)
		}
		fmt.Fprintln(env.Out, out)
	}
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	before, _, _ := strings.Cut(b, "\n")
	return before
}

// painted colours the status that a line begins with.
func painted(p cli.Palette, s StepStatus, line string) string {
	word := s.words()
	rest := strings.TrimPrefix(line, word)
	switch s {
	case StepOK:
		return p.Green(word) + rest
	case StepWarning:
		return p.Yellow(word) + rest
	case StepFailed:
		return p.Red(word) + rest
	case StepNotReached:
	}
	return p.Faint(word) + rest
}
