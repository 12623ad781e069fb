package probe

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"
)

const (
	fixPlace  = "take a token from the Authorization header and from nowhere else; RFC 6750 section 5.3, RFC 9700 section 4.3.2"
	fixScheme = `ask for the scheme Bearer, in any case, and one space or more before the token; RFC 6750 section 2.1`
	fixTwice  = "answer 400 invalid_request where there is more than one Authorization field or a comma in it: a proxy before you may read the other one; RFC 6750 section 3.1"
	fixCrash  = "answer 401 to whatever cannot be read as a token, and 5xx never"
)

// carried makes cases that send the valid token, or none, in unusual ways.
func carried(family Family, severity Severity, fix string, allows allowance, rows ...carriage) []Case {
	cases := make([]Case, len(rows))
	for i, r := range rows {
		cases[i] = Case{
			Name: r.name, Family: family, Tries: r.tries, Severity: severity, Fix: fix, allows: allows,
			send: func(_ context.Context, k *kit) (request, error) { return r.build(k, k.valid.Reveal()), nil },
		}
	}
	return cases
}

type carriage struct {
	name, tries string
	build       func(k *kit, token string) request
}

// authorization sends one Authorization field of this form; %s is the token.
func authorization(form string) func(*kit, string) request {
	return func(k *kit, token string) request {
		return k.base.with("Authorization", strings.ReplaceAll(form, "%s", token))
	}
}

// placeCases put the valid token where it does not belong: whoever reads it
// there reads it from logs, links and cookies too.
func placeCases() []Case {
	form := "application/x-www-form-urlencoded"
	cases := carried(Place, Medium, fixPlace, refusal,
		carriage{"query-access-token", "the valid token in the query, as access_token", func(k *kit, t string) request { return k.base.withQuery("access_token", t) }},
		carriage{"query-token", "the valid token in the query, as token", func(k *kit, t string) request { return k.base.withQuery("token", t) }},
		carriage{"query-authorization", "the valid token in the query, as authorization", func(k *kit, t string) request { return k.base.withQuery("authorization", "Bearer "+t) }},
		carriage{"query-and-forgery", "the valid token in the query, a forgery in the header", func(k *kit, t string) request {
			return k.base.withQuery("access_token", t).bearing(k.stale())
		}},
		carriage{"form-post", "the valid token in a form, by POST", func(k *kit, t string) request { return k.base.by("POST").holding(form, "access_token="+t) }},
		carriage{"form-get", "the valid token in a form, by GET", func(k *kit, t string) request { return k.base.by("GET").holding(form, "access_token="+t) }},
		carriage{"cookie", "the valid token in cookies", func(k *kit, t string) request {
			return k.base.with("Cookie", "access_token="+t+"; token="+t+"; Authorization="+t+"; jwt="+t)
		}},
		carriage{"proxy-authorization", "the valid token in Proxy-Authorization", func(k *kit, t string) request { return k.base.with("Proxy-Authorization", "Bearer "+t) }},
		carriage{"x-authorization", "the valid token in X-Authorization", func(k *kit, t string) request { return k.base.with("X-Authorization", "Bearer "+t) }},
		carriage{"x-forwarded-authorization", "the valid token in X-Forwarded-Authorization and -Access-Token", func(k *kit, t string) request {
			return k.base.with("X-Forwarded-Authorization", "Bearer "+t).with("X-Forwarded-Access-Token", t)
		}},
		carriage{"x-access-token", "the valid token in X-Access-Token and X-Auth-Token", func(k *kit, t string) request {
			return k.base.with("X-Access-Token", t).with("X-Auth-Token", t)
		}},
	)
	return append(cases, carried(Place, Low, fixCrash, anything,
		carriage{"query-beside", "the valid token in the header, a forgery in the query", func(k *kit, t string) request {
			return k.base.withQuery("access_token", k.stale()).bearing(t)
		}},
	)...)
}

