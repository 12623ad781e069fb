package main

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
		want  credentialSettings // with paths relative to the folder
		why   string
	}{
		"none": {givenSettings{}, credentialSettings{}, ""},
		"the secret comes first in a layer": {
			givenSettings{env: everything},
			credentialSettings{kind: credentialSecret, from: source{layer: layerEnvironment, name: "CLIENT_SECRET"}, secret: entra.NewSecret(secretA)},
			"the credential is the client secret from the environment (CLIENT_SECRET): no flag chooses one, and it comes first there (not used: AZURE_CLIENT_CERTIFICATE_PATH, AZURE_FEDERATED_TOKEN_FILE)",
		},
		"the twin of the secret": {
			givenSettings{env: vars{"AZURE_CLIENT_SECRET": secretB}},
			credentialSettings{kind: credentialSecret, from: source{layer: layerEnvironment, name: "AZURE_CLIENT_SECRET"}, secret: entra.NewSecret(secretB)},
			"the credential is the client secret from the environment (AZURE_CLIENT_SECRET): no flag chooses one",
		},
		"a later kind in a higher layer wins": {
			givenSettings{env: vars{"AZURE_FEDERATED_TOKEN_FILE": "t"}, file: "CLIENT_SECRET=" + secretA},
			credentialSettings{kind: credentialFederatedFile, from: source{layer: layerEnvironment, name: "AZURE_FEDERATED_TOKEN_FILE"}, file: "t"},
			"the credential is the federated token file from the environment (AZURE_FEDERATED_TOKEN_FILE): no flag chooses one",
		},
		"certificate of one layer": {
			givenSettings{env: vars{"AZURE_CLIENT_CERTIFICATE_PATH": "c.pem", "AZURE_CLIENT_CERTIFICATE_PASSWORD": "pw", "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN": "1"}},
			credentialSettings{kind: credentialCertificate, from: source{layer: layerEnvironment, name: "AZURE_CLIENT_CERTIFICATE_PATH"},
				file: "c.pem", password: entra.NewSecret("pw"), sendChain: true},
			"the credential is the certificate from the environment (AZURE_CLIENT_CERTIFICATE_PATH): no flag chooses one",
		},
		"--certificate, completed by the environment": {
			givenSettings{env: everything, flags: flagged{"certificate": {"d.pem"}}},
			credentialSettings{kind: credentialCertificate, from: source{layer: layerFlag, name: "certificate"},
				file: "d.pem", password: entra.NewSecret("pw"), sendChain: true},
			"the credential is the certificate: --certificate was given",
		},
		"flags about the certificate": {
			givenSettings{env: vars{"AZURE_CLIENT_CERTIFICATE_PATH": "c.pem", "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN": "1"},
				flags: flagged{"certificate-password-file": {"-"}, "send-chain": {"false"}}},
			credentialSettings{kind: credentialCertificate, from: source{layer: layerEnvironment, name: "AZURE_CLIENT_CERTIFICATE_PATH"},
				file: "c.pem", passwordFile: "-"},
			"the credential is the certificate from the environment (AZURE_CLIENT_CERTIFICATE_PATH): no flag chooses one",
		},
		"--client-secret-file": {
			givenSettings{env: everything, flags: flagged{"client-secret-file": {"s.txt"}}},
			credentialSettings{kind: credentialSecret, from: source{layer: layerFlag, name: "client-secret-file"}, file: "s.txt"},
			"the credential is the client secret: --client-secret-file was given",
		},
		"--client-secret-file -": {
			givenSettings{flags: flagged{"client-secret-file": {"-"}}},
			credentialSettings{kind: credentialSecret, from: source{layer: layerFlag, name: "client-secret-file"}, file: "-"},
			"the credential is the client secret: --client-secret-file was given",
		},
		"--federated-token-file": {
			givenSettings{env: everything, flags: flagged{"federated-token-file": {"f"}}},
			credentialSettings{kind: credentialFederatedFile, from: source{layer: layerFlag, name: "federated-token-file"}, file: "f"},
			"the credential is the federated token file: --federated-token-file was given",
		},
		"--federated github": {
			givenSettings{env: everything, flags: flagged{"federated": {"github"}}},
			credentialSettings{kind: credentialGitHub, from: source{layer: layerFlag, name: "federated"}},
			"the credential is the GitHub Actions token: --federated was given",
		},
		"--managed-identity": {
			givenSettings{env: everything, flags: flagged{"managed-identity": {"true"}}},
			credentialSettings{kind: credentialManagedIdentity, from: source{layer: layerFlag, name: "managed-identity"}},
			"the credential is the managed identity: --managed-identity was given",
		},
		"--managed-identity-client": {
			givenSettings{flags: flagged{"managed-identity-client": {clientA}}},
			credentialSettings{kind: credentialManagedIdentity, from: source{layer: layerFlag, name: "managed-identity-client"}, identityClient: clientA},
			"the credential is the managed identity: --managed-identity-client was given",
		},
		"--managed-identity=false": {
			givenSettings{flags: flagged{"managed-identity": {"false"}}}, credentialSettings{}, "",
		},
		"the local tenant's": {
			givenSettings{env: everything, local: vars{"CLIENT_SECRET": secretB}},
			credentialSettings{kind: credentialSecret, from: source{layer: layerLocal, name: "CLIENT_SECRET"}, secret: entra.NewSecret(secretB)},
			"the credential is the client secret from the local tenant: no flag chooses one",
		},
	} {
		t.Run(name, func(t *testing.T) {
			test.given.uses.credential = true
			s, in := test.given.resolve(t)
			want := test.want
			want.why = test.why
			for _, path := range []*string{&want.file, &want.passwordFile} {
				if *path != "" && *path != "-" {
					*path = filepath.Join(in.dir, *path)
				}
			}
			sameSecret := cmp.Comparer(func(a, b entra.Secret) bool { return a.Reveal() == b.Reveal() })
			if diff := cmp.Diff(want, s.credential, cmp.AllowUnexported(credentialSettings{}, source{}), sameSecret); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if strings.Contains(s.credential.why, secretA) {
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
		"two credentials": {givenSettings{flags: flagged{"certificate": {"c"}, "client-secret-file": {"-"}}}, errCredentialSeveral},
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
			givenSettings{flags: flagged{"certificate-password-file": {"f"}}, env: vars{"CLIENT_SECRET": secretA}}, errNotACertificate},
		"a chain that is neither true nor false": {
			givenSettings{env: vars{"AZURE_CLIENT_CERTIFICATE_PATH": "c", "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN": "perhaps"}}, errSendChain},
	} {
		t.Run(name, func(t *testing.T) {
			test.given.uses.credential = true
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
	if s.credential.kind != credentialNone || !s.credential.secret.IsZero() {
		t.Errorf("a command that acquires no token holds a credential: %+v", s.credential)
	}
}
