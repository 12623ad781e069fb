package token_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"m2m/internal/entra"
	"m2m/internal/token"
)

// TestEchoIsNotShown: Entra never repeats what a request proves itself with, but
// a stand-in or a proxy may, whatever status it answers and in whichever text.
func TestEchoIsNotShown(t *testing.T) {
	certificate, err := loadCertificate("testdata/plain.pem", entra.Secret{}, false)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		credential token.Credential
		field      string
	}{
		"secret":    {newStandIn(t).request().Credential, "client_secret"},
		"assertion": {certificate, "client_assertion"},
	} {
		for _, status := range []int{200, 400, 401, 403, 429, 503} {
			for _, member := range []string{"error", "error_description", "suberror", "trace_id"} {
				t.Run(fmt.Sprint(name, status, member), func(t *testing.T) {
					var sent string
					s := newStandIn(t)
					s.fault = always(func(w http.ResponseWriter, r *http.Request) {
						sent = r.PostForm.Get(tt.field)
						answer := map[string]any{"error": "invalid_client", "error_codes": []int{7000215}}
						answer[member] = "you sent " + sent + ", that is " + url.QueryEscape(sent)
						writeJSON(w, status, answer)
					})
					c, r := s.client(""), s.request()
					var shown strings.Builder
					c.Debug = func(line string) { shown.WriteString(line) }
					r.Credential = tt.credential
					err := acquire(t, c, r)
					var refusal *token.Refusal
					if errors.As(err, &refusal) {
						fmt.Fprintf(&shown, "%+v", *refusal)
					}
					shown.WriteString(err.Error())
					if sent == "" || strings.Contains(shown.String(), sent[:20]) ||
						strings.Contains(shown.String(), url.QueryEscape(sent)[:20]) {
						t.Errorf("sent %q, and this is shown:\n%s", sent, shown.String())
					}
					if refused := errors.Is(err, token.ErrRefused); refused != (status >= 400 && status < 429) {
						t.Errorf("refused: %v: %v", refused, err)
					}
				})
			}
		}
	}
}

// TestTokenLikeTheSecret: a token is handed over as it came, even if a test's
// identity provider makes it of the secret.
func TestTokenLikeTheSecret(t *testing.T) {
	s := newStandIn(t)
	s.fault = always(func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, 200, map[string]any{"access_token": "for-" + r.PostForm.Get("client_secret"), "expires_in": 3599})
	})
	got, err := s.client("").Acquire(t.Context(), s.request())
	if err != nil || got.Access.Reveal() != "for-"+secret {
		t.Errorf("token %q, %v", got.Access.Reveal(), err)
	}
}
