package call

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"m2m/internal/jq"
	"m2m/internal/text"
)

// maxJQBody is how much of a body a jq expression is given, in bytes.
const maxJQBody = 8 << 20

// keptBody holds the body for the expressions about it.
type keptBody struct {
	data []byte
	over bool // it was longer than maxJQBody
}

func (k *keptBody) write(p []byte) {
	k.over = k.over || len(k.data)+len(p) > maxJQBody
	if !k.over {
		k.data = append(k.data, p...)
	}
}

// JSON returns the body as JSON, numbers as they are written, if an expectation is
// about it or the request keeps it; the body must have been read. problem is one
// clause where there is none.
func (a *Answer) JSON() (document any, problem string) {
	switch {
	case a.kept.over:
		return nil, fmt.Sprintf("a body of more than the %d MiB that it is looked for in", maxJQBody>>20)
	case !errors.Is(a.readErr, io.EOF):
		return nil, "a body that is not complete"
	case len(bytes.TrimSpace(a.kept.data)) == 0:
		return nil, "an empty body"
	}
	decoder := json.NewDecoder(bytes.NewReader(a.kept.data))
	decoder.UseNumber()
	err := decoder.Decode(&document)
	if err == nil {
		_, err = decoder.Token()
	}
	if err != io.EOF {
		return nil, "a body that is not JSON" + a.bodyForm()
	}
	return document, ""
}

// bodyForm says what a body is that is not JSON.
func (a *Answer) bodyForm() string {
	media, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";")
	begins := fmt.Sprintf("begins with %s", text.Quote(string(bytes.TrimSpace(a.head[:min(len(a.head), 2*maxShown)]))))
	if media == "" {
		return ": it " + begins
	}
	return fmt.Sprintf(": it is %s and %s", text.Bound(media, 60), begins)
}

// checkJQ checks the body against every expression about it. The error is that of
// an expression that could not be evaluated.
func (a *Answer) checkJQ(expressions []jq.Expression) ([]Expectation, error) {
	if len(expressions) == 0 {
		return nil, nil
	}
	document, problem := a.JSON()
	results := make([]Expectation, 0, len(expressions))
	for _, x := range expressions {
		e := Expectation{Name: "jq", Expected: "a body for which '" + text.Bound(x.String(), maxShown) + "' holds", Found: problem}
		if problem == "" {
			var err error
			if e.Found, e.Met, err = x.Holds(document); err != nil {
				return nil, fmt.Errorf("%w: %s", err, text.Quote(x.String()))
			}
		}
		results = append(results, e)
	}
	return results, nil
}
