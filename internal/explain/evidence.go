package explain

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"m2m/internal/call"
	"m2m/internal/entra"
	"m2m/internal/jwt"
	"m2m/internal/text"
	"m2m/internal/verify"
)

// evidence is all there is to see about one answer.
type evidence struct {
	*call.Answer
	context    Context
	words      Situation
	challenges []call.Challenge
	bearer     call.Challenge // the first for bearer tokens; zero if there is none
	token      *jwt.Token     // nil if none was sent, or nothing of it can be read
	tokenErr   error
	body       bodyError
	now        time.Time     // by this machine's clock
	skew       time.Duration // the API's clock less this machine's
	skewKnown  bool
}

func newEvidence(a *call.Answer, c Context) *evidence {
	e := &evidence{Answer: a, context: c, words: c.Situation.orCommandLine(), now: c.Now}
	if e.now.IsZero() {
		e.now = a.ReceivedAt
	}
	head, _ := a.Head()
	e.body = readBodyError(a.Header.Get("Content-Type"), []byte(a.Redact(string(head))))
	e.challenges = a.Challenges()
	e.bearer = bearerOf(e.challenges)
	if !c.Token.IsZero() {
		e.token, e.tokenErr = jwt.Decode(c.Token.Reveal())
		if e.token != nil && e.token.Claims.IsZero() {
			e.token = nil // nothing of it could be read: an encrypted token, or a part of one
		}
	}
	if date, err := http.ParseTime(a.Header.Get("Date")); err == nil {
		e.skew, e.skewKnown = date.Sub(a.ReceivedAt), true
	}
	return e
}

// bearerOf prefers a challenge that says what is wrong.
func bearerOf(challenges []call.Challenge) call.Challenge {
	var first call.Challenge
	for _, c := range challenges {
		switch {
		case !c.Is("Bearer"):
		case c.Params["error"] != "":
			return c
		case first.Scheme == "":
			first = c
		}
	}
	return first
}

// unauthorized reports whether the answer is about the token as such.
func (e *evidence) unauthorized() bool { return e.Status == http.StatusUnauthorized }

func (e *evidence) rejected() bool {
	return e.unauthorized() || e.Status == http.StatusForbidden
}

// clocksDiffer reports a difference that matters. Date has whole seconds, and
// the answer was on its way for a while.
func (e *evidence) clocksDiffer() bool { return e.skewKnown && e.skew.Abs() > 30*time.Second }

// serverNow is the API's clock as far as it is known.
func (e *evidence) serverNow() time.Time { return e.now.Add(e.skew) }

// callCommand sends the same request again, with other words added.
func (e *evidence) callCommand(words ...string) string {
	line := []string{"m2m call"}
	chosen := slices.ContainsFunc(words, func(word string) bool { return strings.HasPrefix(word, "-X ") })
	if e.Method != http.MethodGet && !chosen {
		line = append(line, "-X "+text.ShellQuote(e.Method))
	}
	for _, flag := range e.context.CallFlags {
		if !slices.Contains(words, withToken) || !isAuthorizationFlag(flag) {
			line = append(line, flag)
		}
	}
	switch {
	case e.context.TokenFile != "":
		line = append(line, "--token-file "+text.ShellQuote(e.context.TokenFile))
	case e.context.Token.IsZero() && !slices.Contains(words, withToken):
		line = append(line, noTokenFlag)
	}
	for _, word := range words {
		if word != withToken {
			line = append(line, word)
		}
	}
	return strings.Join(append(line, text.ShellQuote(call.ShownURL(e.URL))), " ")
}

// noTokenFlag makes a call without a token.
const noTokenFlag = "--no-token"

// withToken is not part of a command: it makes callCommand send a token where none
// was sent.
const withToken = ""

// isAuthorizationFlag finds the header that a token would go beside.
func isAuthorizationFlag(flag string) bool {
	return strings.HasPrefix(strings.ToLower(flag), "-h 'authorization:")
}