// stale is a token that nobody should believe: the valid one with its
// signature turned.
func (k *kit) stale() string {
	return k.segments[0] + "." + k.segments[1] + "." + encode(flip(0)(slices.Clone(k.signature)))
}

// fieldCases spell the Authorization field in other ways.
func fieldCases() []Case {
	cases := carried(Place, Low, fixScheme, refusal,
		carriage{"scheme-absent", "the valid token without a scheme", authorization("%s")},
		carriage{"scheme-basic", "the valid token with the scheme Basic", authorization("Basic %s")},
		carriage{"scheme-other", "the valid token with the scheme Token", authorization("Token %s")},
		carriage{"scheme-glued", "no space between the scheme and the valid token", authorization("Bearer%s")},
		carriage{"scheme-colon", "a colon after the scheme", authorization("Bearer: %s")},
		carriage{"scheme-twice", "the scheme twice", authorization("Bearer Bearer %s")},
		carriage{"scheme-tab", "a tab between the scheme and the valid token", authorization("Bearer\t%s")},
		carriage{"basic-password", "the valid token as the password of Basic", func(k *kit, t string) request {
			return k.base.with("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("m2m:"+t)))
		}},
		carriage{"name-space", "a space before the colon of Authorization", func(k *kit, t string) request { return k.base.with("Authorization ", "Bearer "+t) }},
	)
	cases = append(cases, carried(Place, Critical, fixSignature, refusal,
		carriage{"value-empty", "an empty Authorization field", authorization("")},
		carriage{"scheme-alone", "the scheme and no token", authorization("Bearer")},
		carriage{"scheme-space", "the scheme, a space and no token", authorization("Bearer ")},
		carriage{"scheme-basic-admin", "Basic with admin:admin", authorization("Basic YWRtaW46YWRtaW4=")},
		carriage{"line-end", "a line end inside a forged token", func(k *kit, _ string) request { return k.base.bearing("m2m.\n.probe") }},
		carriage{"nul", "a NUL inside a forged token", func(k *kit, _ string) request { return k.base.bearing("m2m.\x00.probe") }},
	)...)
	cases = append(cases, carried(Place, Low, fixTwice, refusal,
		carriage{"two-headers-valid-first", "two Authorization fields, the first valid, the second forged", func(k *kit, t string) request { return k.base.bearing(t).bearing(k.stale()) }},
		carriage{"two-headers-valid-last", "two Authorization fields, the first forged, the second valid", func(k *kit, t string) request { return k.base.bearing(k.stale()).bearing(t) }},
		carriage{"comma-valid-first", "a valid token, a comma and a forged one", func(k *kit, t string) request {
			return k.base.with("Authorization", "Bearer "+t+", Bearer "+k.stale())
		}},
		carriage{"comma-valid-last", "a forged token, a comma and the valid one", func(k *kit, t string) request {
			return k.base.with("Authorization", "Bearer "+k.stale()+", Bearer "+t)
		}},
	)...)
	cases = append(cases, carried(Place, Low, fixCrash, anything,
		carriage{"scheme-lower", `the scheme as "bearer", which is legal`, authorization("bearer %s")},
		carriage{"scheme-upper", `the scheme as "BEARER", which is legal`, authorization("BEARER %s")},
		carriage{"scheme-two-spaces", "two spaces before the token, which is legal", authorization("Bearer  %s")},
		carriage{"value-spaces", "spaces around the value, which is legal", authorization("  Bearer %s  ")},
		carriage{"value-folded", "the value on two lines, as HTTP once allowed", authorization("Bearer\r\n %s")},
		carriage{"name-lower", "authorization in small letters, which is legal", func(k *kit, t string) request { return k.base.with("authorization", "Bearer "+t) }},
	)...)
	for i := range cases {
		switch cases[i].Name {
		case "line-end", "nul", "name-space", "value-folded":
			cases[i].mayClose = true // servers may drop what is not HTTP
		}
	}
	return cases
}
