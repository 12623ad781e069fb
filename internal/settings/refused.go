package settings

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/text"
	"m2m/internal/token"
	"m2m/internal/transport"
)

// RefusedError is a token request that the identity provider rejected or that did not
// reach it, with what was sent and where each value came from.
type RefusedError struct {
	Err   error
	sent  string
	hints []string
}

// Error adds a line to the cause.
func (e *RefusedError) Error() string { return e.Err.Error() + "\n" + e.sent }

// Unwrap returns the cause.
func (e *RefusedError) Unwrap() error { return e.Err }

// Hints are about values that do not fit each other.
func (e *RefusedError) Hints() []string { return e.hints }

// Refused adds to the error of a token request what was sent, with the source of each
// value and with the values that were passed over for it. Other errors are returned
// unchanged.
func (s *Settings) Refused(r token.Request, err error) error {
	var refusal *token.Refusal
	if errors.As(err, &refusal) && s.Credential.Kind != KindManagedIdentity {
		return &RefusedError{err, s.sent(r), s.mixUps(r)}
	}
	var unreachable *token.UnreachableError
	if errors.As(err, &unreachable) && r.Region != "" && unreachable.Cause.Fault == transport.FaultDNS {
		return &RefusedError{err, "sent: region " + text.QuoteGiven(r.Region), []string{
			"check the name of the region (az account list-locations --query '[].name'), or leave --region out to use the global endpoint",
		}}
	}
	return err
}

// sent lists what identified the request.
func (s *Settings) sent(r token.Request) string {
	parts := []string{s.sentValue("tenant", Tenant, s.Tenant), s.sentValue("client ID", ClientID, s.Client)}
	if r.Agent != "" {
		parts = append(parts, "agent "+r.Agent+" from --agent")
	}
	parts = append(parts, s.sentValue("scope", Scope, s.Scope))
	if s.Credential.Kind != KindNone {
		parts = append(parts, fmt.Sprintf("%s from %s", s.Credential.Kind, s.Credential.From.Subject()))
	}
	if s.Authority.From.Layer != LayerDefault {
		parts = append(parts, s.sentValue("authority", AuthorityHost, s.Authority))
	}
	return "sent: " + strings.Join(parts, "; ")
}

func (s *Settings) sentValue(name string, which Setting, g Given[string]) string {
	line := fmt.Sprintf("%s %s from %s", name, shownID(g.Value), g.From.Subject())
	for _, other := range s.Passed[which] {
		line += fmt.Sprintf(" (not used: %s, %s)", other.From.Subject(), shownID(other.Value))
	}
	return line
}

// shownID returns a value without quotes where it needs none.
func shownID(value string) string {
	if entra.IsGUID(value) {
		return value
	}
	return text.QuoteGiven(value)
}

// passed lists the values of a setting that another value was taken instead of, if they
// differ from it.
func (l *layers) passed(s Setting, taken Given[string]) (all []Given[string]) {
	for _, ly := range l.order(s) {
		for _, name := range rowOf(s).Variables {
			value, _ := clean(s, l.variable(ly, name))
			if value == "" || strings.EqualFold(value, taken.Value) || ly == taken.From.Layer && name == taken.From.Name {
				continue
			}
			from := Source{Layer: ly, Name: name}
			if l.file != nil && (ly == LayerEnvFile || ly == LayerNamedFile) {
				from.File = l.file.label
			}
			all = append(all, Given[string]{value, from})
		}
	}
	return all
}

// cloudMark is a part of a host name by which a cloud is recognised.
type cloudMark struct{ suffix, cloud string }

// cloudMarks are the domains of the clouds.
// Source: learn.microsoft.com/azure/azure-government/compare-azure-government-global-azure
// and learn.microsoft.com/azure/china/resources-developer-guide.
var cloudMarks = []cloudMark{
	{".onmicrosoft.us", "usgov"}, {".microsoft.us", "usgov"}, {".azure.us", "usgov"}, {".usgovcloudapi.net", "usgov"},
	{".usgovtrafficmanager.net", "usgov"}, {".sharepoint.us", "usgov"},
	{".onmschina.cn", "china"}, {".chinacloudapi.cn", "china"}, {".azure.cn", "china"}, {".sharepoint.cn", "china"},
	{".chinacloudsites.cn", "china"},
	{".sovcloud.fr", "france"}, {".sovcloud.de", "germany"}, {".sovcloud.sg", "singapore"},
	{".onmicrosoft.com", "public"}, {".graph.microsoft.com", "public"}, {".azure.com", "public"}, {".azure.net", "public"},
	{".windows.net", "public"}, {".sharepoint.com", "public"},
}

// cloudOf returns the cloud that a host name belongs to; "" if that is not known.
func cloudOf(host string) string {
	for _, m := range cloudMarks {
		if strings.HasSuffix("."+text.LowerASCII(host), m.suffix) {
			return m.cloud
		}
	}
	return ""
}

// mixUps names values that belong to another cloud than the one that was asked.
func (s *Settings) mixUps(r token.Request) []string {
	asked, ok := r.Authority.Cloud()
	if !ok {
		region, parent, _ := strings.Cut(strings.TrimPrefix(r.Authority.Origin, "https://"), ".")
		if asked, ok = entra.CloudByHost(parent); !ok {
			return nil
		}
		return []string{fmt.Sprintf("the authority host is the regional one of %s: set the host of the cloud, https://%s, and use --region %s",
			text.Quote(region), asked.Host, text.ShellQuote(region))}
	}
	var hints []string
	add := func(what, host, value string) {
		if cloud := cloudOf(host); cloud != "" && cloud != asked.Name {
			const mixed = "%s %s belongs to the %s cloud, and the request went to the %s cloud (%s): use --cloud %s, or the %s of that cloud"
			hints = append(hints, fmt.Sprintf(mixed, what, text.QuoteGiven(value), cloud, asked.Name, asked.Host, cloud, what))
		}
	}
	add("tenant", r.Authority.Tenant, r.Authority.Tenant)
	if u, err := url.Parse(entra.Resource(r.Scope)); err == nil {
		add("scope", u.Hostname(), r.Scope)
	}
	return hints
}
