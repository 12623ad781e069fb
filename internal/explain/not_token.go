package explain

import (
	"cmp"
	"errors"
	"strings"

	"m2m/internal/explain/pasted"
	"m2m/internal/input"
	"m2m/internal/issuer"
	"m2m/internal/jwt"
	"m2m/internal/text"
	"m2m/internal/verify"
)

// pastedFix says what to do with it, and with a secret that others may see now.
func (r tokenReport) pastedFix(k pasted.Kind) string {
	fix := cmp.Or(k.Fix, "pass the access token: it begins with eyJ and holds two dots")
	switch {
	case r.Situation.inAnswer:
		return "send an access token: it begins with eyJ and holds two dots"
	case !k.Secret:
		return fix
	case r.File == "" && !k.Certain:
		return clauses("if it is a secret, it is now in your shell history: revoke it and create a new one", fix)
	case r.File == "":
		return clauses("it is now in your shell history: revoke it and create a new one", fix)
	}
	return clauses("if others have seen it, revoke it and create a new one", fix)
}

// whatIs says what was given instead of a token: the text as it is, or less what
// people paste with it.
func (r tokenReport) whatIs() (k pasted.Kind, ok bool) {
	s := r.Text.Reveal()
	if r.NamesFile {
		return pasted.FileName(s), true
	}
	s = strings.TrimSpace(text.Cut(s, 64<<10))
	if k, ok := pasted.ByShape(s, true); ok {
		return k, true
	}
	if cleaned, _, err := input.Clean(s); err == nil {
		if k, ok := pasted.WhatIs(cleaned); ok {
			return k, true
		}
	}
	return pasted.WhatIs(s)
}

// NotToken says in Cause why a text is not a token, and in Fix what to do.
type NotToken struct{ Cause, Fix string }

// NotAToken says what a text is of which nothing could be read as a token; err is what
// jwt.Decode returned for it.
func NotAToken(err error, j Judged) NotToken {
	r := tokenReport{&verify.Report{}, j, &issuer.Family{}}
	f := verify.Finding{Check: verify.CheckForm, Status: verify.Fail}
	if fault := (*jwt.Fault)(nil); errors.As(err, &fault) {
		f.Reason, f.Found = verify.Reason(fault.Reason), fault.Found
	}
	a := r.adviseForm(&f)
	return NotToken{a.cause, a.fix}
}
