package probe

import "encoding/base64"

const fixIdentity = "believe no header that a caller can send: strip identity and address headers where requests come in, and decide by the token alone"

// identityCases send no token, but headers that an API behind a gateway may
// take for the gateway's word.
func identityCases() []Case {
	fields := func(list ...field) func(*kit, string) request {
		return func(k *kit, _ string) request {
			r := k.base
			for _, f := range list {
				r = r.with(f.name, f.value)
			}
			return r
		}
	}
	loopback := "127.0.0.1"
	principal := base64.StdEncoding.EncodeToString([]byte(`{"auth_typ":"aad","claims":[{"typ":"roles","val":"admin"}],"name_typ":"name","role_typ":"roles"}`))
	cases := carried(Identity, Critical, fixIdentity, refusal,
		carriage{"x-ms-client-principal", "no token, but X-MS-CLIENT-PRINCIPAL, as of App Service", fields(
			field{"X-MS-CLIENT-PRINCIPAL", principal}, field{"X-MS-CLIENT-PRINCIPAL-ID", "m2m-probe"},
			field{"X-MS-CLIENT-PRINCIPAL-NAME", "m2m-probe"}, field{"X-MS-CLIENT-PRINCIPAL-IDP", "aad"},
		)},
		carriage{"x-forwarded-user", "no token, but X-Forwarded-User, -Email and -Groups", fields(
			field{"X-Forwarded-User", "admin"}, field{"X-Forwarded-Email", "admin@localhost"}, field{"X-Forwarded-Groups", "admin"},
		)},
		carriage{"x-remote-user", "no token, but X-Remote-User and Remote-User", fields(field{"X-Remote-User", "admin"}, field{"Remote-User", "admin"})},
		carriage{"x-auth-client", "no token, but X-Auth-Client-Id and -Roles", fields(
			field{"X-Auth-Client-Id", "m2m-probe"}, field{"X-Auth-Tenant-Id", "m2m-probe"}, field{"X-Auth-Roles", "admin"},
		)},
		carriage{"x-user-claims", "no token, but X-Jwt-Payload and X-Userinfo, as gateways set them", func(k *kit, _ string) request {
			return k.base.with("X-Jwt-Payload", k.segments[1]).with("X-Endpoint-API-UserInfo", k.segments[1]).with("X-Userinfo", k.segments[1])
		}},
		carriage{"client-certificate", "no token, but the subject of a client certificate", fields(
			field{"X-Forwarded-Client-Cert", `Subject="CN=admin"`}, field{"X-SSL-Client-Verify", "SUCCESS"}, field{"X-SSL-Client-S-DN", "CN=admin"},
		)},
		carriage{"x-forwarded-for", "no token, but an address of the API's own machine", fields(
			field{"X-Forwarded-For", loopback}, field{"X-Real-IP", loopback}, field{"X-Client-IP", loopback},
			field{"True-Client-IP", loopback}, field{"Forwarded", "for=" + loopback},
		)},
		carriage{"x-forwarded-host", "no token, but X-Forwarded-Host: localhost", fields(field{"X-Forwarded-Host", "localhost"}, field{"X-Forwarded-Proto", "https"})},
		carriage{"x-internal", "no token, but X-Internal and X-Debug", fields(field{"X-Internal", "true"}, field{"X-Internal-Request", "1"}, field{"X-Debug", "1"})},
	)
	// These may lead to another page, which is for everybody.
	return append(cases, carried(Identity, Critical, fixIdentity, preflight,
		carriage{"x-original-url", "no token, but X-Original-URL and X-Rewrite-URL", func(k *kit, _ string) request {
			return k.base.to("/").with("X-Original-URL", k.base.target).with("X-Rewrite-URL", k.base.target)
		}},
		carriage{"host-localhost", "no token, and the host localhost", func(k *kit, _ string) request {
			r := k.base
			r.host = "localhost"
			return r
		}},
	)...)
}
