package verify

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"m2m/internal/jwks"
	"m2m/internal/jwt"
	"m2m/internal/text"
)

// advice is what a person needs beside the bare fact: why, and what to do. It
// decides nothing. "Likely" marks what the token alone cannot prove.
type advice struct{ cause, fix string }

// refetch is the fix where only a new token helps.
const refetch = "fetch a new token: m2m token --refresh"

// tokenReport is a report to explain.
type tokenReport struct{ *Report }

// plain reports whether the policy's PlainIssuer issued the token.
func (r tokenReport) plain() bool { return r.Token != nil && r.Token.Plain }

// Explain fills in Cause and Fix of every finding that is not Pass, and returns the
// report.
func Explain(report *Report) *Report {
	r := tokenReport{report}
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Status == Pass {
			continue
		}
		a := r.advise(f)
		if r.plain() {
			a.fix = strings.ReplaceAll(a.fix, refetch, "fetch a new token from its issuer")
		}
		f.Cause, f.Fix = a.cause, a.fix
	}
	return report
}

func (r tokenReport) advise(f *Finding) advice {
	switch f.Reason {
	case errNotReached:
		return advice{cause: "not reached: an earlier check did not pass"}
	case ErrSwitchedOff:
		return r.adviseSwitchedOff(f.Check)
	}
	if a, ok := r.advisePlain(f.Check, f.Reason); ok {
		return a
	}
	switch f.Check {
	case CheckForm:
		return adviseForm(f.Reason)
	case CheckAlgorithm:
		return r.adviseAlgorithm(f.Reason)
	case CheckKey:
		return r.adviseKey(f.Reason)
	case CheckSignature:
		return r.adviseSignature(f.Reason)
	case CheckIssuer:
		return r.adviseIssuer(f.Reason)
	case CheckTenant:
		return r.adviseTenant(f.Reason)
	case CheckAudience:
		return r.adviseAudience(f.Reason)
	case CheckLifetime:
		return r.adviseLifetime(f.Reason)
	case CheckKind:
		return r.adviseKind(f.Reason)
	case CheckClient:
		return r.adviseClient()
	}
	return r.advisePermission(f.Reason)
}

func (r tokenReport) adviseSwitchedOff(c Check) advice {
	if c == CheckTenant && r.plain() && !r.Policy.AnyTenant {
		return advice{"not asked for: the issuer that was named is none of Entra's, and stands for the tenant", ""}
	}
	switch c {
	case CheckIssuer:
		return advice{"switched off: every issuer whose keys these are is believed", ""}
	case CheckTenant:
		return advice{"switched off: every tenant of the issuer is let in", "tell callers apart by tid and oid together"}
	case CheckAudience:
		return advice{"switched off: a token that was sent to another API is let in", ""}
	}
	return advice{"not limited: any app of the tenant may call", ""}
}

func adviseForm(reason error) advice {
	const whole = "paste the whole token: it begins with eyJ and holds two dots"
	switch reason {
	case jwt.ErrTokenSize:
		return advice{"no token of Entra's is that long; likely this is a file, or several tokens", "pass one token"}
	case jwt.ErrSegments, jwt.ErrSegmentEmpty:
		return advice{"likely this is something else, such as a client secret, or a part of a token", whole}
	case jwt.ErrEncrypted:
		return advice{"an encrypted token can be read by its audience alone", "let the API that it is meant for judge it"}
	case jwt.ErrCharset:
		return advice{"likely a quote, a line break, padding or part of a header line was copied with the token", whole}
	case jwt.ErrBase64:
		return advice{"the end of a part was cut off or changed", whole}
	}
	return advice{"Entra writes no such token: it was changed after it was issued, or forged", refetch}
}

func (r tokenReport) adviseAlgorithm(reason error) advice {
	const forged = "Entra writes no such header: the token was forged, or another issuer made it"
	if reason != ErrAlgNotAllowed {
		return advice{forged, refetch}
	}
	switch alg := r.Token.Algorithm; {
	case alg == "" || strings.EqualFold(alg, "none"):
		return advice{"the token is not signed at all: anyone could have written it", refetch}
	case len(alg) == 5 && alg[:2] == "HS":
		return advice{"Entra never signs with a shared secret; forgers do, with the public key as the secret", refetch}
	}
	return advice{"Entra signs with RS256 alone; likely another issuer made the token", refetch}
}

func (r tokenReport) adviseKey(reason error) advice {
	switch reason {
	case ErrKeyIDMissing, ErrKeyIDLong:
		return advice{"Entra always names its key: the token was forged, or another issuer made it", refetch}
	case ErrNoKeySource:
		return advice{"nobody knows whose keys to ask for", r.tenantLine()}
	case jwks.ErrKeysUnreachable:
		cause := "no keys could be read"
		if r.KeyErr != nil {
			cause = "the keys could not be read: " + jwks.ErrorText(r.KeyErr)
		}
		return advice{cause, reachKeys(r.KeyErr)}
	case ErrKeyIssuer, ErrKeyCloud:
		a := advice{"the issuer publishes this key for tokens of another issuer or cloud", refetch}
		if o := r.Finding(CheckIssuer); o.Status == Fail {
			a.fix = r.adviseIssuer(o.Reason).fix
		}
		return a
	}
	return r.adviseKeyUnknown()
}

