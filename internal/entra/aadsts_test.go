package entra_test

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/entra"
)

func TestLookupAADSTS(t *testing.T) {
	catalogue := entra.AADSTSCatalogue()
	if len(catalogue) < 121 {
		t.Fatalf("the catalogue holds %d codes, want 121 or more", len(catalogue))
	}
	for _, want := range catalogue {
		got, ok := entra.LookupAADSTS(want.Code)
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("LookupAADSTS(%d) = %v (-want +got):\n%s", want.Code, ok, diff)
		}
	}
	for _, code := range []int{0, -1, 1, 7000214 + 1000000, 99999999} {
		if got, ok := entra.LookupAADSTS(code); ok || got != (entra.AADSTS{}) {
			t.Errorf("LookupAADSTS(%d) = %+v, want nothing", code, got)
		}
	}
}

func TestWrongSecretIsExplained(t *testing.T) {
	got, _ := entra.LookupAADSTS(7000215)
	for _, part := range []string{got.Cause, got.Remedy} {
		if !strings.Contains(part, "secret") {
			t.Errorf("%q does not speak of the secret", part)
		}
	}
	if got.Transient() || got.Retry != entra.RetryNever || got.Confidence != entra.ConfidenceHigh ||
		got.Wire != (entra.Wire{Error: "invalid_client", Status: 401, Basis: entra.WireSeen}) {
		t.Errorf("AADSTS7000215 is %+v", got)
	}
}

// A file that is edited by hand must not hold a field that nobody reads.
func TestCatalogueFilesHoldNothingElse(t *testing.T) {
	for file, into := range map[string]any{"aadsts.json": &[]entra.AADSTS{}, "claims.json": &[]entra.Claim{}} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		d := json.NewDecoder(bytes.NewReader(data))
		d.DisallowUnknownFields()
		if err := d.Decode(into); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		if d.More() {
			t.Errorf("%s: something follows the list", file)
		}
	}
}

func TestCodesRiseAndNamesAreUnique(t *testing.T) {
	form := regexp.MustCompile(`^[A-Z][A-Za-z0-9]+(_[A-Z][A-Za-z0-9]+)?$`)
	byName, last := map[string]int{}, 0
	for _, e := range entra.AADSTSCatalogue() {
		if e.Code <= last {
			t.Errorf("AADSTS%d follows AADSTS%d", e.Code, last)
		}
		last = e.Code
		if !form.MatchString(e.Name) {
			t.Errorf("AADSTS%d has the name %q", e.Code, e.Name)
		}
		// Microsoft itself gives two codes this name.
		if other, taken := byName[e.Name]; taken && (e.Name != "InvalidRequest" || e.Coined) {
			t.Errorf("AADSTS%d and AADSTS%d are both called %s", other, e.Code, e.Name)
		}
		byName[e.Name] = e.Code
	}
}

// imperatives are the words that a remedy may begin with: it says what to do.
var imperatives = strings.Fields(`Add Ask Assign Check Compare Copy Correct Create Find Follow Get Make Move Open
	Print Publish Put Read Register Remove Renew Replace Retry Run Send Set Stop Update Upload Use Wait`)

func TestCausesAndRemediesReadWell(t *testing.T) {
	for _, e := range entra.AADSTSCatalogue() {
		where := "AADSTS" + strconv.Itoa(e.Code)
		lintProse(t, where+" cause", e.Cause)
		lintProse(t, where+" remedy", e.Remedy)
		if first, _, _ := strings.Cut(e.Remedy, " "); !slices.Contains(imperatives, strings.TrimRight(first, ",")) {
			t.Errorf("%s: the remedy begins with %q, which says nothing to do", where, first)
		}
		if e.Cause == e.Remedy {
			t.Errorf("%s: cause and remedy are the same", where)
		}
		for _, other := range regexp.MustCompile(`AADSTS\d+`).FindAllString(e.Cause+e.Remedy, -1) {
			code, _ := entra.ParseAADSTS(other)
			if _, ok := entra.LookupAADSTS(code); !ok || code == e.Code {
				t.Errorf("%s refers to %s", where, other)
			}
		}
	}
}

