package settings

import (
	"errors"
	"strings"
	"testing"

	"m2m/internal/entra"
	"m2m/internal/token"
	"m2m/internal/transport"
)

func TestRefusedNamesWhatWasSent(t *testing.T) {
	const other = "aaaaaaaa-1111-4111-8111-aaaaaaaaaaaa"
	s := &Settings{
		Tenant:    Given[string]{"contoso.onmicrosoft.us", Source{Layer: LayerEnvironment, Name: "TENANT_ID"}},
		Client:    Given[string]{other, Source{Layer: LayerEnvironment, Name: "CLIENT_ID"}},
		Scope:     Given[string]{"https://graph.microsoft.us/.default", Source{Layer: layerFlag, Name: "scope"}},
		Authority: Given[string]{"https://login.microsoftonline.com", Source{Layer: LayerDefault}},
		Passed: map[Setting][]Given[string]{ClientID: {{
			"bbbbbbbb-1111-4111-8111-bbbbbbbbbbbb", Source{Layer: LayerEnvironment, Name: "AZURE_CLIENT_ID"},
		}}},
		Credential: Credential{Kind: KindSecret, From: Source{Layer: LayerEnvironment, Name: "CLIENT_SECRET"}},
	}
	request := token.Request{
		Authority: entra.Authority{Origin: s.Authority.Value, Tenant: s.Tenant.Value}, ClientID: other, Scope: s.Scope.Value,
		Agent: "cccccccc-1111-4111-8111-cccccccccccc",
	}
	err := s.Refused(request, &token.Refusal{Code: "unauthorized_client", AADSTS: []int{700016}})
	for _, part := range []string{
		"client ID " + other + " from CLIENT_ID in the environment (not used: AZURE_CLIENT_ID in the environment, bbbbbbbb-1111-4111-8111-bbbbbbbbbbbb)",
		`tenant "contoso.onmicrosoft.us" from TENANT_ID`, `from --scope`, "client secret from CLIENT_SECRET", "agent cccccccc",
	} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%v lacks %q", err, part)
		}
	}
	var refused *RefusedError
	if !errors.As(err, &refused) || !errors.Is(err, token.ErrRefused) {
		t.Fatalf("%v is not a refusal", err)
	}
	hints := strings.Join(refused.Hints(), "\n")
	for _, part := range []string{`tenant "contoso.onmicrosoft.us" belongs to the usgov cloud`, "graph.microsoft.us/.default\" belongs to", "--cloud usgov"} {
		if !strings.Contains(hints, part) {
			t.Errorf("%q lacks %q", hints, part)
		}
	}
	request.Authority.Origin = "https://westeurope.login.microsoft.com"
	errors.As(s.Refused(request, &token.Refusal{}), &refused)
	if hints := strings.Join(refused.Hints(), "\n"); !strings.Contains(hints, "--region westeurope") {
		t.Errorf("%q lacks the region", hints)
	}
	request.Region = "westeurop"
	unreachable := &token.UnreachableError{Cause: &transport.Error{Fault: transport.FaultDNS, Err: errors.New("x")}}
	if err := s.Refused(request, unreachable); !strings.Contains(err.Error(), `region "westeurop"`) || !errors.Is(err, token.ErrUnavailable) {
		t.Errorf("%v lacks the region", err)
	}
	if plain := errors.New("x"); s.Refused(request, plain) != plain || s.Refused(request, nil) != nil {
		t.Error("another error is changed")
	}
}

func TestCloudOf(t *testing.T) {
	for host, want := range map[string]string{
		"contoso.onmicrosoft.us": "usgov", "contoso.partner.onmschina.cn": "china", "management.usgovcloudapi.net": "usgov",
		"vault.azure.cn": "china", "graph.microsoft.com": "public", "management.azure.com": "public", "contoso.com": "",
		"notazure.com": "", "orders": "",
	} {
		if got := cloudOf(host); got != want {
			t.Errorf("%s: %q, want %q", host, got, want)
		}
	}
}