// command puts the caller's flags into commands of ours, before their own words,
// which then count.
func (e *evidence) command(parts ...string) string {
	for i, part := range parts {
		flags := e.context.Flags
		if strings.HasPrefix(part, "m2m token") {
			flags = cmp.Or(e.context.TokenFlags, flags)
		}
		words := strings.SplitN(part, " ", 3)
		if words[0] == "m2m" && flags != "" {
			parts[i] = strings.Join(slices.Insert(words, 2, flags), " ")
		}
	}
	return strings.Join(parts, " | ")
}

// verifyCommand verifies the token that was sent, as far as it is still at hand.
func (e *evidence) verifyCommand(words ...string) string {
	verifying := strings.Join(append([]string{"m2m verify"}, words...), " ")
	if e.context.TokenFile != "" && e.context.TokenFile != "-" {
		return e.command(verifying + " " + text.ShellQuote("@"+e.context.TokenFile))
	}
	return e.command("m2m token", verifying)
}

func (e *evidence) freshCommand() string { return e.command("m2m token --refresh", "m2m verify") }

func (e *evidence) isGraph() bool { return entra.IsGraphHost(e.URL.Hostname()) }

// facts lists what there is to see. About the token only where it may matter.
func (e *evidence) facts() []Fact {
	facts := []Fact{{FromAnswer, e.StatusText()}}
	for _, c := range e.challenges {
		facts = append(facts, Fact{FromAnswer, "WWW-Authenticate: " + challengeText(c)})
	}
	if e.rejected() && len(e.challenges) == 0 {
		facts = append(facts, Fact{FromAnswer, "no WWW-Authenticate"})
	}
	if !e.bodyRepeatsChallenge() {
		facts = append(facts, e.body.facts()...)
	}
	if e.clocksDiffer() {
		facts = append(facts, Fact{FromClock, "the API's clock is " + describeSkew(e.skew)})
	}
	if e.rejected() && e.token != nil {
		facts = append(facts, e.tokenFacts()...)
	}
	return facts
}

// bodyRepeatsChallenge reports whether the body only repeats the challenge.
func (e *evidence) bodyRepeatsChallenge() bool {
	said := e.bearer.Params["error_description"]
	return said != "" && len(e.body.checks) == 0 && e.body.code == e.bearer.Params["error"] && e.body.message == text.Bound(said, maxText)
}

func describeSkew(d time.Duration) string {
	if d < 0 {
		return text.Duration(-d) + " behind this machine's"
	}
	return text.Duration(d) + " ahead of this machine's"
}

// challengeText shows a challenge without what is long or bare machinery.
func challengeText(c call.Challenge) string {
	summary := text.Bound(c.Scheme, 40)
	for _, name := range []string{"error", "error_description", "scope", "resource", "resource_id", "authorization_uri", "realm"} {
		if v := c.Params[name]; v != "" {
			summary += fmt.Sprintf(" %s=%s", name, text.Quote(v))
		}
	}
	return summary
}

func (r bodyError) facts() []Fact {
	var facts []Fact
	switch said := strings.Trim(r.code+": "+r.message, ": "); {
	case r.kind == bodyHTML && r.message != "":
		facts = append(facts, Fact{FromAPI, fmt.Sprintf("an HTML page with the title %s", text.Quote(r.message))})
	case r.kind == bodyHTML:
		facts = append(facts, Fact{FromAPI, "an HTML page"})
	case said != "":
		facts = append(facts, Fact{FromAPI, said})
	}
	for _, c := range r.checks {
		if c.Status == string(verify.Fail) {
			facts = append(facts, Fact{FromAPI, fmt.Sprintf("check %s: expected %s, found %s", c.Name, orNothing(c.Expected), orNothing(c.Found))})
		}
	}
	return facts
}

func orNothing(s string) string { return cmp.Or(s, "nothing") }