// banned are words that sell, soothe or blame, that a product outgrew, or that
// mean nothing to the reader.
var banned = regexp.MustCompile(
	`(?i)\b(please|simply|just|easy|easily|obviously|of course|seamless\w*|leverage|utili[sz]e|sorry|oops|` +
		`Azure AD|Azure Active Directory|TODO|FIXME|etc|via|m2m|emulator|fixture|above|below|as \d{5,})\b`)

// lintProse fails where text is not plain, complete and fit for any terminal.
func lintProse(t *testing.T, where, text string) {
	t.Helper()
	if text == "" || text != strings.TrimSpace(text) || !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, ").") {
		t.Errorf("%s: want a text that ends in a full stop, without stray white space: %q", where, text)
	}
	if strings.Contains(text, "  ") || strings.Contains(text, " ,") {
		t.Errorf("%s: stray white space: %q", where, text)
	}
	if i := strings.IndexFunc(text, func(c rune) bool { return c < ' ' || c > '~' }); i >= 0 {
		t.Errorf("%s: not printable ASCII at byte %d: %q", where, i, text)
	}
	if first := text[:min(1, len(text))]; strings.ToUpper(first) != first {
		t.Errorf("%s: does not begin with a capital: %q", where, text)
	}
	if word := banned.FindString(text); word != "" {
		t.Errorf("%s: %q does not belong here: %q", where, word, text)
	}
	for sentence := range strings.SplitSeq(text, ". ") {
		if len(sentence) > 300 {
			t.Errorf("%s: a sentence of %d characters: %q", where, len(sentence), sentence)
		}
	}
	if strings.Count(text, "(") != strings.Count(text, ")") ||
		strings.Count(text, "<") != strings.Count(text, ">")-strings.Count(text, " > ") {
		t.Errorf("%s: brackets do not pair: %q", where, text)
	}
}

func TestAdviceOnRetries(t *testing.T) {
	transient := map[entra.Retry]bool{
		entra.RetryNever: false, entra.RetryAfterPropagation: false,
		entra.RetryBackoff: true, entra.RetryAfterHeader: true, entra.RetryAfterMinutes: true,
	}
	said := map[string]entra.Retry{}
	for r := range transient {
		advice := r.Advice()
		if advice == "" || strings.HasSuffix(advice, ".") || said[advice] != "" {
			t.Errorf("Retry(%q).Advice() = %q", r, advice)
		}
		said[advice] = r
	}
	used := map[entra.Retry]bool{}
	for _, e := range entra.AADSTSCatalogue() {
		want, known := transient[e.Retry]
		if !known || e.Transient() != want {
			t.Errorf("AADSTS%d: retry %q, transient %v", e.Code, e.Retry, e.Transient())
		}
		used[e.Retry] = true
	}
	if len(used) != len(transient) {
		t.Errorf("the catalogue uses %v, want each kind of advice", used)
	}
	if got := entra.Retry("").Advice() + entra.Retry("other").Advice(); got != "" {
		t.Errorf("no advice is known, yet it says %q", got)
	}
}

func TestWireFormsArePlausible(t *testing.T) {
	words := strings.Fields(`invalid_request invalid_client invalid_grant unauthorized_client unsupported_grant_type invalid_scope
		invalid_resource invalid_instance invalid_target interaction_required temporarily_unavailable server_error`)
	for _, e := range entra.AADSTSCatalogue() {
		w, bad := e.Wire, false
		switch w.Basis {
		case entra.WireSeen:
			bad = w.Error == "" || w.Status == 0
		case entra.WireErrorSeen:
			bad = w.Error == ""
		case entra.WireInferred:
			bad = w.Error == "" && w.Status == 0
		case entra.WireUnknown:
			bad = w.Error != "" || w.Status != 0
		default:
			bad = true
		}
		if bad || w.Error != "" && !slices.Contains(words, w.Error) || !slices.Contains([]int{0, 400, 401, 429}, w.Status) {
			t.Errorf("AADSTS%d travels as %+v", e.Code, w)
		}
		if !slices.Contains([]entra.Confidence{entra.ConfidenceHigh, entra.ConfidenceMedium, entra.ConfidenceLow},
			e.Confidence) {
			t.Errorf("AADSTS%d: confidence %q", e.Code, e.Confidence)
		}
	}
}

