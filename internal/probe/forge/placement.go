package forge

import (
	"encoding/base64"
	"slices"
	"strings"
)

const (
	fixPlace  = "take a token from the Authorization header and from nowhere else; RFC 6750 section 5.3, RFC 9700 section 4.3.2"
	fixScheme = `ask for the scheme Bearer, in any case, and one space or more before the token; RFC 6750 section 2.1`
	fixTwice  = "answer 400 invalid_request where there is more than one Authorization field or a comma in it: a proxy before " +
		"you may read the other one; RFC 6750 section 3.1"
	// FixCrash is the fix of an API that fails at what it cannot read.
	FixCrash = "answer 401 to whatever cannot be read as a token, and 5xx never"
)

// authorization sends one Authorization field of this form; %s is the token.
func authorization(form string) func(*Kit, string) Request {
	return func(k *Kit, token string) Request {
		return k.base.WithField("Authorization", strings.ReplaceAll(form, "%s", token))
	}
}

// placeCases put the valid token where it does not belong: an API that reads it
// there reads it from logs, links and cookies too.
func placeCases() []Case {
	form := "application/x-www-form-urlencoded"
	cases := placementCases(Place, FoundToken, fixPlace, Rejection,
		placement{"query-access-token", "the valid token in the query, as access_token", func(k *Kit, t string) Request {
			return k.base.withQuery("access_token", t)
		}},
		placement{"query-token", "the valid token in the query, as token", func(k *Kit, t string) Request {
			return k.base.withQuery("token", t)
		}},
		placement{"query-authorization", "the valid token in the query, as authorization", func(k *Kit, t string) Request {
			return k.base.withQuery("authorization", "Bearer "+t)
		}},
		placement{"query-and-forgery", "the valid token in the query, a forgery in the header", func(k *Kit, t string) Request {
			return k.base.withQuery("access_token", t).WithToken(k.tampered())
		}},
		placement{"form-post", "the valid token in a form, by POST", func(k *Kit, t string) Request {
			return k.base.withMethod("POST").withBody(form, "access_token="+t)
		}},
		placement{"form-get", "the valid token in a form, by GET", func(k *Kit, t string) Request {
			return k.base.withMethod("GET").withBody(form, "access_token="+t)
		}},
		placement{"cookie", "the valid token in cookies", func(k *Kit, t string) Request {
			return k.base.WithField("Cookie", "access_token="+t+"; token="+t+"; Authorization="+t+"; jwt="+t)
		}},
		placement{"proxy-authorization", "the valid token in Proxy-Authorization", func(k *Kit, t string) Request {
			return k.base.WithField("Proxy-Authorization", "Bearer "+t)
		}},
		placement{"x-authorization", "the valid token in X-Authorization", func(k *Kit, t string) Request {
			return k.base.WithField("X-Authorization", "Bearer "+t)
		}},
		placement{"x-forwarded-authorization", "the valid token in X-Forwarded-Authorization and -Access-Token", func(k *Kit, t string) Request {
			return k.base.WithField("X-Forwarded-Authorization", "Bearer "+t).WithField("X-Forwarded-Access-Token", t)
		}},
		placement{"x-access-token", "the valid token in X-Access-Token and X-Auth-Token", func(k *Kit, t string) Request {
			return k.base.WithField("X-Access-Token", t).WithField("X-Auth-Token", t)
		}},
	)
	cases = append(cases, placementCases(Place, AnybodyBreaks, FixCrash, Anything,
		placement{"query-beside", "the valid token in the header, a forgery in the query", func(k *Kit, t string) Request {
			return k.base.withQuery("access_token", k.tampered()).WithToken(t)
		}},
	)...)
	for i := range cases {
		cases[i].InLog = strings.HasPrefix(cases[i].Name, "query-")
	}
	return cases
}

// tampered returns the valid token with one bit of its signature changed.
func (k *Kit) tampered() string {
	return k.segments[0] + "." + k.segments[1] + "." + encode(flipBit(0)(slices.Clone(k.signature)))
}