// reachKeys says what to do about keys that are out of reach.
func reachKeys(err error) string {
	if fault := jwks.NetworkFault(err); fault != nil {
		return strings.Join(fault.Hints(), "; ")
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "allow more time with --timeout"
	case errors.Is(err, jwks.ErrNoUsableKey):
		return "try again: the issuer publishes no key now that could be used"
	case errors.Is(err, jwks.ErrStatus):
		return "try again; if it lasts, check the tenant and --authority-host"
	case errors.Is(err, jwks.ErrRedirect), errors.Is(err, jwks.ErrBodySize), errors.Is(err, jwks.ErrDiscovery), errors.Is(err, jwks.ErrKeySet):
		return "what answers there is likely not the issuer: check --authority-host and the proxy on the way to it"
	}
	return "check network, proxy and --ca-file, then try again"
}

func (r tokenReport) adviseKeyUnknown() advice {
	t := r.Token
	if o := r.Finding(CheckIssuer); o.Status == Fail {
		return advice{"the token is from another issuer, which signs with other keys", r.adviseIssuer(o.Reason).fix}
	}
	if o := r.Finding(CheckLifetime); o.Reason == ErrExpired {
		return advice{"the token has expired; likely its key has been retired since", refetch}
	}
	keys := setting("?appid", t.Audience)
	if t.ClientID == "" {
		return advice{"likely the issuer has changed its keys since, as a local tenant does at every start", refetch}
	}
	return advice{
		"likely the issuer has changed its keys since (a local tenant does at every start), or the API's app has a signing key of its own",
		fmt.Sprintf("%s; for an app with its own key, read the keys at the jwks_uri with %s", refetch, keys),
	}
}

func (r tokenReport) adviseSignature(reason error) advice {
	switch {
	case reason == ErrGraphNonce:
		a := advice{
			"this is a token for Microsoft Graph: the nonce in its header is not the one that was signed, so only Graph can verify it, and nobody else should",
			r.scopeLine(),
		}
		if o := r.Finding(CheckAudience); o.Status == Pass { // Graph's is what is wanted
			a.fix = "call Graph with it: its answer is the verdict"
		}
		return a
	case reason == ErrSignatureUnchecked:
		return advice{"there is no key to check it with", ""}
	case r.Token.Has.Nonce:
		return advice{"likely the token is for a service of Microsoft's own: its header holds a nonce that is not the one that was signed", r.scopeLine()}
	}
	return advice{"the token was changed after it was signed, or was signed by somebody who has not this key", refetch}
}

func (r tokenReport) adviseLifetime(reason error) advice {
	t := r.Token
	switch reason {
	case ErrExpired:
		return r.adviseExpired(text.Duration(r.Now.Sub(t.ExpiresAt)))
	case ErrNotYetValid, ErrIssuedInFuture:
		ahead := t.NotBefore.Sub(r.Now)
		if reason == ErrIssuedInFuture {
			ahead = t.IssuedAt.Sub(r.Now)
		}
		return advice{
			fmt.Sprintf("likely this machine's clock is slow: the token begins in %s", text.Duration(ahead)),
			"set the clock (NTP), or allow for it: --leeway, at most 5m",
		}
	case ErrTooLong:
		return advice{"Entra's tokens live 60 to 90 minutes, or up to 28 hours under continuous access evaluation; likely another issuer made it", refetch}
	}
	if r.Issuer.Given {
		return r.adviseForeign("iat, nbf and exp, in order")
	}
	return advice{"Entra writes iat, nbf and exp in order into every token: this one was changed, or another issuer made it", refetch}
}

// adviseForeign is for a token of an issuer that the user named, and that does
// not write what Entra does. A new token of that issuer would be no better.
func (r tokenReport) adviseForeign(what string) advice {
	return advice{
		"every token must hold " + what + ", whoever issued it",
		"have the issuer add what is missing, or read the token unjudged: --decode",
	}
}

func (r tokenReport) adviseExpired(ago string) advice {
	if r.Now.Sub(r.Token.ExpiresAt) < MaxLeeway {
		return advice{
			fmt.Sprintf("it expired %s ago; likely it was kept too long, or the clocks differ", ago),
			refetch + "; renew tokens 5 minutes early; set the clock (NTP)",
		}
	}
	return advice{fmt.Sprintf("it expired %s ago; it was kept too long", ago), refetch + "; renew tokens 5 minutes early"}
}
