package settings

import (
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
	if g, ok := l.flag("federated"); ok {
		if g.Value != "github" {
			return Credential{}, exit.Usagef("--federated: %s cannot be asked for a token", text.QuoteGiven(g.Value)).
				Hint("give --federated github, or a file that holds the token with --federated-token-file").
				Wrap(errFederatedUnknown)
		}
		add(Credential{Kind: KindGitHub, From: g.From})
	}
	if g, ok := l.flag("managed-identity-client"); ok {
		add(Credential{Kind: KindManagedIdentity, From: g.From, IdentityClient: g.Value})
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
