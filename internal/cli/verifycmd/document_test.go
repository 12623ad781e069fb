package verifycmd

import (
	"bytes"
	"cmp"
	"encoding/json"
	"testing"
	"time"

	"m2m/internal/cli/clitest"
	"m2m/internal/jwt"
	"m2m/internal/verify"
)

// reportDocument is the JSON of `verify -o json` as encoding/json writes it, to
// compare with.
type reportDocument struct {
	Verdict verify.Verdict  `json:"verdict"`
	Checks  []checkDocument `json:"checks"`
	tokenDocument
}

type checkDocument struct {
	Name     verify.Check  `json:"name"`
	Status   verify.Status `json:"status"`
	Reason   verify.Reason `json:"reason,omitempty"`
	Expected string        `json:"expected,omitempty"`
	Found    string        `json:"found,omitempty"`
	Cause    string        `json:"cause,omitempty"`
	Fix      string        `json:"fix,omitempty"`
}

// tokenDocument is what a token says of itself, judged or not.
type tokenDocument struct {
	Token  *tokenSummary   `json:"token"`
	Header json.RawMessage `json:"header"`
	Claims json.RawMessage `json:"claims"`
}

type tokenSummary struct {
	Version   *string    `json:"version"`
	Kind      jwt.Kind   `json:"kind"`
	IssuedAt  *time.Time `json:"issued_at"`
	ExpiresAt *time.Time `json:"expires_at"`
}

func documentOf(r *verify.Report) reportDocument {
	d := reportDocument{Verdict: r.Verdict, Checks: []checkDocument{}, tokenDocument: documentOfToken(r.Token)}
	for _, f := range r.Findings {
		d.Checks = append(d.Checks, checkDocument{f.Check, f.Status, f.Reason, f.Expected, f.FoundValue(), f.Cause, f.Fix})
	}
	return d
}

func documentOfToken(t *jwt.Token) tokenDocument {
	if t == nil {
		return tokenDocument{Header: objectOf(jwt.Object{}), Claims: objectOf(jwt.Object{})}
	}
	return tokenDocument{
		Token: &tokenSummary{
			Version: optionalText(string(t.Version)), Kind: kindOf(t),
			IssuedAt: optionalTime(t.IssuedAt), ExpiresAt: optionalTime(t.ExpiresAt),
		},
		Header: objectOf(t.Header),
		Claims: objectOf(t.Claims),
	}
}

// kindOf is the kind of a token, or other where its claims could not be read.
func kindOf(t *jwt.Token) jwt.Kind { return cmp.Or(t.Kind, jwt.Other) }

func optionalText(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func optionalTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// objectOf puts members together again in the order of the token; null where
// there are none.
func objectOf(o jwt.Object) json.RawMessage {
	if o.IsZero() {
		return json.RawMessage("null")
	}
	var b bytes.Buffer
	b.WriteByte('{')
	for m := range o.All() {
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		name, _ := json.Marshal(m.Name) // a string always has a JSON form
		b.Write(name)
		b.WriteByte(':')
		b.WriteString(m.Raw)
	}
	b.WriteByte('}')
	return b.Bytes()
}

func TestJSONPage(t *testing.T) { clitest.CheckJSONPage(t, "## m2m verify", reportDocument{}) }
