package settings

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/exit"
	"m2m/internal/text"
)

// What can be wrong with the choice of a credential.
var (
	errCredentialSeveral = errors.New("several credentials are given by flag")
	errFederatedUnknown  = errors.New("--federated names an unknown issuer")
	errNotACertificate   = errors.New("a flag for certificates is given with another credential")
	errNotFederated      = errors.New("a flag for federated tokens is given with another credential")
	errSendChain         = errors.New("the value is neither true nor false")
)

// chooseCredential returns the credential of a command: the one that a flag
// gives, else the first of secret, certificate and federated token in the highest
// layer that has one. The zero value means that there is none.
func (l *layers) chooseCredential() (c Credential, err error) {
	if l.Client.hasCredential() {
		return l.Client.Credential, nil
	}
	c, err = l.credentialByFlag()
	if err != nil {
		return c, err
	}
	for _, ly := range l.order(ClientSecret) {
		if c.Kind == KindNone {
			c = l.credentialAt(ly)
		}
	}
	if identity := l.LocalIdentity; c.Kind == KindNone && identity != nil {
		c = Credential{
			Kind: KindManagedIdentity, IdentityClient: identity.Client, Local: identity,
			From: Source{Layer: layerLocal, Name: IdentityEndpoint},
			Why:  "the credential is the managed identity of the local tenant: --as chose it",
		}
	}
	if c, err = l.withAudience(c); err != nil {
		return c, err
	}
	if c.Kind == KindCertificate {
		return l.completeCertificate(c)
	}
	for _, name := range []string{"certificate-password-file", "send-chain"} {
		if c.Kind != KindNone && l.switched(name) {
			return c, exit.Usagef("--%s needs a certificate, but the credential is the %s from %s", name, c.Kind, c.From).
				Hint("give --certificate, or leave --" + name + " out").
				Wrap(errNotACertificate)
		}
	}
	return c, nil
}

// credentialByFlag returns the credential that flags give.
func (l *layers) credentialByFlag() (Credential, error) {
	var chosen []Credential
	add := func(c Credential) {
		c.Why = fmt.Sprintf("the credential is the %s: %s was given", c.Kind, c.From)
		chosen = append(chosen, c)
	}
	if g, ok := l.flag("client-secret-file"); ok {
		add(Credential{Kind: KindSecret, From: g.From, File: l.fileOrStdin(g)})
	}
	if g, ok := l.flag("certificate"); ok {
		add(Credential{Kind: KindCertificate, From: g.From, File: l.fileOrStdin(g)})
	}
	if g, ok := l.flag("federated-token-file"); ok {
		add(Credential{Kind: KindFederatedFile, From: g.From, File: l.fileOrStdin(g)})
	}
	if g, ok := l.flag("federated-token-env"); ok {
		add(Credential{Kind: KindFederatedEnv, From: g.From, Variable: g.Value})
	}
	identity, hasIdentity := l.flag("managed-identity-client")
	if g, ok := l.flag("federated"); ok {
		kind := providerKind(g.Value)
		if kind == KindNone {
			return Credential{}, exit.Usagef("--federated: unknown provider %s", text.QuoteGiven(g.Value)).
				Hint("use --federated github, azure-pipelines or managed-identity; other issuers give a file or a variable: " +
					"--federated-token-file PATH, --federated-token-env NAME").
				Wrap(errFederatedUnknown)
		}
		c := Credential{Kind: kind, From: g.From}
		if kind == KindFederatedMI {
			c.IdentityClient, hasIdentity = identity.Value, false
		}
		add(c)
	}
	if hasIdentity {
		add(Credential{Kind: KindManagedIdentity, From: identity.From, IdentityClient: identity.Value})
	} else if l.switched("managed-identity") {
		add(Credential{Kind: KindManagedIdentity, From: Source{Layer: layerFlag, Name: "managed-identity"}})
	}
	switch len(chosen) {
	case 0:
		return Credential{}, nil
	case 1:
		return chosen[0], nil
	}
	return Credential{}, exit.Usagef("%s and %s both choose a credential", chosen[0].From, chosen[1].From).
		Hint("leave one of them out").
		Wrap(errCredentialSeveral)
}

// providerKind returns the kind of a value of --federated; KindNone for others.
func providerKind(name string) CredentialKind {
	switch name {
	case "github":
		return KindGitHub
	case "azure-pipelines":
		return KindPipelines
	case "managed-identity":
		return KindFederatedMI
	}
	return KindNone
}

// withAudience adds the audience of a federated token.
func (l *layers) withAudience(c Credential) (Credential, error) {
	g, ok := l.flag("federated-audience")
	if !ok {
		return c, nil
	}
	switch c.Kind {
	case KindFederatedFile, KindFederatedEnv, KindGitHub, KindFederatedMI:
		c.Audience = g.Value
		return c, nil
	case KindPipelines:
		return c, exit.Usagef("--federated-audience: Azure Pipelines chooses the audience itself").Hint("leave --federated-audience out").
			Wrap(errNotFederated)
	}
	return c, exit.Usagef("--federated-audience needs a federated token, but the credential is %s", cmp.Or(string(c.Kind), "not set")).
		Hint("use --federated, --federated-token-file or --federated-token-env, or leave --federated-audience out").
		Wrap(errNotFederated)
}

// credentialAt returns the credential that the variables of one layer give.
func (l *layers) credentialAt(ly Layer) Credential {
	var chosen Credential
	var unused []string
	for _, s := range []Setting{ClientSecret, Certificate, FederatedToken} {
		g, ok := l.at(ly, s)
		switch {
		case !ok:
		case chosen.Kind != KindNone:
			unused = append(unused, g.From.Name)
		default:
			chosen = l.credentialOf(s, g)
		}
	}
	if chosen.Kind == KindNone {
		return chosen
	}
	chosen.Why = fmt.Sprintf("the credential is the %s from %s: no flag chooses one", chosen.Kind, chosen.From)
	if len(unused) > 0 {
		chosen.Why += fmt.Sprintf(", and it comes first there (not used: %s)", strings.Join(unused, ", "))
	}
	return chosen
}

func (l *layers) credentialOf(s Setting, g Given[string]) Credential {
	switch s {
	case ClientSecret:
		return Credential{Kind: KindSecret, From: g.From, Secret: entra.NewSecret(g.Value)}
	case Certificate:
		return Credential{Kind: KindCertificate, From: g.From, File: l.path(g).Value}
	}
	return Credential{Kind: KindFederatedFile, From: g.From, File: l.path(g).Value}
}

// completeCertificate adds the password and whether the chain is sent.
func (l *layers) completeCertificate(c Credential) (Credential, error) {
	if g, ok := l.flag("certificate-password-file"); ok {
		c.PasswordFile = l.fileOrStdin(g)
	} else {
		c.Password = entra.NewSecret(l.find(CertificatePassword).Value)
	}
	chain := l.find(SendChain)
	switch strings.ToLower(chain.Value) {
	case "1", "true":
		c.SendChain = true
	case "", "0", "false":
	default:
		return c, exit.Usagef("%s is %s, which is neither true nor false", chain.From.Subject(), text.QuoteGiven(chain.Value)).
			Hint("set it to 1 or true to send the certificate's chain, or remove it").
			Wrap(errSendChain)
	}
	return c, nil
}

// fileOrStdin makes the path in a flag absolute; "-" stays as it is.
func (l *layers) fileOrStdin(g Given[string]) string {
	if g.Value == "-" {
		return g.Value
	}
	return l.path(g).Value
}
