package strictyaml

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// maxReported is how many faults the text of an Error lists.
const maxReported = 20

// Place is a position in a file: line and column, both from 1, the column in
// characters. The zero value is the file as a whole.
type Place struct{ Line, Column int }

// Fault is one thing that is wrong in a file.
type Fault struct {
	Place
	// Text is one clause on one line. It quotes no value that may be a secret.
	Text string
	// Err is the error that Text is the text of; nil where there is none.
	Err error
}

// Error lists what is wrong in a file, at least one fault, in the order of the
// file. It wraps the errors of the faults that have one.
type Error struct {
	// File is the name that the caller gave.
	File   string
	Faults []Fault
}

// Error has a line for each of the first 20 faults, in the form of compilers:
// FILE:LINE:COLUMN: TEXT.
func (e *Error) Error() string {
	var lines []string
	for _, f := range e.Faults[:min(len(e.Faults), maxReported)] {
		at := e.File
		if f.Line > 0 {
			at = fmt.Sprintf("%s:%d:%d", e.File, f.Line, f.Column)
		}
		lines = append(lines, at+": "+f.Text)
	}
	if more := len(e.Faults) - maxReported; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the errors of the faults.
func (e *Error) Unwrap() []error {
	var errs []error
	for _, f := range e.Faults {
		if f.Err != nil {
			errs = append(errs, f.Err)
		}
	}
	return errs
}

// Faults collects what is wrong in one file. The zero value is ready to use and
// has no file name.
type Faults struct {
	File string
	list []Fault
}

// Add notes a fault. The text is formatted as by fmt.Sprintf.
func (f *Faults) Add(at Place, format string, args ...any) {
	f.list = append(f.list, Fault{Place: at, Text: fmt.Sprintf(format, args...)})
}

// AddError notes an error as a fault, with its text.
func (f *Faults) AddError(at Place, err error) {
	f.list = append(f.list, Fault{Place: at, Text: err.Error(), Err: err})
}

// Len returns the number of faults noted so far.
func (f *Faults) Len() int { return len(f.list) }

// Err returns nil, or an *Error with the faults noted so far, each once.
func (f *Faults) Err() error {
	if len(f.list) == 0 {
		return nil
	}
	type seen struct {
		Place
		text string
	}
	before := map[seen]bool{}
	e := &Error{File: f.File}
	for _, fault := range f.list {
		if id := (seen{fault.Place, fault.Text}); !before[id] {
			before[id] = true
			e.Faults = append(e.Faults, fault)
		}
	}
	slices.SortStableFunc(e.Faults, func(a, b Fault) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column) })
	return e
}
