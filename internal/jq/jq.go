// Package jq evaluates jq expressions over JSON documents. The expression may be
// a stranger's, and so may the document: each evaluation is bounded in steps, time
// and memory, and sees the document and nothing else, no environment and no files.
package jq

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/itchyny/gojq"

	"m2m/internal/text"
)

// maxShown bounds in bytes what is repeated of an expression or a value.
const maxShown = 200

// ErrSyntax says that an expression cannot be read.
var ErrSyntax = errors.New("not a jq expression")

// Expression is a jq expression that was read. The zero value is not usable.
type Expression struct {
	text  string
	query *gojq.Query
	code  *gojq.Code
}

// Parse reads an expression such as `.status == "up"`. The error wraps ErrSyntax
// and says at which character the expression goes wrong, or which name in it is
// not known.
func Parse(s string) (Expression, error) {
	query, err := gojq.Parse(s)
	if at := (*gojq.ParseError)(nil); errors.As(err, &at) {
		start := min(max(at.Offset-len(at.Token), 0), len(s))
		return Expression{}, fmt.Errorf("%w: %w at character %d of %q",
			ErrSyntax, at, utf8.RuneCountInString(s[:start])+1, text.Bound(s, maxShown))
	}
	if err != nil {
		return Expression{}, fmt.Errorf("%w: %w in %s", ErrSyntax, err, text.Quote(s))
	}
	code, err := gojq.Compile(query)
	if err != nil {
		return Expression{}, fmt.Errorf("%w: %w in %s", ErrSyntax, err, text.Quote(s))
	}
	return Expression{text: s, query: query, code: code}, nil
}

// String returns the expression as it was given.
func (x Expression) String() string { return x.text }

// Holds reports whether the expression has a result and none that is false or
// null. found says what the result was, for people. The error is ErrMemory.
func (x Expression) Holds(document any) (found string, met bool, err error) {
	type outcome struct {
		found string
		met   bool
	}
	o, err := bounded(func(l *limits) outcome {
		found, met := x.evaluate(l, document)
		return outcome{found, met}
	})
	return o.found, o.met, err
}

// First returns the first result as JSON, such as "up" or {"id":7}, with its value
// if that is text. The error says why there is none; it may be ErrMemory.
func (x Expression) First(document any) (encoded, words string, err error) {
	type outcome struct {
		encoded, words string
		err            error
	}
	o, err := bounded(func(l *limits) outcome {
		value, ok := x.code.RunWithContext(l, document).Next()
		if !ok {
			return outcome{err: errors.New("no result")}
		}
		if failed, ok := value.(error); ok {
			return outcome{err: errors.New(fault(failed))}
		}
		encoded, err := gojq.Marshal(value)
		words, _ := value.(string)
		return outcome{string(encoded), words, err}
	})
	if err != nil {
		return "", "", err
	}
	return o.encoded, o.words, o.err
}

func (x Expression) evaluate(l *limits, document any) (found string, met bool) {
	results := x.code.RunWithContext(l, document)
	for {
		result, more := results.Next()
		switch result := result.(type) {
		case error:
			return fault(result), false
		case nil, bool:
			if more && result != true {
				return shown(result) + x.compared(l, document), false
			}
		}
		if !more {
			if !met {
				return "no result", false
			}
			return "it", true
		}
		met = true
	}
}

// compared says what an expression that is one comparison found on its left, so
// that "false" is not all there is to read.
func (x Expression) compared(l *limits, document any) string {
	switch x.query.Op {
	case gojq.OpEq, gojq.OpNe, gojq.OpLt, gojq.OpLe, gojq.OpGt, gojq.OpGe:
	default:
		return ""
	}
	left, err := gojq.Compile(x.query.Left)
	if err != nil {
		return "" // it uses a function that the whole expression defines
	}
	value, ok := left.RunWithContext(l, document).Next()
	if _, failed := value.(error); failed || !ok {
		return ""
	}
	return fmt.Sprintf(": %s is %s", text.Bound(x.query.Left.String(), maxShown), shown(value))
}

func shown(v any) string {
	encoded, err := gojq.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%T", v)
	}
	return text.Bound(string(encoded), maxShown)
}
