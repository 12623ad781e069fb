package explain

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"m2m/internal/call"
	"m2m/internal/explain/catalogue"
	"m2m/internal/explain/reply"
	"m2m/internal/text"
)

const (
	maxText  = 400 // bytes of a text of the API in a clause
	maxShown = 200 // bytes of an address or a claim
)

// rule looks for one cause. It returns nil where it does not apply.
type rule func(e *Evidence) *Diagnosis

// rules lists the causes to look for, the most telling first: how the request went;
// what the other side asks for outright; errors that have nothing to do with the
// token; what the token itself shows for certain; the errors about it; then what
// the token suggests; last the other side's own words.
var rules = []rule{
	redirected, plainHTTP, signInPage, errorInside,
	claimsChallenge, saidByChecks,
	known(catalogue.Network, catalogue.Request, catalogue.Server, catalogue.Entry),
	noToken, challengedAudience, challengedTenant,
	known(catalogue.Token, catalogue.Caller),
	notAToken, notABearer, graphTokenElsewhere, idToken, proxyCredentials,
	exchangeToken, otherService,
	invalidRequest, missingScope, lacksPermission, keysOutOfReach, meaning,
	expired, notYetValid,
	knownAudience, algorithm, otherIssuer, knownTenant, longLived,
	userToken, missingRole, noRoles, otherScheme,
	otherStatus, ownWords,
}

// Explain says why the response is not the one that was wanted. It reads the
// beginning of the body if that was not done. It returns nil where nothing is
// known, as for most responses below 400.
func Explain(a *call.Answer, c Context) *Diagnosis { return Diagnose(EvidenceOf(a, c)) }

// HiddenBySuccess says what a status below 300 hides: a page where people sign in
// instead of the API's answer, or an error inside the body; nil for neither.
func HiddenBySuccess(a *call.Answer, c Context) *Diagnosis {
	if a.Status >= 300 {
		return nil
	}
	e := EvidenceOf(a, c)
	if x := Diagnose(e); x != nil && (x.Code == CodeSignIn || e.Said.Inside) {
		return x
	}
	return nil
}

// Diagnose says what the evidence shows; nil for a response without a fault.
func Diagnose(e *Evidence) *Diagnosis {
	for _, applies := range rules {
		if x := applies(e); x != nil {
			return e.complete(x)
		}
	}
	return nil
}

// complete adds to a cause what belongs to every diagnosis, and words its advice.
func (e *Evidence) complete(x *Diagnosis) *Diagnosis {
	said := e.Said.Telling()
	isWord := func(p reply.Part) bool { return p.Role != reply.Code || reply.SaysWhy(p.Text) }
	if x.Code != CodeRedirected && slices.ContainsFunc(said, isWord) {
		x.Said = reply.Sentence(said)
	}
	e.word(x)
	if !e.Caller.canRun(x.Command) {
		x.Command = ""
	}
	x.AnsweredBy = e.responder()
	x.Facts = append(e.facts(said), x.Facts...)
	x.Challenges = e.Said.Challenges
	return x.Map(e.Redact) // Location, Allow and the address may hold the token too
}

// known applies the rows of the catalogue that are about these things.
func known(about ...catalogue.About) rule {
	return func(e *Evidence) *Diagnosis {
		return e.find(func(row catalogue.Row) bool { return !row.IsMeaning() && slices.Contains(about, row.About) })
	}
}

// meaning applies what words mean, whoever writes them.
func meaning(e *Evidence) *Diagnosis { return e.find(catalogue.Row.IsMeaning) }

func (e *Evidence) find(accept func(catalogue.Row) bool) *Diagnosis {
	if e.status() < 400 && !e.Said.Inside && e.Said.Kind != reply.HTML {
		return nil
	}
	sent := e.is("sent")
	row, groups, ok := catalogue.Find(catalogue.Response{
		Status: e.status(), Services: e.services(), Codes: e.Said.Codes(), Words: e.matched(), Header: e.Header, Is: e.is,
	}, func(row catalogue.Row) bool {
		// Nothing is wrong with a token that was not sent.
		aboutToken := row.About == catalogue.Token || row.About == catalogue.Caller
		return accept(row) && (sent || !aboutToken) && e.mayBeFrom(row)
	})
	if !ok {
		return nil
	}
	return e.fromRow(row, groups)
}

// mayBeFrom reports whether the service that sends a row's error may have answered:
// no other one is known to have, by host, header or words; nor did one accept the
// token that is for another.
func (e *Evidence) mayBeFrom(row catalogue.Row) bool {
	owner := row.Owner()
	switch {
	case owner == "" || e.isFrom(owner):
		return true
	case e.byHost.Kind == catalogue.API:
		return isBehindGraph(owner) && e.byHost.ID == "graph"
	case e.byAud.ID != "" && row.About != catalogue.Token && row.About != catalogue.Entry:
		service, _ := catalogue.ServiceByID(owner)
		return service.Kind != catalogue.API || e.byAud.ID == owner || isBehindGraph(owner) && e.byAud.ID == "graph"
	}
	return true
}

// isBehindGraph reports whether Graph passes the errors of a service on.
func isBehindGraph(id string) bool { return id == "sharepoint" || id == "exchange" }

func (e *Evidence) fromRow(row catalogue.Row, groups []string) *Diagnosis {
	x := &Diagnosis{Code: Code(row.ID), Cause: e.fill(row.Cause, groups), Certainty: row.Certainty, Source: row.Source}
	for _, fix := range row.Fix {
		x.Fixes = append(x.Fixes, e.fill(fix, groups))
	}
	for _, code := range row.Do {
		name, arg, _ := strings.Cut(code, " ")
		x.advice = append(x.advice, Advice{AdviceCode(name), []string{e.fill(arg, groups)}})
	}
	return x
}

// matched is what rows are matched with: the words as they came, and without quotes,
// which some put around names.
func (e *Evidence) matched() string {
	words := e.Said.Words()
	if plain := strings.NewReplacer("'", "", `"`, "", "`", "", "*", "").Replace(words); plain != words {
		return words + "\n" + plain
	}
	return words
}

var braces = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{( ?)([a-z0-9_]+)(?:\|([^{}]*))?\}`) })

// fill puts values into a sentence of the catalogue: {name}, or {name|text} with
// the text where the value is not known; { name} has a space before it where it is.
func (e *Evidence) fill(sentence string, groups []string) string {
	return braces().ReplaceAllStringFunc(sentence, func(s string) string {
		m := braces().FindStringSubmatch(s)
		value := ""
		if n, err := strconv.Atoi(m[2]); err == nil {
			if n < len(groups) {
				value = oneClause(text.Bound(groups[n], maxShown))
			}
		} else {
			value = e.value(m[2])
		}
		if value == "" {
			return m[3]
		}
		return m[1] + value
	})
}
