package main

// usageError is a fault in what the caller gave: the command line, a setting, a
// file that one names. It ends the process with exit code 2.
type usageError struct {
	reason string
	hints  []string
	err    error // the sentinel or cause; may be nil
}

// Error says what is wrong, without a secret in it.
func (e *usageError) Error() string { return e.reason }

// Hints says what to do next, one sentence each.
func (e *usageError) Hints() []string { return e.hints }

// Unwrap returns the cause, for errors.Is.
func (e *usageError) Unwrap() error { return e.err }
