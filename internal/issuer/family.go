package issuer

import (
	_ "embed" // for issuers.json
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"sync"

	"m2m/internal/entra"
	"m2m/internal/jwks"
	"m2m/internal/jwt"
	"m2m/internal/text"
)

// Family is a kind of issuer whose tokens look alike.
type Family struct {
	// ID names it for programs, such as "github"; it is stable.
	ID string `json:"id"`
	// Name is what people call it.
	Name string `json:"name"`
	// Token says what its tokens are, as a phrase with its article.
	Token string `json:"token"`
	// Use says what its tokens are for.
	Use Use `json:"use"`
	// Match lists the marks by which it is recognised: any one of them will do.
	Match []Mark `json:"match"`
	// Keys is the address of its key set, and Discovery that of its discovery
	// document; in both {iss} stands for the issuer without a slash at its end,
	// {host} for the issuer's host, and {NAME} for a claim. Empty: not known.
	Keys      string `json:"keys"`
	Discovery string `json:"discovery"`
	// Client names the claim with the client's ID; empty: none has it.
	Client string `json:"client"`
	// Permissions names the claims with what the client may do.
	Permissions []string `json:"permissions"`
	// NoAudience says that its access tokens have no aud.
	NoAudience bool `json:"no_audience"`
	// Note is what people should know, as a clause; empty: nothing.
	Note string `json:"note"`
	// Lifetime says where the issuer's lifetime of tokens is set; empty: unknown.
	Lifetime string `json:"lifetime"`
	// Claims says what its claims mean, by their names.
	Claims map[string]string `json:"claims"`
	// Sources are where all this is from.
	Sources []string `json:"sources"`
}

// Use is what tokens of a family are for.
type Use string

// The uses.
const (
	ForAPI      Use = "api"        // access tokens that an API can validate
	ForExchange Use = "exchange"   // assertions: to be exchanged for an access token, not sent to an API
	ForIssuer   Use = "issuer"     // only their issuer can validate them
	ForClient   Use = "client"     // ID tokens: they tell a client who signed in
	ForService  Use = "service"    // for one service alone
	Credential  Use = "credential" // a proof or a credential of its holder, or an event: for no API
)

// Mark is a condition for a token; every member that is not empty must hold.
type Mark struct {
	// Issuer is the form of iss: * stands for a label of the host or a segment of
	// the path, ** for the rest.
	Issuer string `json:"iss"`
	// Subject is the beginning of sub, or a part of it where it begins with *.
	Subject string `json:"sub"`
	// Claims must all be there: "name", "name=value" or "name:array".
	Claims []string `json:"claims"`
	// Type is typ of the header.
	Type string `json:"typ"`
	// SelfIssued says that iss and sub are the same.
	SelfIssued bool `json:"self_issued"`
}

// The families that code asks for by name.
const (
	Entra      = "entra"
	ExternalID = "external_id"
	B2C        = "b2c"
	OktaOrg    = "okta_org"
	RFC9068    = "rfc9068"
	Unknown    = "unknown"
)

//go:embed issuers.json
var issuersJSON []byte

var catalogue = sync.OnceValue(func() []*Family {
	var file struct {
		Families []*Family `json:"families"`
	}
	if err := json.Unmarshal(issuersJSON, &file); err != nil {
		return nil // the data is compiled in; a test decodes it
	}
	return file.Families
})

// Families returns every family that is known, the most specific first.
func Families() []*Family { return slices.Clone(catalogue()) }

// Of returns the family that a token seems to come from: that of the first row that
// matches, Entra's for an issuer of Entra's form, RFC9068 for a token that says so
// of itself, else Unknown. Claims alone make no token of Entra's another's.
func Of(t *jwt.Token) *Family {
	if t == nil {
		return byID(Unknown)
	}
	isEntra := jwks.IsEntraIssuer(t.Issuer)
	for _, f := range catalogue() {
		if slices.ContainsFunc(f.Match, func(m Mark) bool { return (!isEntra || m.Issuer+m.Subject+m.Type != "") && m.fits(t) }) {
			return f
		}
	}
	switch typ := text.LowerASCII(t.Type); {
	case isEntra:
		return byID(Entra)
	case typ == "at+jwt" || typ == "application/at+jwt":
		return byID(RFC9068)
	}
	return byID(Unknown)
}

