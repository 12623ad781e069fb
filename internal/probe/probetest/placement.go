package probetest

import (
	"encoding/base64"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

func afterBearer(s string) string { return strings.TrimPrefix(s, "Bearer ") }

// placeHoles read the token from more places than one.
func placeHoles() []Hole {
	query := func(name string) func(*http.Request) string {
		return func(r *http.Request) string { return afterBearer(r.URL.Query().Get(name)) }
	}
	header := func(name string) func(*http.Request) string {
		return func(r *http.Request) string { return afterBearer(r.Header.Get(name)) }
	}
	none := func(of func(*http.Request) string) func(*http.Request) string {
		return func(r *http.Request) string {
			if r.Header.Get("Authorization") != "" {
				return ""
			}
			return of(r)
		}
	}
	form := func(method string) func(*http.Request) string {
		return func(r *http.Request) string {
			body := make([]byte, 8<<10)
			n, _ := r.Body.Read(body)
			token, _ := strings.CutPrefix(string(body[:n]), "access_token=")
			if r.Method != method {
				return ""
			}
			return token
		}
	}
	return []Hole{
		found("query-access-token", none(query("access_token"))), found("query-token", query("token")),
		found("query-authorization", query("authorization")),
		found("query-and-forgery", func(r *http.Request) string { // falls back on the query
			if r.Header.Get("Authorization") == "" {
				return ""
			}
			return query("access_token")(r)
		}),
		found("form-post", form("POST")), found("form-get", form("GET")),
		found("cookie", func(r *http.Request) string {
			cookie, err := r.Cookie("access_token")
			if err != nil {
				return ""
			}
			return cookie.Value
		}),
		found("proxy-authorization", header("Proxy-Authorization")), found("x-authorization", header("X-Authorization")),
		found("x-forwarded-authorization", header("X-Forwarded-Authorization")),
		found("x-access-token", header("X-Access-Token")),
		fault("query-beside", func(_ *Gate, r *http.Request, _ parts) bool {
			return r.URL.Query().Has("access_token") && r.Header.Get("Authorization") != ""
		}),
	}
}

// fieldHoles parse the Authorization field loosely.
func fieldHoles() []Hole {
	field := func(name string, read func(value string) string) Hole {
		return found(name, func(r *http.Request) string {
			if len(r.Header.Values("Authorization")) != 1 {
				return ""
			}
			return read(r.Header.Get("Authorization"))
		})
	}
	after := func(prefix string) func(string) string {
		return func(value string) string {
			token, ok := strings.CutPrefix(value, prefix)
			if !ok {
				return ""
			}
			return token
		}
	}
	open := func(name, value string) Hole {
		return Hole{Name: name, Let: func(_ *Gate, r *http.Request) bool {
			values, there := r.Header["Authorization"]
			return there && values[0] == value
		}}
	}
	broken := func(name string, when func(r *http.Request, value string) bool) Hole {
		return fault(name, func(_ *Gate, r *http.Request, _ parts) bool { return when(r, r.Header.Get("Authorization")) })
	}
	nth := func(name string, n int) Hole {
		return found(name, func(r *http.Request) string {
			if values := r.Header.Values("Authorization"); len(values) == 2 {
				return afterBearer(values[n])
			}
			return ""
		})
	}
	comma := func(name string, n int) Hole {
		return field(name, func(value string) string {
			if list := strings.Split(value, ", "); len(list) == 2 {
				return afterBearer(list[n])
			}
			return ""
		})
	}
	return append([]Hole{
		field("scheme-absent", func(value string) string { return value }),
		field("scheme-basic", after("Basic ")), field("scheme-other", after("Token ")),
		field("scheme-glued", after("Bearer")),
		field("scheme-colon", after("Bearer: ")), field("scheme-twice", after("Bearer Bearer ")),
		field("scheme-tab", after("Bearer\t")),
		found("basic-password", func(r *http.Request) string { _, password, _ := r.BasicAuth(); return password }),
		open("value-empty", ""), open("scheme-alone", "Bearer"),
		nth("two-headers-valid-first", 0), nth("two-headers-valid-last", 1), comma("comma-valid-first", 0),
		comma("comma-valid-last", 1),
		open("scheme-basic-admin", "Basic "+base64.StdEncoding.EncodeToString([]byte("admin:admin"))),
		broken("scheme-lower", func(_ *http.Request, value string) bool { return strings.HasPrefix(value, "bearer") }),
		broken("scheme-upper", func(_ *http.Request, value string) bool { return strings.HasPrefix(value, "BEARER") }),
		broken("scheme-two-spaces", func(_ *http.Request, value string) bool { return strings.HasPrefix(value, "Bearer  ") }),
	}, rawHoles()...)
}

// identityHoles trust a header that anybody can send.
func identityHoles() []Hole {
	trustingHeader := func(name, header string) Hole {
		return Hole{Name: name, Let: func(_ *Gate, r *http.Request) bool { return r.Header.Get(header) != "" }}
	}
	return []Hole{
		trustingHeader("x-ms-client-principal", "X-MS-CLIENT-PRINCIPAL"),
		trustingHeader("x-forwarded-user", "X-Forwarded-User"),
		trustingHeader("x-remote-user", "Remote-User"), trustingHeader("x-auth-client", "X-Auth-Client-Id"),
		trustingHeader("x-user-claims", "X-Jwt-Payload"),
		trustingHeader("client-certificate", "X-Ssl-Client-Verify"), trustingHeader("x-forwarded-for", "X-Forwarded-For"),
		trustingHeader("x-forwarded-host", "X-Forwarded-Host"), trustingHeader("x-original-url", "X-Original-Url"),
		trustingHeader("x-internal", "X-Internal"),
		{Name: "smuggled-underscore", Let: func(_ *Gate, r *http.Request) bool { // as WSGI names headers
			for name := range r.Header {
				if strings.ToUpper(strings.ReplaceAll(name, "-", "_")) == "X_FORWARDED_USER" && strings.Contains(name, "_") {
					return true
				}
			}
			return false
		}},
		// A proxy removes what Connection names, and the API takes a request that no proxy
		// marked for one of its own machine.
		{Name: "smuggled-connection", Let: func(_ *Gate, r *http.Request) bool {
			return strings.Contains(strings.Join(r.Header.Values("Connection"), ","), "X-Forwarded-For")
		}},
		{Name: "host-localhost", Let: func(_ *Gate, r *http.Request) bool { return r.Host == "localhost" }},
	}
}

// methodHoles protect some methods and forget others.
func methodHoles() []Hole {
	let := func(name string, when func(*http.Request) bool) Hole {
		return Hole{Name: name, Let: func(_ *Gate, r *http.Request) bool { return r.URL.Path == "/stock" && when(r) }}
	}
	by := func(name, method string) Hole {
		return let(name, func(r *http.Request) bool { return r.Method == method && r.Header.Get("Origin") == "" })
	}
	overridden := func(name, method string) Hole {
		return let(name, func(r *http.Request) bool { return r.Header.Get("X-Http-Method-Override") == method })
	}
	var warm atomic.Bool
	return []Hole{
		by("method-head", "HEAD"), by("method-trace", "TRACE"), by("method-unknown", "PROBE"), by("method-lower", "get"),
		by("method-options", "OPTIONS"),
		let("method-preflight", func(r *http.Request) bool { return r.Method == "OPTIONS" && r.Header.Get("Origin") != "" }),
		overridden("method-override-options", "OPTIONS"), overridden("method-override-head", "HEAD"),
		let("http-1-0", func(r *http.Request) bool { return r.ProtoMinor == 0 }),
		let("absolute-form", func(r *http.Request) bool { return strings.HasPrefix(r.RequestURI, "http://") }),
		// A cache before the API that does not look at Authorization.
		{Name: "cached-answer", Let: func(g *Gate, r *http.Request) bool {
			if token, status := bearer(r); status == 0 && g.verify(token) == nil {
				warm.Store(true)
			}
			return warm.Load() && r.RequestURI == "/stock"
		}},
	}
}

// pathHoles protect one spelling of the path and serve another.
func pathHoles() []Hole {
	served := func(name, target string) Hole {
		return Hole{Name: name, Let: func(_ *Gate, r *http.Request) bool { return r.RequestURI == target }}
	}
	return []Hole{
		served("path-double-slash", "//stock"), served("path-slash-last", "/stock/"), served("path-dot", "/./stock"),
		served("path-dot-last", "/stock/."),
		served("path-dot-dot", "/m2m/../stock"), served("path-dot-dot-encoded", "/m2m/%2e%2e/stock"),
		served("path-semicolon", "/m2m/..;/stock"),
		served("path-parameter", "/stock;m2m=1"), served("path-encoded", "/%73tock"),
		served("path-encoded-twice", "/%2573tock"),
		served("path-encoded-slash", "/%2Fstock"), served("path-backslash", `/\/stock`), served("path-upper", "/STOCK"),
		served("path-nul", "/stock%00"),
		served("path-space", "/stock%20"), served("path-line-end", "/stock%0A"), served("path-json", "/stock.json"),
		served("path-static", "/stock/m2m.css"),
		served("path-fragment", "/stock#m2m"), served("path-question", "/stock?"),
	}
}

// issuedHoles forget a rule about tokens that the issuer really signed.
func issuedHoles() []Hole {
	forget := func(name string, when func(p parts) bool, rules ...rule) Hole {
		return token(name, func(g *Gate, p parts) bool { return when(p) && g.verify(p.whole, rules...) == nil })
	}
	lacks := func(claim string) func(parts) bool {
		return func(p parts) bool { _, there := p.payload[claim]; return !there }
	}
	is := func(claim string, value any) func(parts) bool {
		return func(p parts) bool { return p.payload[claim] == value }
	}
	bound := func(by string) func(parts) bool {
		return func(p parts) bool { cnf, _ := p.payload["cnf"].(map[string]any); return cnf[by] != nil }
	}
	ended := func(p parts) bool {
		exp, ok := p.payload["exp"].(float64)
		ago := time.Since(time.Unix(int64(exp), 0))
		return ok && ago > 0 && ago < 30*time.Minute
	}
	always := func(parts) bool { return true }
	issuer := func(end string) func(parts) bool {
		return func(p parts) bool { iss, _ := p.payload["iss"].(string); return strings.HasSuffix(iss, end) }
	}
	return []Hole{
		forget("audience-other", always, ruleAudience),
		forget("audience-graph", is("aud", "https://graph.microsoft.com"), ruleAudience, ruleIssuer),
		forget("audience-exchange", is("aud", "api://AzureADTokenExchange"), ruleAudience), // a list of audiences that is too long
		forget("audience-exchange-id", is("aud", "fb60f99c-7a34-4190-8149-302f77469936"), ruleAudience),
		forget("binding-certificate", bound("x5t#S256"), ruleBinding), forget("binding-key", bound("jkt"), ruleBinding),
		forget("audience-empty", is("aud", ""), ruleAudience), forget("audience-absent", lacks("aud"), ruleAudience),
		forget("issuer-other", issuer(".invalid/v2.0"), ruleIssuer),
		forget("issuer-tenant", issuer("555555555555/v2.0"), ruleIssuer),
		forget("issuer-list", func(p parts) bool { _, list := p.payload["iss"].([]any); return list }, ruleIssuer),
		forget("time-expired-minutes", ended, ruleTimes), // too long a leeway
		forget("time-not-yet-minutes", func(p parts) bool { return !ended(p) }, ruleTimes),
		forget("time-begin-text", is("nbf", "4102444800"), ruleTimes), // taken for absent
		forget("time-zero", is("exp", 0.0), ruleTimes), forget("time-negative", is("exp", -1.0), ruleTimes),
		forget("time-fraction", is("exp", 946684800.5), ruleTimes),
		forget("time-null", func(p parts) bool { exp, there := p.payload["exp"]; return there && exp == nil }, ruleTimes),
		forget("issuer-longer", issuer(".m2m-probe.invalid"), ruleIssuer), forget("issuer-absent", lacks("iss"), ruleIssuer),
		forget("time-expired", always, ruleTimes, ruleAudience, ruleIssuer),
		forget("time-not-yet", always, ruleTimes, ruleAudience, ruleIssuer),
		forget("time-no-expiry", lacks("exp"), ruleTimes, ruleAudience, ruleIssuer),
		forget("time-text", is("exp", "946684800"), ruleTimes, ruleAudience, ruleIssuer),
		forget("key-other", always, ruleKey),
		forget("key-withdrawn", func(p parts) bool { return p.kid() != keyID }, ruleKey),
		forget("role-absent", lacks("roles"), ruleRole), forget("role-other", always, ruleRole),
		forget("role-empty", func(p parts) bool { roles, ok := p.payload["roles"].([]any); return ok && len(roles) == 0 },
			ruleRole),
		forget("kind-user", func(p parts) bool { return p.payload["scp"] != nil }, ruleKind, ruleRole),
		forget("kind-id", func(p parts) bool { return p.payload["scp"] == nil && p.payload["azp"] == nil }, ruleKind,
			ruleRole),
		forget("signed-crit", always, ruleHeader),
	}
}
