package tenant

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/tenant/keyring"
	"m2m/internal/tenant/refusal"
	"m2m/internal/text"
)

// The names that every discovery document of the public cloud has.
const (
	cloudInstance = "microsoftonline.com"
	cloudGraph    = "graph.windows.net"
	msGraph       = "graph.microsoft.com"
	// tenantTemplate stands for the tenant where a document is for many.
	tenantTemplate = "{tenantid}"
)

// discoveryV2 is the v2.0 discovery document (OpenID Connect Discovery 1.0,
// 3), its fields in the order in which Entra sends them. Where the fields of mutual
// TLS (RFC 8705) stand is not known: they follow the other fields of the endpoints.
type discoveryV2 struct {
	TokenEndpoint                string   `json:"token_endpoint"`
	TokenEndpointAuthMethods     []string `json:"token_endpoint_auth_methods_supported"`
	JWKSURI                      string   `json:"jwks_uri"`
	ResponseModes                []string `json:"response_modes_supported"`
	SubjectTypes                 []string `json:"subject_types_supported"`
	IDTokenSigningAlgs           []string `json:"id_token_signing_alg_values_supported"`
	ResponseTypes                []string `json:"response_types_supported"`
	Scopes                       []string `json:"scopes_supported"`
	Issuer                       string   `json:"issuer"`
	RequestURIParameterSupported bool     `json:"request_uri_parameter_supported"`
	UserinfoEndpoint             string   `json:"userinfo_endpoint"`
	AuthorizationEndpoint        string   `json:"authorization_endpoint"`
	DeviceAuthorizationEndpoint  string   `json:"device_authorization_endpoint"`
	HTTPLogoutSupported          bool     `json:"http_logout_supported"`
	FrontchannelLogoutSupported  bool     `json:"frontchannel_logout_supported"`
	EndSessionEndpoint           string   `json:"end_session_endpoint"`
	Claims                       []string `json:"claims_supported"`
	KerberosEndpoint             string   `json:"kerberos_endpoint"`
	mutualTLSFields
	cloudFields
	CodeChallengeMethods []string `json:"code_challenge_methods_supported,omitempty"`
}

// mutualTLSFields are in the v2.0 document since 2025. Entra's alias is at a host of
// its own, this tenant's is the token endpoint itself: what is sent there stays here.
type mutualTLSFields struct {
	Aliases         mutualTLSAliases `json:"mtls_endpoint_aliases"`
	BoundAccessKeys bool             `json:"tls_client_certificate_bound_access_tokens"`
}

type mutualTLSAliases struct {
	TokenEndpoint string `json:"token_endpoint"`
}

// discoveryV1 is the v1.0 discovery document.
type discoveryV1 struct {
	TokenEndpoint               string   `json:"token_endpoint"`
	TokenEndpointAuthMethods    []string `json:"token_endpoint_auth_methods_supported"`
	JWKSURI                     string   `json:"jwks_uri"`
	ResponseModes               []string `json:"response_modes_supported"`
	SubjectTypes                []string `json:"subject_types_supported"`
	IDTokenSigningAlgs          []string `json:"id_token_signing_alg_values_supported"`
	ResponseTypes               []string `json:"response_types_supported"`
	Scopes                      []string `json:"scopes_supported"`
	Issuer                      string   `json:"issuer"`
	MultiRefreshToken           bool     `json:"microsoft_multi_refresh_token"`
	AuthorizationEndpoint       string   `json:"authorization_endpoint"`
	DeviceAuthorizationEndpoint string   `json:"device_authorization_endpoint"`
	HTTPLogoutSupported         bool     `json:"http_logout_supported"`
	FrontchannelLogoutSupported bool     `json:"frontchannel_logout_supported"`
	EndSessionEndpoint          string   `json:"end_session_endpoint"`
	Claims                      []string `json:"claims_supported"`
	CheckSessionIframe          string   `json:"check_session_iframe"`
	UserinfoEndpoint            string   `json:"userinfo_endpoint"`
	KerberosEndpoint            string   `json:"kerberos_endpoint"`
	cloudFields
	CodeChallengeMethods []string `json:"code_challenge_methods_supported,omitempty"`
}

// cloudFields end both documents. The region is null on /common.
type cloudFields struct {
	TenantRegionScope  *string `json:"tenant_region_scope"`
	CloudInstanceName  string  `json:"cloud_instance_name"`
	CloudGraphHostName string  `json:"cloud_graph_host_name"`
	MSGraphHost        string  `json:"msgraph_host"`
	RBACURL            string  `json:"rbac_url"`
}

func newCloudFields(region *string) cloudFields {
	return cloudFields{region, cloudInstance, cloudGraph, msGraph, "https://pas.windows.net"}
}

