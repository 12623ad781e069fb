package entra_test

import (
	"slices"
	"strings"
	"testing"

	"m2m/internal/entra"
)

// lookup finds what the catalogue says about a claim. Names are case-sensitive.
func lookup(name string, where entra.ClaimPlace) (claim entra.Claim, ok bool) {
	all := entra.ClaimCatalogue()
	i := slices.IndexFunc(all, func(c entra.Claim) bool { return c.Name == name && c.Where == where })
	if i < 0 {
		return entra.Claim{}, false
	}
	return all[i], true
}

// TestNonceDependsOnThePlace: in the header nonce makes the signature one that only
// the API can verify, in the payload it belongs to an ID token.
func TestNonceDependsOnThePlace(t *testing.T) {
	header, _ := lookup("nonce", entra.InHeader)
	payload, _ := lookup("nonce", entra.InPayload)
	if !strings.Contains(header.Sentence, "verify") || !strings.Contains(payload.Sentence, "ID token") {
		t.Errorf("header: %q; payload: %q", header.Sentence, payload.Sentence)
	}
}

// Every claim that a real app-only token holds has its sentence.
func TestClaimsOfRealTokensAreExplained(t *testing.T) {
	var fixture struct {
		Tokens []struct {
			Token           string
			Header, Payload []string
		}
	}
	readFixture(t, "claim_sets.json", &fixture)
	if len(fixture.Tokens) == 0 {
		t.Fatal("no tokens in the fixture")
	}
	for _, token := range fixture.Tokens {
		for where, names := range map[entra.ClaimPlace][]string{entra.InHeader: token.Header,
			entra.InPayload: token.Payload} {
			for _, name := range names {
				if _, ok := lookup(name, where); !ok {
					t.Errorf("%s: nothing explains %s in the %s", token.Token, name, where)
				}
			}
		}
	}
}

func TestClaimsReadWell(t *testing.T) {
	type key struct {
		name  string
		where entra.ClaimPlace
	}
	seen, payload := map[key]bool{}, false
	for _, c := range entra.ClaimCatalogue() {
		k := key{c.Name, c.Where}
		if c.Name == "" || seen[k] || c.Where != entra.InHeader && c.Where != entra.InPayload {
			t.Errorf("claim %+v: no name, no place, or twice", k)
		}
		if c.Where == entra.InHeader && payload {
			t.Errorf("%s of the header follows the payload", c.Name)
		}
		seen[k], payload = true, payload || c.Where == entra.InPayload
		lintProse(t, c.Name, c.Sentence)
		if strings.Contains(c.Sentence, ". ") || len(c.Sentence) > 180 {
			t.Errorf("%s: want one sentence of at most 180 characters: %q", c.Name, c.Sentence)
		}
		if c.Hint != "" {
			lintProse(t, c.Name+" hint", c.Hint)
		}
	}
}