// fieldCases spell the Authorization field in other ways.
func fieldCases() []Case {
	cases := placementCases(Place, OwnToken, fixScheme, Rejection,
		placement{"scheme-absent", "the valid token without a scheme", authorization("%s")},
		placement{"scheme-basic", "the valid token with the scheme Basic", authorization("Basic %s")},
		placement{"scheme-other", "the valid token with the scheme Token", authorization("Token %s")},
		placement{"scheme-glued", "no space between the scheme and the valid token", authorization("Bearer%s")},
		placement{"scheme-colon", "a colon after the scheme", authorization("Bearer: %s")},
		placement{"scheme-twice", "the scheme twice", authorization("Bearer Bearer %s")},
		placement{"scheme-tab", "a tab between the scheme and the valid token", authorization("Bearer\t%s")},
		placement{"basic-password", "the valid token as the password of Basic", func(k *Kit, t string) Request {
			return k.base.WithField("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("m2m:"+t)))
		}},
		placement{"name-space", "a space before the colon of Authorization", func(k *Kit, t string) Request {
			return k.base.WithField("Authorization ", "Bearer "+t)
		}},
	)
	cases = append(cases, placementCases(Place, AnybodyIn, fixSignature, Rejection,
		placement{"value-empty", "an empty Authorization field", authorization("")},
		placement{"scheme-alone", "the scheme and no token", authorization("Bearer")},
		placement{"scheme-space", "the scheme, a space and no token", authorization("Bearer ")},
		placement{"scheme-basic-admin", "Basic with admin:admin", authorization("Basic YWRtaW46YWRtaW4=")},
		placement{"line-end", "a line end inside a forged token", func(k *Kit, _ string) Request { return k.base.WithToken("m2m.\n.probe") }},
		placement{"nul", "a NUL inside a forged token", func(k *Kit, _ string) Request { return k.base.WithToken("m2m.\x00.probe") }},
	)...)
	cases = append(cases, placementCases(Place, OwnToken, fixTwice, Rejection,
		placement{"two-headers-valid-first", "two Authorization fields, the first valid, the second forged", func(k *Kit, t string) Request {
			return k.base.WithToken(t).WithToken(k.tampered())
		}},
		placement{"two-headers-valid-last", "two Authorization fields, the first forged, the second valid", func(k *Kit, t string) Request {
			return k.base.WithToken(k.tampered()).WithToken(t)
		}},
		placement{"comma-valid-first", "a valid token, a comma and a forged one", func(k *Kit, t string) Request {
			return k.base.WithField("Authorization", "Bearer "+t+", Bearer "+k.tampered())
		}},
		placement{"comma-valid-last", "a forged token, a comma and the valid one", func(k *Kit, t string) Request {
			return k.base.WithField("Authorization", "Bearer "+k.tampered()+", Bearer "+t)
		}},
	)...)
	cases = append(cases, placementCases(Place, AnybodyBreaks, FixCrash, Anything,
		placement{"scheme-lower", `the scheme as "bearer", which is legal`, authorization("bearer %s")},
		placement{"scheme-upper", `the scheme as "BEARER", which is legal`, authorization("BEARER %s")},
		placement{"scheme-two-spaces", "two spaces before the token, which is legal", authorization("Bearer  %s")},
		placement{"value-spaces", "spaces around the value, which is legal", authorization("  Bearer %s  ")},
		placement{"value-folded", "the value on two lines, as HTTP once allowed", authorization("Bearer\r\n %s")},
		placement{"name-lower", "authorization in small letters, which is legal", func(k *Kit, t string) Request {
			return k.base.WithField("authorization", "Bearer "+t)
		}},
	)...)
	for i := range cases {
		switch cases[i].Name {
		case "line-end", "nul", "name-space", "value-folded":
			cases[i].MayClose = true // servers may drop what is not HTTP
		}
	}
	return cases
}

const fixSmuggled = "strip identity headers behind the parser that the API uses, drop names with _ or space and bare line ends where " +
	"requests come in, and decide by the token alone; RFC 9112 sections 2.2 and 5.1"

const fixIdentity = "trust no header that a caller can send: strip identity and address headers where requests come in, and " +
	"decide by the token alone"

// smuggledCases send no token, but an identity in a form that a proxy in front of
// the API does not see and strip, and that the API then reads.
func smuggledCases() []Case {
	// after sends an identity behind another field.
	after := func(separator string) func(*Kit, string) Request {
		return func(k *Kit, _ string) Request {
			return k.base.WithField("X-M2M", "probe"+separator+"X-Forwarded-User: admin"+separator+"X-MS-CLIENT-PRINCIPAL-ID: m2m-probe")
		}
	}
	cases := placementCases(Identity, AnybodyIn, fixSmuggled, Rejection,
		placement{"smuggled-underscore", "no token, but identity headers with _ for -, as CGI and WSGI read them",
			func(k *Kit, _ string) Request {
				return k.base.WithField("X_Forwarded_User", "admin").WithField("X_Remote_User", "admin").
					WithField("X_MS_CLIENT_PRINCIPAL_ID", "m2m-probe")
			}},
		placement{"smuggled-connection", "no token, and Connection names the headers that a proxy adds (CVE-2022-31813)",
			func(k *Kit, _ string) Request {
				return k.base.WithField("Connection", "close, X-Forwarded-For, X-Real-IP, Forwarded, X-Forwarded-Host")
			}},
		placement{"smuggled-space", "no token, but an identity header with a space before its colon", func(k *Kit, _ string) Request {
			return k.base.WithField("X-Forwarded-User ", "admin").WithField("X-MS-CLIENT-PRINCIPAL-ID ", "m2m-probe")
		}},
		placement{"smuggled-line-feed", "no token, but identity headers after a bare line feed in another one", after("\n")},
		placement{"smuggled-return", "no token, but identity headers after a bare carriage return in another one", after("\r")},
		placement{"smuggled-fold", "no token, but identity headers on folded lines of another one", after("\r\n ")},
	)
	for i := range cases {
		cases[i].MayClose = true // some are not HTTP
	}
	return cases
}

// identityCases send no token, but headers that an API may trust because a
// gateway in front of it sets them.
func identityCases() []Case {
	fields := func(list ...field) func(*Kit, string) Request {
		return func(k *Kit, _ string) Request {
			r := k.base
			for _, f := range list {
				r = r.WithField(f.name, f.value)
			}
			return r
		}
	}
	loopback := "127.0.0.1"
	principal := base64.StdEncoding.EncodeToString([]byte(`{"auth_typ":"aad","claims":[{"typ":"roles","val":"admin"}],` +
		`"name_typ":"name","role_typ":"roles"}`))
	cases := placementCases(Identity, AnybodyIn, fixIdentity, Rejection,
		placement{"x-ms-client-principal", "no token, but X-MS-CLIENT-PRINCIPAL, as of App Service", fields(
			field{"X-MS-CLIENT-PRINCIPAL", principal}, field{"X-MS-CLIENT-PRINCIPAL-ID", "m2m-probe"},
			field{"X-MS-CLIENT-PRINCIPAL-NAME", "m2m-probe"}, field{"X-MS-CLIENT-PRINCIPAL-IDP", "aad"},
		)},
		placement{"x-forwarded-user", "no token, but X-Forwarded-User, -Email and -Groups", fields(
			field{"X-Forwarded-User", "admin"}, field{"X-Forwarded-Email", "admin@localhost"}, field{"X-Forwarded-Groups", "admin"},
		)},
		placement{"x-remote-user", "no token, but X-Remote-User and Remote-User",
			fields(field{"X-Remote-User", "admin"}, field{"Remote-User", "admin"})},
		placement{"x-auth-client", "no token, but X-Auth-Client-Id and -Roles", fields(
			field{"X-Auth-Client-Id", "m2m-probe"}, field{"X-Auth-Tenant-Id", "m2m-probe"}, field{"X-Auth-Roles", "admin"},
		)},
		placement{"x-user-claims", "no token, but X-Jwt-Payload and X-Userinfo, as gateways set them", func(k *Kit, _ string) Request {
			claims := k.segments[1]
			return k.base.WithField("X-Jwt-Payload", claims).WithField("X-Endpoint-API-UserInfo", claims).WithField("X-Userinfo", claims)
		}},
		placement{"client-certificate", "no token, but the subject of a client certificate", fields(
			field{"X-Forwarded-Client-Cert", `Subject="CN=admin"`}, field{"X-SSL-Client-Verify", "SUCCESS"}, field{"X-SSL-Client-S-DN", "CN=admin"},
		)},
		placement{"x-forwarded-for", "no token, but an address of the API's own machine", fields(
			field{"X-Forwarded-For", loopback}, field{"X-Real-IP", loopback}, field{"X-Client-IP", loopback},
			field{"True-Client-IP", loopback}, field{"Forwarded", "for=" + loopback},
		)},
		placement{"x-forwarded-host", "no token, but X-Forwarded-Host: localhost",
			fields(field{"X-Forwarded-Host", "localhost"}, field{"X-Forwarded-Proto", "https"})},
		placement{"x-internal", "no token, but X-Internal and X-Debug",
			fields(field{"X-Internal", "true"}, field{"X-Internal-Request", "1"}, field{"X-Debug", "1"})},
	)
	cases = append(cases, smuggledCases()...)
	// These may lead to another page, which is for everybody.
	return append(cases, placementCases(Identity, AnybodyIn, fixIdentity, Preflight,
		placement{"x-original-url", "no token, but X-Original-URL and X-Rewrite-URL", func(k *Kit, _ string) Request {
			return k.base.WithTarget("/").WithField("X-Original-URL", k.base.Target).WithField("X-Rewrite-URL", k.base.Target)
		}},
		placement{"host-localhost", "no token, and the host localhost", func(k *Kit, _ string) Request {
			r := k.base
			r.host = "localhost"
			return r
		}},
	)...)
}
