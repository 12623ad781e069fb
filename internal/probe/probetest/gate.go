package probetest

import (
	"crypto/rsa"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// content is what the gate protects.
const content = `{"stock":[{"item":"bolt","count":4812},{"item":"nut","count":977}]}` + "\n"

// Gate accepts or rejects tokens by every rule.
type Gate struct {
	issuer *Issuer
}

// API is an API at /stock that is correct but for one hole.
type API struct {
	gate *Gate
	hole Hole
}

// Correct is the API without a hole.
func Correct(issuer *Issuer) *API { return &API{gate: &Gate{issuer}} }

// Broken is the API with a hole.
func Broken(issuer *Issuer, hole Hole) *API { return &API{&Gate{issuer}, hole} }

// ServeHTTP implements http.Handler: the hole first, then the gate.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case a.hole.Answer != nil && a.hole.Answer(a.gate, w, r):
	case a.hole.Let != nil && a.hole.Let(a.gate, r):
		writeContent(w)
	case r.URL.Path != "/stock":
		http.NotFound(w, r)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	default:
		a.serveGated(w, r)
	}
}

func (a *API) serveGated(w http.ResponseWriter, r *http.Request) {
	token, status := bearer(r)
	if status == 0 && a.gate.verify(token) != nil {
		status = http.StatusUnauthorized
	}
	if status != 0 {
		w.Header().Set("WWW-Authenticate", `Bearer realm="stock"`)
		http.Error(w, "no", status)
		return
	}
	writeContent(w)
}

func writeContent(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(content))
}

// bearer returns the token of a request, or the status to reject it with.
func bearer(r *http.Request) (token string, status int) {
	fields := r.Header.Values("Authorization")
	if len(fields) == 0 {
		return "", http.StatusUnauthorized
	}
	if len(fields) > 1 || strings.Contains(fields[0], ",") {
		return "", http.StatusBadRequest
	}
	scheme, token, found := strings.Cut(fields[0], " ")
	if !found || !strings.EqualFold(scheme, "Bearer") {
		return "", http.StatusUnauthorized
	}
	return strings.TrimLeft(token, " "), 0
}

var errRejected = errors.New("rejected")

// rule is one that a broken API may forget.
type rule string

const (
	ruleAudience rule = "audience"
	ruleIssuer   rule = "issuer"
	ruleTimes    rule = "times"
	ruleRole     rule = "role"
	ruleKind     rule = "kind"
	ruleHeader   rule = "header"
	ruleKey      rule = "key"
	ruleBinding  rule = "binding"
)

// verify applies all the rules except the forgotten ones.
func (g *Gate) verify(token string, forgotten ...rule) error {
	keep := func(r rule) bool { return !slices.Contains(forgotten, r) }
	if len(token) > 16<<10 || !regexp.MustCompile(`^[\w-]+\.[\w-]+\.[\w-]+$`).MatchString(token) {
		return errRejected
	}
	options := []jwt.ParserOption{jwt.WithValidMethods([]string{"RS256"}), jwt.WithStrictDecoding()}
	if keep(ruleAudience) {
		options = append(options, jwt.WithAudience(g.issuer.Audience))
	}
	if keep(ruleIssuer) {
		options = append(options, jwt.WithIssuer(g.issuer.Name))
	}
	if keep(ruleTimes) {
		options = append(options, jwt.WithExpirationRequired(), jwt.WithNotBeforeRequired())
	} else {
		options = append(options, jwt.WithoutClaimsValidation())
	}
	parsed, err := jwt.NewParser(options...).Parse(token, func(t *jwt.Token) (any, error) { return g.key(t, keep) })
	if err != nil && !(errors.Is(err, jwt.ErrTokenSignatureInvalid) && !keep(ruleKey)) {
		return err
	}
	claims, _ := parsed.Claims.(jwt.MapClaims)
	if keep(ruleKind) && (claims["scp"] != nil || claims["idtyp"] != "app" || claims["azp"] == nil) || keep(ruleRole) &&
		!g.hasRole(claims) || keep(ruleBinding) && claims["cnf"] != nil {
		return errRejected
	}
	return nil
}

// key returns the issuer's key that the header names.
func (g *Gate) key(t *jwt.Token, keep func(rule) bool) (any, error) {
	keys := map[string]*rsa.PublicKey{keyID: &g.issuer.key.PublicKey, otherID: &g.issuer.other.PublicKey}
	for _, name := range []string{"crit", "b64", "cty", "zip"} {
		if t.Header[name] != nil && keep(ruleHeader) {
			return nil, errRejected
		}
	}
	kid, _ := t.Header["kid"].(string)
	if key := keys[kid]; key != nil {
		return key, nil
	}
	if !keep(ruleKey) {
		return keys[keyID], nil
	}
	return nil, errRejected
}

func (g *Gate) hasRole(claims jwt.MapClaims) bool {
	roles, _ := claims["roles"].([]any)
	return slices.Contains(roles, any(g.issuer.Role))
}
