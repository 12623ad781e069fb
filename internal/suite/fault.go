package suite

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrNotRunnable says that a suite cannot be run as it is written; the error that
// wraps it is a *SuiteError.
var ErrNotRunnable = errors.New("the suite cannot be run")

// Fault is one thing that is wrong in the file of a suite.
type Fault struct {
	File string
	Line int // from 1
	// Text is one clause: what is wrong, and what was expected. It holds no value
	// of a variable.
	Text string
	// hints say what to do, beyond what Text implies.
	hints []string
}

// String returns the fault as compilers write it: "smoke.yaml:12: …".
func (f Fault) String() string { return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Text) }

// Error lists what is wrong in a suite, at least one fault, in the order
// of the file. It wraps ErrSuite.
type Error struct{ Faults []Fault }

// maxFaults is how many faults are told at once.
const maxFaults = 20

// Error has a line for each of the first faults.
func (e *Error) Error() string {
	var lines []string
	for _, f := range e.Faults[:min(len(e.Faults), maxFaults)] {
		lines = append(lines, f.String())
	}
	if more := len(e.Faults) - maxFaults; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(lines, "\n")
}

// Hints says what to do, each sentence once.
func (e *Error) Hints() []string {
	var hints []string
	for _, f := range e.Faults[:min(len(e.Faults), maxFaults)] {
		for _, hint := range f.hints {
			if !slices.Contains(hints, hint) {
				hints = append(hints, hint)
			}
		}
	}
	return hints
}

// Unwrap returns ErrSuite.
func (e *Error) Unwrap() error { return ErrNotRunnable }

// faultList gathers what is wrong in one file.
type faultList struct {
	file   string
	faults []Fault
}

func (s *faultList) fault(line int, format string, args ...any) {
	s.faultWith(line, fmt.Sprintf(format, args...))
}

// faultWith notes a fault with its advice.
func (s *faultList) faultWith(line int, text string, hints ...string) {
	s.faults = append(s.faults, Fault{File: s.file, Line: line, Text: text, hints: hints})
}

// because notes an error that was found with the value of a line, and its advice.
func (s *faultList) because(line int, err error) {
	var hints []string
	var advised interface{ Hints() []string }
	if errors.As(err, &advised) {
		hints = advised.Hints()
	}
	s.faultWith(line, err.Error(), hints...)
}

// err returns nil, or a *SuiteError.
func (s *faultList) err() error {
	if len(s.faults) == 0 {
		return nil
	}
	slices.SortStableFunc(s.faults, func(a, b Fault) int { return a.Line - b.Line })
	told := map[string]bool{}
	return &Error{slices.DeleteFunc(s.faults, func(f Fault) bool {
		text := f.String()
		again := told[text] // what stands in defaults is looked at for each request
		told[text] = true
		return again
	})}
}

// nearest returns the known word that was likely meant; "" if none is near.
func nearest(word string, known []string) string {
	best, found := 3, ""
	for _, k := range known {
		if d := editDistance(word, k); d < best && d < len(k) {
			best, found = d, k
		}
	}
	return found
}

// editDistance counts the letters to change, add, drop or swap with the next
// one to make b of a.
func editDistance(a, b string) int {
	if max(len(a), len(b)) > 40 {
		return 40
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, before
		row[0] = i + 1
		for j := range len(b) {
			changed := 0
			if a[i] != b[j] {
				changed = 1
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+changed)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