// documentScope is what a discovery document is for: one tenant, or all of them,
// which /common and /organizations stand for.
type documentScope struct {
	segment string  // in URLs
	tenant  string  // in issuers
	region  *string // null for a group
	// codeChallengeMethods are those of one tenant's file.
	codeChallengeMethods []string
}

func (s *Server) documentScope(segment string) (documentScope, *refusal.Refusal) {
	if s := strings.ToLower(segment); s == "common" || s == "organizations" {
		return documentScope{segment: s, tenant: tenantTemplate}, nil
	}
	t, refused := s.findTenant(segment)
	if refused != nil {
		refused.Word = refusal.InvalidTenant // the token endpoints answer invalid_request
		return documentScope{}, refused
	}
	region := t.RegionScope()
	return documentScope{t.ID, t.ID, &region, t.CodeChallengeMethods}, nil
}

// serveDiscovery answers with the discovery document of one version.
func (s *Server) serveDiscovery(v entra.Version) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		x := newExchange(r, s.now())
		scope, refused := s.documentScope(r.PathValue("tenant"))
		if refused != nil {
			x.documentHeaders(w.Header())
			x.writeRefusal(w, refused)
			return
		}
		x.documentHeaders(w.Header())
		if v == entra.V1 {
			writeJSON(w, http.StatusOK, s.discoveryV1(scope, s.originFor(r), keysQuery(r)))
			return
		}
		writeJSON(w, http.StatusOK, s.discoveryV2(scope, s.originFor(r), keysQuery(r)))
	}
}

// keysQuery repeats ?appid= in the address of the keys: an app with a signing key
// of its own has its own set there.
func keysQuery(r *http.Request) string {
	appID := r.URL.Query().Get("appid")
	if appID == "" {
		return ""
	}
	return "?appid=" + url.QueryEscape(cut(appID))
}

// originFor begins the endpoints in a document: under interception those of another
// cloud than the public one are at that cloud's host, because clients reject a token
// endpoint of another authority.
func (s *Server) originFor(r *http.Request) string {
	host, _, _ := strings.Cut(r.Host, ":")
	cloud, known := entra.Authority{Origin: "https://" + text.LowerASCII(host)}.Cloud()
	if s.proxy == nil || !known || cloud.Host == entra.Clouds()[0].Host {
		return s.maker.Origin
	}
	return "https://" + cloud.Host
}

func (s *Server) discoveryV2(scope documentScope, origin, keysQuery string) discoveryV2 {
	base := origin + "/" + scope.segment
	return discoveryV2{
		TokenEndpoint:               base + "/oauth2/v2.0/token",
		TokenEndpointAuthMethods:    append(authMethods(), "self_signed_tls_client_auth"),
		JWKSURI:                     s.KeysOf(entra.V2, scope.segment) + keysQuery,
		ResponseModes:               []string{"query", "fragment", "form_post"},
		SubjectTypes:                []string{"pairwise"},
		IDTokenSigningAlgs:          []string{"RS256"},
		ResponseTypes:               []string{"code", "id_token", "code id_token", "id_token token"},
		Scopes:                      []string{"openid", "profile", "email", "offline_access"},
		Issuer:                      s.maker.IssuerOf(entra.V2, scope.tenant),
		UserinfoEndpoint:            "https://graph.microsoft.com/oidc/userinfo",
		AuthorizationEndpoint:       base + "/oauth2/v2.0/authorize",
		DeviceAuthorizationEndpoint: base + "/oauth2/v2.0/devicecode",
		HTTPLogoutSupported:         true,
		FrontchannelLogoutSupported: true,
		EndSessionEndpoint:          base + "/oauth2/v2.0/logout",
		Claims:                      append(commonClaims(), "nonce", "preferred_username", "name", "tid", "ver", "at_hash", "c_hash", "email"),
		KerberosEndpoint:            base + "/kerberos",
		mutualTLSFields:             mutualTLSFields{mutualTLSAliases{base + "/oauth2/v2.0/token"}, true},
		cloudFields:                 newCloudFields(scope.region),
		CodeChallengeMethods:        scope.codeChallengeMethods,
	}
}

