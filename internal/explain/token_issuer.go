package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/issuer"
	"m2m/internal/jwt"
	"m2m/internal/text"
	"m2m/internal/verify"
)

// Tokens of issuers that are not Entra: what they are, and what to do with them.

// adviseOther is advice about a token of another issuer, where that about Entra's
// would mislead; ok is false where it would not.
func (r tokenReport) adviseOther(f *verify.Finding) (a advice, ok bool) {
	switch {
	case r.family.Use == issuer.Credential && r.Token != nil:
		return advice{"this is " + r.family.Token + ", not an access token: " + r.family.Note, "send the access token"}, true
	case r.foreign() && (f.Check == verify.CheckIssuer || f.Reason == verify.ErrAudienceExchange):
		return r.adviseForeign(), true
	case r.plain():
		return r.advisePlain(f.Check, f.Reason)
	}
	return advice{}, false
}

// adviseForeign says what a token is that Entra has not issued.
func (r tokenReport) adviseForeign() advice {
	f, t := r.family, r.Token
	if t.Issuer == "" && f.ID == issuer.Unknown {
		return advice{
			"the token names no issuer (iss), so there are no keys to validate it with; tokens of Entra always have one",
			"use a token of an identity provider",
		}
	}
	isID := t.Kind == jwt.ID && f.Use == issuer.ForAPI
	what := fmt.Sprintf("this is %s, not an Entra token", f.Token)
	switch {
	case isID && strings.HasPrefix(f.Token, "an access token"):
		return advice{"this is an ID token" + strings.TrimPrefix(f.Token, "an access token") + ": it is never for an API",
			"send the access token, not the id_token"}
	case f.ID == issuer.Unknown, f.ID == issuer.RFC9068:
		what = "the token was issued by " + text.Quote(t.Issuer) + ", which is not Entra"
		if f.ID == issuer.RFC9068 {
			what += ": " + f.Token
		}
	case f.Note != "":
		what += ": " + f.Note
	}
	switch f.Use {
	case issuer.ForExchange:
		return advice{what, clauses(r.exchange(), r.otherIssuer())}
	case issuer.ForIssuer:
		return advice{what, "use it only where it came from: no API can validate it"}
	case issuer.ForService:
		if keys, _ := f.KeysAddress(t); keys == "" {
			return advice{what, "use it for that service alone: no API can validate it"}
		}
	case issuer.ForClient, issuer.ForAPI, issuer.Credential:
	}
	return advice{what, r.otherIssuer()}
}

// exchange says how an assertion is exchanged for an access token of Entra.
func (r tokenReport) exchange() string {
	if r.Situation.inAnswer {
		return "exchange it at Entra for an access token, and send that one"
	}
	source := "--federated-token-file " + fileWord(r.File)
	switch r.family.ID {
	case "github":
		source = "--federated github"
	case "azure_pipelines", "azure_pipelines_old":
		source = "--federated azure-pipelines"
	}
	fix := "exchange it at Entra: m2m token " + source + " --tenant TENANT --client-id CLIENT --scope SCOPE"
	audiences := r.Token.Audiences()
	if len(audiences) > 0 && !slices.ContainsFunc(audiences, entra.IsExchange) && r.family.Use == issuer.ForExchange {
		fix += ", with aud api://AzureADTokenExchange instead of " + text.Bound(strings.Join(audiences, ", "), maxShown)
	}
	return fix
}

func fileWord(file string) string {
	if file == "" {
		return "FILE"
	}
	return text.ShellQuote(file)
}

// otherIssuer is the command that validates the token as its own issuer's.
func (r tokenReport) otherIssuer() string {
	t := r.Token
	if r.Situation.inAnswer {
		return "the API accepts tokens of another issuer"
	}
	if !pastable(t.Issuer) {
		return "to validate tokens of another issuer: --issuer and --jwks"
	}
	words := []string{"--issuer " + text.ShellQuote(t.Issuer)}
	if keys, _ := r.family.KeysAddress(t); pastable(keys) {
		words = append(words, "--jwks "+text.ShellQuote(keys))
	} else if address := strings.TrimSuffix(t.Issuer, "/") + "/.well-known/openid-configuration"; strings.HasPrefix(address, "https://") {
		words = append(words, "--jwks "+text.ShellQuote(address))
	} else {
		words = append(words, "--jwks KEYS.json")
	}
	audiences := t.Audiences()
	for _, audience := range audiences {
		if pastable(audience) {
			words = append(words, "--audience "+text.ShellQuote(audience))
		}
	}
	if len(audiences) == 0 {
		words = append(words, "--any-audience")
		if pastable(t.ClientID) {
			words = append(words, "--client "+text.ShellQuote(t.ClientID))
		}
	}
	return "to validate it: " + r.verifyWith(strings.Join(words, " "))
}

// verifyWith is a command that validates this token with other words.
func (r tokenReport) verifyWith(words string) string {
	command := "m2m verify " + words
	if r.File != "" && r.File != "-" {
		command += " " + text.ShellQuote("@"+r.File)
	}
	return command
}

// advisePlain is advice about a token of the policy's PlainIssuer.
func (r tokenReport) advisePlain(c verify.Check, reason verify.Reason) (a advice, ok bool) {
	switch c {
	case verify.CheckKey:
		return r.advisePlainKey(reason)
	case verify.CheckIssuer:
		return r.advisePlainIssuer(reason)
	case verify.CheckAudience:
		return r.advisePlainAudience(reason)
	case verify.CheckKind:
		return r.advisePlainKind(reason), true
	case verify.CheckPermission:
		return r.advisePlainPermission(reason), true
	}
	return advice{}, false
}