// OfIssuer returns the family of an issuer whose tokens are not at hand.
func OfIssuer(iss string) *Family { return Of(&jwt.Token{Issuer: iss}) }

func byID(id string) *Family {
	for _, f := range catalogue() {
		if f.ID == id {
			return f
		}
	}
	return &Family{ID: id}
}

func (m Mark) fits(t *jwt.Token) bool {
	if m.Issuer != "" && !globs(m.Issuer, t.Issuer) {
		return false
	}
	if part, inside := strings.CutPrefix(m.Subject, "*"); inside && !strings.Contains(t.Subject, part) ||
		!inside && !strings.HasPrefix(t.Subject, m.Subject) {
		return false
	}
	if m.Type != "" && m.Type != text.LowerASCII(t.Type) || m.SelfIssued && (t.Issuer == "" || t.Issuer != t.Subject) {
		return false
	}
	for _, condition := range m.Claims {
		if !claimFits(t, condition) {
			return false
		}
	}
	return true
}

func claimFits(t *jwt.Token, condition string) bool {
	if name, isArray := strings.CutSuffix(condition, ":array"); isArray {
		raw, ok := t.Claim(name)
		return ok && raw[0] == '['
	}
	name, want, hasValue := strings.Cut(condition, "=")
	raw, ok := t.Claim(name)
	if !ok || !hasValue {
		return ok
	}
	value, isString := jwt.Unquote(raw)
	return isString && value == want
}

// maxIssuer bounds what is compared with patterns, in bytes: no issuer has a name
// near that long.
const maxIssuer = 300

// globs reports whether s has the form of a pattern: * stands for one or more
// characters other than a slash, ** for any rest.
func globs(pattern, s string) bool {
	if len(s) > maxIssuer {
		return false
	}
	before, after, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == s
	}
	rest, ok := strings.CutPrefix(s, before)
	if !ok {
		return false
	}
	if after == "*" {
		return true
	}
	for i := 1; i <= len(rest) && rest[i-1] != '/'; i++ {
		if globs(after, rest[i:]) {
			return true
		}
	}
	return false
}

// KeysAddress returns where the issuer of a token publishes its keys, or its
// discovery document, which names that place; isDiscovery says which. The address
// is empty where neither is known or can be put together.
func (f *Family) KeysAddress(t *jwt.Token) (address string, isDiscovery bool) {
	if keys := fill(f.Keys, t); keys != "" {
		return keys, false
	}
	return fill(f.Discovery, t), true
}

// fill puts what a token says into a template. What is not an address afterwards,
// or would need a claim that is not there, is nothing.
func fill(template string, t *jwt.Token) string {
	u, err := url.Parse(t.Issuer)
	if template == "" || err != nil {
		return ""
	}
	address := strings.NewReplacer("{iss}", strings.TrimSuffix(t.Issuer, "/"), "{host}", u.Host).Replace(template)
	for {
		before, rest, open := strings.Cut(address, "{")
		if !open {
			break
		}
		name, after, closed := strings.Cut(rest, "}")
		raw, _ := t.Claim(name)
		value, isString := jwt.Unquote(raw)
		if !closed || !isString || value == "" {
			return ""
		}
		address = before + url.PathEscape(value) + after
	}
	if !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "http://") {
		return ""
	}
	return address
}

// Claim says what a claim of the family's tokens means, as a sentence: in the
// family's own terms, else in those of the standards; ok is false if neither says.
func (f *Family) Claim(name string) (sentence string, ok bool) {
	if sentence, ok = f.Claims[name]; !ok {
		sentence, ok = byID(Unknown).Claims[name]
	}
	return sentence, ok
}

// Explain says what a name in a part of the family's tokens means; empty if nothing is
// known.
func (f *Family) Explain(where entra.ClaimPlace, name string) string {
	if sentence, ok := f.Claims[name]; ok && where == entra.InPayload {
		return sentence
	}
	if f.isEntras() {
		for _, c := range entra.ClaimCatalogue() {
			if c.Where == where && c.Name == name {
				return strings.TrimSpace(c.Sentence + " " + c.Hint)
			}
		}
	}
	sentence, _ := f.Claim(name)
	return sentence
}

// isEntras reports whether Entra writes the family's tokens.
func (f *Family) isEntras() bool {
	return f.ID == Entra || f.ID == ExternalID || f.ID == "azure_pipelines"
}