func (s *Server) discoveryV1(scope documentScope, origin, keysQuery string) discoveryV1 {
	base := origin + "/" + scope.segment
	return discoveryV1{
		TokenEndpoint:               base + "/oauth2/token",
		TokenEndpointAuthMethods:    authMethods(),
		JWKSURI:                     s.KeysOf(entra.V1, scope.segment) + keysQuery,
		ResponseModes:               []string{"query", "fragment", "form_post"},
		SubjectTypes:                []string{"pairwise"},
		IDTokenSigningAlgs:          []string{"RS256"},
		ResponseTypes:               []string{"code", "id_token", "code id_token", "token id_token", "token"},
		Scopes:                      []string{"openid"},
		Issuer:                      s.maker.IssuerOf(entra.V1, scope.tenant),
		MultiRefreshToken:           true,
		AuthorizationEndpoint:       base + "/oauth2/authorize",
		DeviceAuthorizationEndpoint: base + "/oauth2/devicecode",
		HTTPLogoutSupported:         true,
		FrontchannelLogoutSupported: true,
		EndSessionEndpoint:          base + "/oauth2/logout",
		Claims:                      append(commonClaims(), "amr", "nonce", "email", "given_name", "family_name", "nickname"),
		CheckSessionIframe:          base + "/oauth2/checksession",
		UserinfoEndpoint:            base + "/openid/userinfo",
		KerberosEndpoint:            base + "/kerberos",
		cloudFields:                 newCloudFields(scope.region),
		CodeChallengeMethods:        scope.codeChallengeMethods,
	}
}

func authMethods() []string {
	return []string{"client_secret_post", "private_key_jwt", "client_secret_basic"}
}

func commonClaims() []string {
	return []string{
		"sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name",
		"msgraph_host", "aud", "exp", "iat", "auth_time", "acr",
	}
}

// serveKeys answers with the keys of one version. They are the same for every
// tenant, as most of Entra are, which is why their issuer is a template. The
// one that signs comes last: the order of Entra's sets has no meaning, and a
// program that takes the first key has to fail here too.
func (s *Server) serveKeys(v entra.Version) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		x := newExchange(r, s.now())
		if _, refused := s.documentScope(r.PathValue("tenant")); refused != nil {
			x.documentHeaders(w.Header())
			x.writeRefusal(w, refused)
			return
		}
		keys, err := s.maker.Keys.Answer()
		if err != nil {
			http.Error(w, "no signing key", http.StatusInternalServerError)
			return
		}
		set := keyring.JWKSet{Keys: []keyring.JWK{}} // an empty set is a list too
		for _, key := range slices.Backward(keys) {
			public := key.Public()
			public.CloudInstance = cloudInstance
			if v == entra.V2 {
				public.Issuer = s.maker.IssuerOf(v, tenantTemplate)
			}
			set.Keys = append(set.Keys, public)
		}
		x.documentHeaders(w.Header())
		writeJSON(w, http.StatusOK, set)
	}
}

// instanceDiscovery is the answer to MSAL's question whether an authority's
// host is Entra's, and by which other names it goes.
type instanceDiscovery struct {
	TenantDiscoveryEndpoint string                `json:"tenant_discovery_endpoint"`
	APIVersion              string                `json:"api-version"`
	Metadata                []entra.InstanceAlias `json:"metadata"`
}

// serveInstance answers instance discovery: the hosts of Entra's own list are
// known, and the tenant's own.
func (s *Server) serveInstance(w http.ResponseWriter, r *http.Request) {
	x := newExchange(r, s.now())
	x.documentHeaders(w.Header())
	query := r.URL.Query()
	endpoint, err := url.Parse(query.Get("authorization_endpoint"))
	if err != nil || !s.knowsHost(endpoint) {
		x.writeRefusal(w, refusal.UnknownInstance.With(query.Get("authorization_endpoint")))
		return
	}
	version := query.Get("api-version")
	if version == "" {
		version = "1.0"
	}
	writeJSON(w, http.StatusOK, instanceDiscovery{
		TenantDiscoveryEndpoint: tenantDiscovery(endpoint),
		APIVersion:              cut(version),
		Metadata:                entra.InstanceAliases(),
	})
}

func (s *Server) knowsHost(endpoint *url.URL) bool {
	host := text.LowerASCII(endpoint.Host)
	if endpoint.Scheme == "https" && "https://"+host == s.maker.Origin {
		return true
	}
	return slices.ContainsFunc(entra.InstanceAliases(), func(a entra.InstanceAlias) bool { return slices.Contains(a.Aliases, host) })
}

// tenantDiscovery is the discovery document that goes with an authorization
// endpoint: of the same host, tenant and version.
func tenantDiscovery(authorize *url.URL) string {
	tenant, rest, _ := strings.Cut(strings.TrimPrefix(authorize.Path, "/"), "/")
	version := ""
	if strings.HasPrefix(rest, "oauth2/v2.0/") {
		version = "/v2.0"
	}
	u := url.URL{Scheme: "https", Host: authorize.Host, Path: "/" + tenant + version + "/.well-known/openid-configuration"}
	return u.String()
}
