package tenant

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/tenant/credential"
	"m2m/internal/tenant/refusal"
)

// maxForm bounds a token request's body. An assertion with a chain of
// certificates takes some kilobytes.
const maxForm = 64 << 10

const (
	formType      = "application/x-www-form-urlencoded"
	grantType     = "client_credentials"
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

// tokenForm is a token request, parsed and not yet checked.
type tokenForm struct {
	clientID string
	kind     credential.Kind
	// value is the secret or the assertion.
	value entra.Secret
	// resource is the scope less /.default, or the resource of v1.0, as sent.
	resource string
	// target is the resource of v2.0 (RFC 8707), as sent.
	target string
	// fmiPath is the agent identity for which its blueprint requests a token.
	fmiPath string
	// tokenType is "mtls_pop", "pop" or anything else.
	tokenType string
	// capabilities are those that the claims parameter lists as xms_cc, as
	// every MSAL writes them; nil if there are none.
	capabilities []string
}

// readForm reads the body of a token request. For a body that is not a form
// Entra reports that its first field is missing.
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, *refusal.Refusal) {
	if r.Method != http.MethodPost {
		return nil, refusal.WrongMethod.With(r.Method)
	}
	sent := r.Header.Get("Content-Type")
	if media, _, err := mime.ParseMediaType(sent); err != nil || media != formType {
		return nil, refusal.WrongContentType.With(sent)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, refusal.MalformedBody.With("it is larger than 64 KiB")
	case err != nil:
		return nil, refusal.MalformedBody.With("it ended early")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, refusal.MalformedBody.With("it is not URL-encoded")
	}
	return form, nil
}

// parseForm parses the fields of a token request and ignores those that it does
// not know: every MSAL sends some. What it could parse is returned with a refusal
// too.
func parseForm(v entra.Version, form url.Values, authorization string) (f tokenForm, refused *refusal.Refusal) {
	f.kind = credential.None
	if refused := checkRepeats(form); refused != nil {
		return f, refused
	}
	if refused := f.readClient(form, authorization); refused != nil {
		return f, refused
	}
	switch grant := form.Get("grant_type"); grant {
	case grantType:
	case "":
		return f, refusal.MissingField.With("grant_type")
	default:
		return f, refusal.GrantNotSupported.With(grant)
	}
	if f.clientID == "" {
		return f, refusal.MissingField.With("client_id")
	}
	f.fmiPath, f.tokenType = form.Get("fmi_path"), form.Get("token_type")
	f.capabilities = parseCapabilities(form.Get("claims"))
	if v == entra.V2 {
		f.target = form.Get("resource")
	}
	f.resource, refused = parseResource(v, form)
	if refused != nil {
		return f, refused
	}
	return f, f.checkAssertionType(form)
}

func checkRepeats(form url.Values) *refusal.Refusal {
	for _, name := range []string{
		"grant_type", "client_id", "client_secret", "client_assertion", "client_assertion_type", "scope", "resource", "fmi_path",
	} {
		if len(form[name]) > 1 {
			return refusal.RepeatedField.With(name)
		}
	}
	return nil
}

// readClient reads the client and its credential, from the body or from HTTP
// Basic (RFC 6749, 2.3.1).
func (f *tokenForm) readClient(form url.Values, authorization string) *refusal.Refusal {
	f.clientID = form.Get("client_id")
	secret := form.Get("client_secret")
	if id, password, ok := parseBasic(authorization); ok {
		if f.clientID != "" && !strings.EqualFold(f.clientID, id) {
			return refusal.SeveralClientIDs.With()
		}
		f.clientID = id
		if secret == "" {
			secret = password
		}
	}
	// A federated token comes straight from a file, with its last line break.
	assertion := strings.TrimSpace(form.Get("client_assertion"))
	switch {
	case assertion != "":
		f.kind, f.value = credential.KindOf(assertion), entra.NewSecret(assertion)
		f.clientID = cmp.Or(f.clientID, credential.IssuerOf(assertion))
	case secret != "":
		f.kind, f.value = credential.Secret, entra.NewSecret(secret)
	}
	return nil
}

func (f *tokenForm) checkAssertionType(form url.Values) *refusal.Refusal {
	if f.kind == credential.None || f.kind == credential.Secret {
		return nil
	}
	switch kind := form.Get("client_assertion_type"); kind {
	case assertionType:
		return nil
	case "":
		return refusal.MissingField.With("client_assertion_type")
	default:
		return refusal.UnknownAssertionType.With(kind)
	}
}

// parseCapabilities reads the client capabilities out of a claims request
// (OpenID Connect Core 1.0, 5.5). An app-only token has no other
// claim that can be asked for.
func parseCapabilities(claims string) []string {
	var asked struct {
		AccessToken struct {
			Capabilities struct {
				Values []string `json:"values"`
			} `json:"xms_cc"`
		} `json:"access_token"`
	}
	if json.Unmarshal([]byte(claims), &asked) != nil {
		return nil
	}
	return asked.AccessToken.Capabilities.Values
}

// parseBasic reads HTTP Basic credentials. RFC 6749 has both parts URL-encoded
// first; curl and others send them as they are, and Entra's secrets are the same
// either way.
func parseBasic(authorization string) (id, password string, ok bool) {
	scheme, encoded, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return "", "", false
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	if err != nil {
		return "", "", false
	}
	id, password, ok = strings.Cut(string(decoded), ":")
	return unescape(id), unescape(password), ok
}

func unescape(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

const defaultScope = "/.default"

// parseResource returns the API that the token is for: scope names it on v2.0,
// resource on v1.0.
func parseResource(v entra.Version, form url.Values) (string, *refusal.Refusal) {
	if v == entra.V1 {
		resource := strings.TrimSpace(form.Get("resource"))
		if resource == "" {
			return "", refusal.MissingField.With("resource")
		}
		return resource, nil
	}
	return parseScope(form.Get("scope"))
}

// parseScope returns the one resource that a scope asks for. MSAL Go adds three
// OpenID scopes to every request; none of the four means anything here.
//
// Exactly one "/.default" is removed: the slash at the end of an App ID URI
// has to be written twice, and with one slash the aud lacks it.
func parseScope(scope string) (resource string, refused *refusal.Refusal) {
	for _, one := range strings.Fields(scope) {
		switch one {
		case "openid", "offline_access", "profile", "email":
			continue
		}
		name, ok := strings.CutSuffix(one, defaultScope)
		switch {
		case !entra.IsScopeToken(one) || ok && name == "":
			return "", refusal.MalformedScope.With(scope)
		case !ok:
			return "", refusal.ScopeNotDefault.With(scope)
		case resource != "" && !strings.EqualFold(resource, name):
			return "", refusal.SeveralResources.With(scope)
		}
		resource = name
	}
	switch {
	case strings.TrimSpace(scope) == "":
		return "", refusal.MissingField.With("scope")
	case resource == "":
		return "", refusal.ScopeNotDefault.With(scope)
	}
	return resource, nil
}
