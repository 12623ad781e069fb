package servecmd

import (
	"errors"
	"net/url"
	"strings"

	"github.com/spf13/pflag"

	"m2m/internal/cli"
	"m2m/internal/entra"
	"m2m/internal/exit"
	"m2m/internal/jwks"
	"m2m/internal/serve"
	"m2m/internal/settings"
	"m2m/internal/text"
	"m2m/internal/transport"
	"m2m/internal/verify"
)

// metadataOptions are the flags about the metadata of the API (RFC 9728).
type metadataOptions struct {
	resources     []string
	name          string
	documentation string
	off           bool
}

func (o *metadataOptions) add(flags *pflag.FlagSet) {
	flags.StringArrayVar(&o.resources, "resource", nil,
		"the `URL` that clients call, for the API's metadata (repeatable); default on loopback: the API's own address")
	flags.StringVar(&o.name, "resource-name", "", "the API's `NAME` in its metadata")
	flags.StringVar(&o.documentation, "resource-documentation", "", "the `URL` of a page for developers, in its metadata")
	flags.BoolVar(&o.off, "no-metadata", false, "publish no metadata, and name none in challenges")
}

// identifiers returns the resources. A path is one of origin, next to a local tenant.
func (o metadataOptions) identifiers(origin string, local bool) ([]serve.Resource, error) {
	ids := o.resources
	switch {
	case o.off && (len(ids) > 0 || o.name != "" || o.documentation != ""):
		return nil, exit.Usagef("--no-metadata and a flag about metadata are both given").Hint("leave --no-metadata out")
	case o.off:
		return nil, nil
	case len(ids) == 0 && isLoopbackOrigin(origin):
		ids = []string{origin}
	}
	var resources []serve.Resource
	for _, id := range ids {
		if local && strings.HasPrefix(id, "/") {
			id = origin + strings.TrimSuffix(id, "/")
		}
		resource, err := serve.ParseResource(id)
		if err != nil {
			return nil, exit.Usagef("--resource %s: %v", text.Quote(id), err).
				Hint("give the URL that clients call, such as https://api.example.com/mcp").Wrap(err)
		}
		resources = append(resources, resource)
	}
	if o.documentation != "" {
		if u, err := url.Parse(o.documentation); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return nil, exit.Usagef("--resource-documentation %s is not a URL", text.Quote(o.documentation)).
				Hint("for example --resource-documentation https://example.com/docs")
		}
	}
	return resources, nil
}

func isLoopbackOrigin(origin string) bool {
	u, err := url.Parse(origin)
	return err == nil && transport.Loopback(u.Hostname())
}

// discovery is what clients may find out without a token.
func (o metadataOptions) discovery(
	s *settings.Settings, policy verify.Policy, keys *jwks.Tenants, resources []serve.Resource,
) serve.Discovery {
	return serve.Discovery{
		Off: o.off, Resources: resources, Name: o.name, Documentation: o.documentation,
		Scope: scopeToAskFor(s.Scope.Value, policy.Audiences), Issuers: keys.Issuers,
	}
}

// scopeToAskFor is API_SCOPE; without it that of an audience that is an App ID URI, else
// of the client ID.
func scopeToAskFor(scope string, audiences []string) string {
	if scope != "" {
		return scope
	}
	for _, isAppID := range []func(string) bool{isAppIDURI, entra.IsGUID} {
		for _, audience := range audiences {
			if isAppID(audience) {
				return audience + "/.default"
			}
		}
	}
	return ""
}

func isAppIDURI(audience string) bool {
	return strings.HasPrefix(audience, "https://") || strings.HasPrefix(audience, "api://")
}

// announceMetadata prints where clients find the metadata, or why they cannot.
func (o metadataOptions) announceMetadata(env *cli.Env, resources []serve.Resource) {
	for _, resource := range resources {
		env.Say("metadata for clients: %s", resource.MetadataURL())
	}
	if len(resources) == 0 && !o.off {
		env.Say("no metadata for clients: the URL that they call is not known")
		env.Say("hint: give it with --resource URL, or --no-metadata")
	}
}

// explainResources words what serve found wrong with several resources.
func explainResources(err error) error {
	if errors.Is(err, serve.ErrResourcePath) {
		return exit.Usagef("two --resource URLs have the same path; one document cannot speak for both").
			Hint("give each a path of its own, or run two of m2m serve").Wrap(err)
	}
	return err
}
