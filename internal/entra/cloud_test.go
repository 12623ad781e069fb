package entra_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/entra"
)

type cloudFacts struct {
	Name               string   `json:"name"`
	Hosts              []string `json:"hosts"`
	IssuerV1           string   `json:"issuer_v1"`
	IssuerV2           string   `json:"issuer_v2"`
	Graph              []string `json:"graph"`
	FederationAudience string   `json:"federation_audience"`
	CloudInstanceName  string   `json:"cloud_instance_name"`
}

func TestCloudsAreAsPublished(t *testing.T) {
	var fixture struct{ Clouds []cloudFacts }
	readFixture(t, "clouds.json", &fixture)
	var got []cloudFacts
	for _, c := range entra.Clouds() {
		facts := cloudFacts{
			Name: c.Name, Hosts: append([]string{c.Host}, c.Aliases...),
			IssuerV1: "https://" + c.STS + "/{tid}/", IssuerV2: "https://" + c.Host + "/{tid}/v2.0",
			Graph: c.Graph, FederationAudience: c.FederationAudience, CloudInstanceName: c.InstanceName,
		}
		if strings.Contains(c.Host, "sovcloud") {
			facts.IssuerV1 = "" // nobody has published one
		}
		got = append(got, facts)
	}
	if diff := cmp.Diff(fixture.Clouds, got); diff != "" {
		t.Errorf("clouds differ from what is published (-published +ours):\n%s", diff)
	}
}

func TestEveryHostFindsItsCloud(t *testing.T) {
	for _, c := range entra.Clouds() {
		if byName, ok := entra.CloudByName(c.Name); !ok || byName.Host != c.Host {
			t.Errorf("CloudByName(%q) finds %q, %v", c.Name, byName.Name, ok)
		}
		for _, host := range append([]string{c.Host}, c.Aliases...) {
			if byHost, ok := entra.CloudByHost(host); !ok || byHost.Name != c.Name {
				t.Errorf("CloudByHost(%q) finds %q, %v; want %q", host, byHost.Name, ok, c.Name)
			}
		}
	}
}

func TestNoHostTwice(t *testing.T) {
	var hosts, names []string
	for _, c := range entra.Clouds() {
		hosts = append(append(hosts, c.Host), c.Aliases...)
		hosts = append(hosts, c.Graph...)
		names = append(names, c.Name, c.FederationAudience)
	}
	for _, list := range [][]string{hosts, names} {
		slices.Sort(list)
		if once := slices.Compact(slices.Clone(list)); len(once) != len(list) {
			t.Errorf("something appears twice: %q", list)
		}
	}
	for _, host := range hosts {
		if host != strings.ToLower(host) || strings.ContainsAny(host, ":/ ") {
			t.Errorf("host %q: want lower case, no scheme, no port", host)
		}
	}
}

func TestCloudBySTS(t *testing.T) {
	for sts, want := range map[string]string{
		"sts.windows.net": "public", "sts.chinacloudapi.cn": "china", "login.sovcloud-identity.de": "germany",
		"login.microsoftonline.com": "", "sts.windows.net.evil.example": "", "": "",
	} {
		if got, ok := entra.CloudBySTS(sts); got.Name != want || ok != (want != "") {
			t.Errorf("CloudBySTS(%q) = %q, %v; want %q", sts, got.Name, ok, want)
		}
	}
}

func TestUnknownHostsHaveNoCloud(t *testing.T) {
	for _, host := range []string{
		"", "microsoftonline.com", "evil.login.microsoftonline.com", "login.microsoftonline.com.evil.example",
		"login.microsoftonline.com:443", "login.microsoftonline.com.", "127.0.0.1", "graph.microsoft.com",
	} {
		if c, ok := entra.CloudByHost(host); ok {
			t.Errorf("CloudByHost(%q) = %q, want none", host, c.Name)
		}
	}
	if c, ok := entra.CloudByName("Public"); ok {
		t.Errorf("CloudByName is exact, but Public finds %q", c.Name)
	}
}

// Entra's own list of login hosts: those that share an entry share a cloud.
func TestInstanceDiscoveryAgrees(t *testing.T) {
	var fixture struct {
		Metadata []struct {
			Network string   `json:"preferred_network"`
			Aliases []string `json:"aliases"`
		}
	}
	readFixture(t, "instance_discovery.json", &fixture)
	// Closed in 2021; and a host of the US government that no document of today names.
	unknown := []string{"login.microsoftonline.de", "login-us.microsoftonline.com"}
	for _, entry := range fixture.Metadata {
		want, known := entra.CloudByHost(entry.Network)
		if known == slices.Contains(unknown, entry.Network) {
			t.Errorf("%s: known = %v", entry.Network, known)
		}
		for _, alias := range entry.Aliases {
			if got, _ := entra.CloudByHost(alias); got.Name != want.Name {
				t.Errorf("%s is in cloud %q, but its entry is %q", alias, got.Name, want.Name)
			}
		}
	}
}

func TestCloudsCannotBeChanged(t *testing.T) {
	entra.Clouds()[0].Aliases[0] = "evil.example"
	if _, ok := entra.CloudByHost("evil.example"); ok {
		t.Error("a caller changed the list of clouds for everyone")
	}
}