// What the catalogue calls seen must be seen: in answers that Entra really gave.
func TestWireFormsAreAsSeen(t *testing.T) {
	var fixture struct {
		Answers []struct {
			Code, Status int
			Error, Seen  string
		}
	}
	readFixture(t, "token_errors.json", &fixture)
	seen := map[int]bool{}
	for _, answer := range fixture.Answers {
		seen[answer.Code] = true
		e, _ := entra.LookupAADSTS(answer.Code)
		basis := entra.WireSeen
		if answer.Status == 0 {
			basis, e.Wire.Status = entra.WireErrorSeen, 0
		}
		if want := (entra.Wire{Error: answer.Error, Status: answer.Status, Basis: basis}); e.Wire != want {
			t.Errorf("AADSTS%d travels as %+v, but was seen as %+v (%s)", answer.Code, e.Wire, want, answer.Seen)
		}
	}
	for _, e := range entra.AADSTSCatalogue() {
		if claims := e.Wire.Basis == entra.WireSeen || e.Wire.Basis == entra.WireErrorSeen; claims != seen[e.Code] {
			t.Errorf("AADSTS%d: basis %q, but an answer is on record: %v", e.Code, e.Wire.Basis, seen[e.Code])
		}
	}
}

func TestParseAADSTS(t *testing.T) {
	for s, want := range map[string]int{
		"AADSTS7000215":                         7000215,
		"7000215":                               7000215,
		"aadsts7000215: Invalid client secret.": 7000215,
		"AaDsTs50012":                           50012,
		" AADSTS90002\n":                        90002,
		"AADSTS16000.":                          16000,
		"AADSTS50049\u2026":                     50049,
		"AADSTS700016: Application with identifier '" + clientID + "' was not found": 700016,
		"AADSTS70002: Error validating credentials. AADSTS50012: Invalid secret.":    70002,
		"AADSTS7000215:\r\nTrace ID: x":                                              7000215,
		"":                                                                           0,
		"AADSTS":                                                                     0,
		"AADSTS:":                                                                    0,
		"AADSTS 7000215":                                                             0,
		"AADSTS-7000215":                                                             0,
		"-7000215":                                                                   0,
		"+7000215":                                                                   0,
		"AADSTS07000215":                                                             0,
		"AADSTS401":                                                                  0,
		"401":                                                                        0,
		"8443":                                                                       0,
		"70002 and more":                                                             0,
		"70002: text":                                                                0,
		"7000215a":                                                                   0,
		"AADSTS7000215a":                                                             0,
		"AADSTS7000215-1":                                                            0,
		"AADSTS7000215_1":                                                            0,
		"12345678-1234-1234-1234-123456789012":                                       0,
		"AADSTS12345678-1234":                                                        0,
		"AADSTS99999999999999999999":                                                 0,
		"AADSTS\uff17\uff10\uff10\uff10\uff12":                                       0, // full-width digits
		"error AADSTS7000215":                                                        0,
		"AADSTSAADSTS7000215":                                                        0,
		"0x7000215":                                                                  0,
	} {
		if got, ok := entra.ParseAADSTS(s); got != want || ok != (want != 0) {
			t.Errorf("ParseAADSTS(%q) = %d, %v; want %d", s, got, ok, want)
		}
	}
}

func FuzzParseAADSTS(f *testing.F) {
	for _, seed := range []string{"AADSTS7000215", "7000215", "aadsts50012: x", "", "AADSTS", "AADSTS0",
		"AADSTS999999999999", "\tAADSTS70002\n", "12345-6"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		code, ok := entra.ParseAADSTS(s)
		if !ok {
			if code != 0 {
				t.Fatalf("ParseAADSTS(%q) = %d, false", s, code)
			}
			return
		}
		digits := strconv.Itoa(code)
		if code < 10000 || code > 999999999 || !strings.Contains(s, digits) {
			t.Fatalf("ParseAADSTS(%q) = %d", s, code)
		}
		for _, same := range []string{digits, "AADSTS" + digits, "aadsts" + digits + ": text", strings.ToLower(s),
			" " + s + "\n"} {
			if again, ok := entra.ParseAADSTS(same); again != code || !ok {
				t.Fatalf("ParseAADSTS(%q) = %d, but ParseAADSTS(%q) = %d, %v", s, code, same, again, ok)
			}
		}
	})
}
