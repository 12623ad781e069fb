package settings

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"m2m/internal/entra"
)

func TestCredentialChoice(t *testing.T) {
	everything := vars{
		"CLIENT_SECRET": secretA, "AZURE_CLIENT_CERTIFICATE_PATH": "c.pem", "AZURE_FEDERATED_TOKEN_FILE": "t",
		"AZURE_CLIENT_CERTIFICATE_PASSWORD": "pw", "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN": "TRUE",
	}
	for name, test := range map[string]struct {
		given givenSettings
		want  Credential // with paths relative to the folder
		why   string
	}{
		"none": {givenSettings{}, Credential{}, ""},
		"the secret comes first in a layer": {
			givenSettings{env: everything},
			Credential{Kind: KindSecret, From: Source{Layer: LayerEnvironment, Name: "CLIENT_SECRET"},
				Secret: entra.NewSecret(secretA)},
			"the credential is the client secret from the environment (CLIENT_SECRET): no flag chooses one, and it comes first there (not used: AZURE_CLIENT_CERTIFICATE_PATH, AZURE_FEDERATED_TOKEN_FILE)",
		},
		"the twin of the secret": {
			givenSettings{env: vars{"AZURE_CLIENT_SECRET": secretB}},
			Credential{Kind: KindSecret, From: Source{Layer: LayerEnvironment, Name: "AZURE_CLIENT_SECRET"},
				Secret: entra.NewSecret(secretB)},
			"the credential is the client secret from the environment (AZURE_CLIENT_SECRET): no flag chooses one",
		},
		"a later kind in a higher layer wins": {
			givenSettings{env: vars{"AZURE_FEDERATED_TOKEN_FILE": "t"}, file: "CLIENT_SECRET=" + secretA},
			Credential{Kind: KindFederatedFile, From: Source{Layer: LayerEnvironment, Name: "AZURE_FEDERATED_TOKEN_FILE"},
				File: "t"},
			"the credential is the federated token file from the environment (AZURE_FEDERATED_TOKEN_FILE): no flag chooses one",
		},
		"certificate of one layer": {
			givenSettings{
				env: vars{"AZURE_CLIENT_CERTIFICATE_PATH": "c.pem", "AZURE_CLIENT_CERTIFICATE_PASSWORD": "pw",
					"AZURE_CLIENT_SEND_CERTIFICATE_CHAIN": "1"},
			},
			Credential{Kind: KindCertificate, From: Source{Layer: LayerEnvironment, Name: "AZURE_CLIENT_CERTIFICATE_PATH"},
				File: "c.pem", Password: entra.NewSecret("pw"), SendChain: true},
			"the credential is the certificate from the environment (AZURE_CLIENT_CERTIFICATE_PATH): no flag chooses one",
		},
		"--certificate, completed by the environment": {
			givenSettings{env: everything, flags: flagged{"certificate": {"d.pem"}}},
			Credential{Kind: KindCertificate, From: Source{Layer: layerFlag, Name: "certificate"},
				File: "d.pem", Password: entra.NewSecret("pw"), SendChain: true},
			"the credential is the certificate: --certificate was given",
		},
		"flags about the certificate": {
			givenSettings{env: vars{"AZURE_CLIENT_CERTIFICATE_PATH": "c.pem", "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN": "1"},
				flags: flagged{"certificate-password-file": {"-"}, "send-chain": {"false"}}},
			Credential{Kind: KindCertificate, From: Source{Layer: LayerEnvironment, Name: "AZURE_CLIENT_CERTIFICATE_PATH"},
				File: "c.pem", PasswordFile: "-"},
			"the credential is the certificate from the environment (AZURE_CLIENT_CERTIFICATE_PATH): no flag chooses one",
		},
		"--client-secret-file": {
			givenSettings{env: everything, flags: flagged{"client-secret-file": {"s.txt"}}},
			Credential{Kind: KindSecret, From: Source{Layer: layerFlag, Name: "client-secret-file"}, File: "s.txt"},
			"the credential is the client secret: --client-secret-file was given",
		},
		"--client-secret-file -": {
			givenSettings{flags: flagged{"client-secret-file": {"-"}}},
			Credential{Kind: KindSecret, From: Source{Layer: layerFlag, Name: "client-secret-file"}, File: "-"},
			"the credential is the client secret: --client-secret-file was given",
		},
		"--federated-token-file": {
			givenSettings{env: everything, flags: flagged{"federated-token-file": {"f"}}},
			Credential{Kind: KindFederatedFile, From: Source{Layer: layerFlag, Name: "federated-token-file"}, File: "f"},
			"the credential is the federated token file: --federated-token-file was given",
		},
		"--federated github": {
			givenSettings{env: everything, flags: flagged{"federated": {"github"}}},
			Credential{Kind: KindGitHub, From: Source{Layer: layerFlag, Name: "federated"}},
			"the credential is the GitHub Actions token: --federated was given",
		},
		"--managed-identity": {
			givenSettings{env: everything, flags: flagged{"managed-identity": {"true"}}},
			Credential{Kind: KindManagedIdentity, From: Source{Layer: layerFlag, Name: "managed-identity"}},
			"the credential is the managed identity: --managed-identity was given",
		},
		"--managed-identity-client": {
			givenSettings{flags: flagged{"managed-identity-client": {clientA}}},
			Credential{Kind: KindManagedIdentity, From: Source{Layer: layerFlag, Name: "managed-identity-client"},
				IdentityClient: clientA},
			"the credential is the managed identity: --managed-identity-client was given",
		},
		"--managed-identity=false": {
			givenSettings{flags: flagged{"managed-identity": {"false"}}}, Credential{}, "",
		},
		"the local tenant's": {
			givenSettings{env: everything, local: vars{"CLIENT_SECRET": secretB}},
			Credential{Kind: KindSecret, From: Source{Layer: layerLocal, Name: "CLIENT_SECRET"},
				Secret: entra.NewSecret(secretB)},
			"the credential is the client secret from the local tenant: no flag chooses one",
		},
	} {
		t.Run(name, func(t *testing.T) {
			test.given.uses.Credential = true
			s, in := test.given.resolve(t)
			want := test.want
			want.Why = test.why
			for _, path := range []*string{&want.File, &want.PasswordFile} {
				if *path != "" && *path != "-" {
					*path = filepath.Join(in.Dir, *path)
				}
			}
			sameSecret := cmp.Comparer(func(a, b entra.Secret) bool { return a.Reveal() == b.Reveal() })
			if diff := cmp.Diff(want, s.Credential, cmp.AllowUnexported(Credential{}, Source{}), sameSecret); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if strings.Contains(s.Credential.Why, secretA) {
				t.Error("the reason shows the secret")
			}
		})
	}
}

func TestCredentialRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		given givenSettings
		want  error
	}{
		"two credentials": {
			givenSettings{flags: flagged{"certificate": {"c"}, "client-secret-file": {"-"}}}, errCredentialSeveral,
		},
		"two kinds of federation": {
			givenSettings{flags: flagged{"federated": {"github"}, "federated-token-file": {"f"}}}, errCredentialSeveral},
		"both flags of a managed identity are one": {
			givenSettings{flags: flagged{"managed-identity": {"true"}, "managed-identity-client": {clientA}}}, nil},
		"managed identity and another": {
			givenSettings{flags: flagged{"managed-identity": {"true"}, "certificate": {"c"}}}, errCredentialSeveral},
		"federation with an unknown": {givenSettings{flags: flagged{"federated": {"gitlab"}}}, errFederatedUnknown},
		"a chain without certificate": {
			givenSettings{flags: flagged{"send-chain": {"true"}}, env: vars{"CLIENT_SECRET": secretA}}, errNotACertificate},
		"a certificate's password without certificate": {
			givenSettings{
				flags: flagged{"certificate-password-file": {"f"}},
				env:   vars{"CLIENT_SECRET": secretA}}, errNotACertificate,
		},
		"a chain that is neither true nor false": {
			givenSettings{
				env: vars{"AZURE_CLIENT_CERTIFICATE_PATH": "c", "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN": "perhaps"}}, errSendChain,
		},
	} {
		t.Run(name, func(t *testing.T) {
			test.given.uses.Credential = true
			if test.want == nil {
				test.given.resolve(t)
				return
			}
			test.given.refusal(t, test.want)
		})
	}
}

func TestNoCredentialWhereNoneIsUsed(t *testing.T) {
	s, _ := givenSettings{env: vars{"CLIENT_SECRET": secretA}}.resolve(t)
	if s.Credential.Kind != KindNone || !s.Credential.Secret.IsZero() {
		t.Errorf("a command that acquires no token holds a credential: %+v", s.Credential)
	}
}