func (r tokenReport) advisePlainKey(reason verify.Reason) (a advice, ok bool) {
	switch reason {
	case verify.ErrKeyIDMissing, verify.ErrKeyIDLong:
		return r.adviseIncomplete("a key ID of at most 128 characters"), true
	case verify.ErrKeyUnknown:
		fix := "read the keys again at the jwks_uri of the issuer"
		if keys, isDiscovery := r.family.KeysAddress(r.Token); !isDiscovery && pastable(keys) {
			fix = r.either("read the keys again: --jwks "+text.ShellQuote(keys), fix)
		}
		return advice{"likely the issuer has changed its keys since these were read, or these are another issuer's", fix}, true
	}
	return advice{}, false
}

func (r tokenReport) advisePlainIssuer(reason verify.Reason) (a advice, ok bool) {
	expected := r.Policy.PlainIssuer
	if reason != verify.ErrIssuerMismatch || onlyDifference(r.Token.Issuer, expected) != "" || r.Token.Issuer == expected {
		return advice{}, false
	}
	return advice{"the token is from another issuer than the one that is configured", r.otherIssuer()}, true
}

func (r tokenReport) advisePlainAudience(reason verify.Reason) (a advice, ok bool) {
	found := r.Token.Audiences()
	switch {
	case reason == verify.ErrAudienceMissing && r.family.NoAudience:
		fix := r.either("name the client instead: --any-audience --client ", "the API must go by the client instead")
		if !r.Situation.inAnswer {
			fix += text.ShellQuote(cmp.Or(r.Token.ClientID, "ID"))
		}
		return advice{"access tokens of " + r.family.Name + " have no aud: their client distinguishes them", fix}, true
	case reason == verify.ErrAudienceMissing:
		fix := "have the issuer write the API's name as aud"
		if r.family.ID == "keycloak" {
			fix = "in Keycloak, add an audience mapper for the API to a client scope of the client"
		}
		return advice{"the token names no API in aud", fix}, true
	case reason != verify.ErrAudienceMismatch && reason != verify.ErrAudienceUnset || len(found) == 0:
		return advice{}, false
	}
	cause := "the token was asked for another API"
	switch {
	case reason == verify.ErrAudienceUnset:
		cause = "no audience is configured, so it is not known which API this is"
	case len(found) > 1:
		cause = "the token is for several APIs, and any of them could send it to the others: all must be this one"
	}
	return advice{cause, r.either("if that is this API: "+setting("API_AUDIENCE", found...), "the API must accept this audience")}, true
}

func (r tokenReport) advisePlainKind(reason verify.Reason) advice {
	f := r.family
	switch {
	case f.Use == issuer.ForExchange:
		return advice{fmt.Sprintf("this is %s: it proves who runs, and is not an access token for an API", f.Token), r.exchange()}
	case reason == verify.ErrIDToken, f.Use == issuer.ForClient:
		return advice{
			"it looks like an ID token: it has a nonce, a hash, a user's name, or the client as aud, and typ is not at+jwt",
			"send the access token, not the id_token",
		}
	case reason == verify.ErrUserToken && f.ID == "keycloak" && isServiceAccount(r.Token):
		return advice{
			"this is a Keycloak service account's token; its sub is the account's ID, not the client, which looks like a user's",
			r.either("accept it too: --allow-user --client "+text.ShellQuote(r.Token.ClientID), "have Keycloak write the client's ID as sub"),
		}
	case reason == verify.ErrUserToken && (f.ID == "adfs" || f.ID == issuer.B2C):
		return advice{
			f.Name + " writes scp into apps' tokens too, and sub is not the client: an app and a user look alike",
			r.either("accept both: --allow-user --client "+text.ShellQuote(cmp.Or(r.Token.ClientID, "ID")), "the API must accept both"),
		}
	case reason == verify.ErrUserToken:
		return advice{
			"sub is not the client: it acts for a user, or the issuer gives its service accounts a sub of their own",
			clauses("have the issuer write the client's ID as sub (RFC 9068 section 2.2)", r.onCommandLine("or let users in: --allow-user")),
		}
	case reason == verify.ErrClientMissing:
		return r.adviseIncomplete("one client, in client_id or azp")
	}
	return r.adviseIncomplete("the client's ID as sub, or the scope that a user granted")
}

// isServiceAccount reports whether Keycloak names its client's service account.
func isServiceAccount(t *jwt.Token) bool {
	name, _ := claimText(t, "preferred_username")
	return t.ClientID != "" && strings.EqualFold(name, "service-account-"+t.ClientID)
}

func (r tokenReport) advisePlainPermission(reason verify.Reason) advice {
	if reason == verify.ErrScopeMissing {
		return advice{"the issuer did not grant the client this scope, or the client did not ask for it",
			"ask the issuer for the scope " + strings.Join(r.Policy.Scopes, " ")}
	}
	where := ""
	for _, name := range r.family.Permissions {
		if _, ok := r.Token.Claim(name); ok && name != "roles" {
			where = "; this issuer writes permissions into " + name
			break
		}
	}
	return advice{"the claim roles has none of the required ones" + where,
		clauses("have the issuer grant the role", r.onCommandLine("or require a scope instead: --require-scope"))}
}
