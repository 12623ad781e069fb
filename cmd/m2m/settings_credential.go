package main

import (
	"errors"
	"fmt"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/exit"
)

// What can be wrong with the choice of a credential.
var (
	errCredentialSeveral = errors.New("several credentials are given by flag")
	errFederatedUnknown  = errors.New("--federated names no issuer that can be asked")
	errNotACertificate   = errors.New("a flag for certificates is given with another credential")
	errSendChain         = errors.New("the value is neither true nor false")
)

// chooseCredential picks the one credential of a command: an explicit flag; else
// the first of secret, certificate and federated token that one layer gives.
// The zero value means that none is given.
func (l *layers) chooseCredential() (c credentialSettings, err error) {
	if l.client.hasCredential() {
		return l.client.credential, nil
	}
	c, err = l.credentialByFlag()
	if err != nil {
		return c, err
	}
	for _, ly := range l.order() {
		if c.kind == credentialNone {
			c = l.credentialAt(ly)
		}
	}
	if c.kind == credentialCertificate {
		return l.completeCertificate(c)
	}
	for _, name := range []string{"certificate-password-file", "send-chain"} {
		if c.kind != credentialNone && l.switched(name) {
			return c, exit.Usagef("--%s needs a certificate, but the credential is the %s from %s", name, c.kind, c.from).
				Hint("give --certificate, or leave --" + name + " out").
				Wrap(errNotACertificate)
		}
	}
	return c, nil
}

// credentialByFlag returns the credential that flags choose.
func (l *layers) credentialByFlag() (credentialSettings, error) {
	var chosen []credentialSettings
	add := func(c credentialSettings) {
		c.why = fmt.Sprintf("the credential is the %s: %s was given", c.kind, c.from)
		chosen = append(chosen, c)
	}
	if g, ok := l.flag("client-secret-file"); ok {
		add(credentialSettings{kind: credentialSecret, from: g.from, file: l.fileOrStdin(g)})
	}
	if g, ok := l.flag("certificate"); ok {
		add(credentialSettings{kind: credentialCertificate, from: g.from, file: l.path(g).value})
	}
	if g, ok := l.flag("federated-token-file"); ok {
		add(credentialSettings{kind: credentialFederatedFile, from: g.from, file: l.path(g).value})
	}
	if g, ok := l.flag("federated"); ok {
		if g.value != "github" {
			return credentialSettings{}, exit.Usagef("--federated: %s cannot be asked for a token", quoted(g.value)).
				Hint("give --federated github, or a file that holds the token with --federated-token-file").
				Wrap(errFederatedUnknown)
		}
		add(credentialSettings{kind: credentialGitHub, from: g.from})
	}
	if g, ok := l.flag("managed-identity-client"); ok {
		add(credentialSettings{kind: credentialManagedIdentity, from: g.from, identityClient: g.value})
	} else if l.switched("managed-identity") {
		add(credentialSettings{kind: credentialManagedIdentity, from: source{layer: layerFlag, name: "managed-identity"}})
	}
	switch len(chosen) {
	case 0:
		return credentialSettings{}, nil
	case 1:
		return chosen[0], nil
	}
	return credentialSettings{}, exit.Usagef("%s and %s both choose a credential", chosen[0].from, chosen[1].from).
		Hint("leave one of them out").
		Wrap(errCredentialSeveral)
}

// credentialAt returns the credential that the variables of one layer give.
func (l *layers) credentialAt(ly layer) credentialSettings {
	var chosen credentialSettings
	var passedOver []string
	for _, s := range []setting{settingSecret, settingCertificate, settingFederatedToken} {
		g, ok := l.at(ly, s)
		switch {
		case !ok:
		case chosen.kind != credentialNone:
			passedOver = append(passedOver, g.from.name)
		default:
			chosen = l.credentialOf(s, g)
		}
	}
	if chosen.kind == credentialNone {
		return chosen
	}
	chosen.why = fmt.Sprintf("the credential is the %s from %s: no flag chooses one", chosen.kind, chosen.from)
	if len(passedOver) > 0 {
		chosen.why += fmt.Sprintf(", and it comes first there (not used: %s)", strings.Join(passedOver, ", "))
	}
	return chosen
}

func (l *layers) credentialOf(s setting, g given[string]) credentialSettings {
	switch s {
	case settingSecret:
		return credentialSettings{kind: credentialSecret, from: g.from, secret: entra.NewSecret(g.value)}
	case settingCertificate:
		return credentialSettings{kind: credentialCertificate, from: g.from, file: l.path(g).value}
	}
	return credentialSettings{kind: credentialFederatedFile, from: g.from, file: l.path(g).value}
}

// completeCertificate adds the password and the wish to send the chain.
func (l *layers) completeCertificate(c credentialSettings) (credentialSettings, error) {
	if g, ok := l.flag("certificate-password-file"); ok {
		c.passwordFile = l.fileOrStdin(g)
	} else {
		password, err := l.belonging(settingCertificatePassword, c)
		if err != nil {
			return c, err
		}
		c.password = entra.NewSecret(password.value)
	}
	chain, err := l.belonging(settingSendChain, c)
	if err != nil {
		return c, err
	}
	switch strings.ToLower(chain.value) {
	case "1", "true":
		c.sendChain = true
	case "", "0", "false":
	default:
		return c, exit.Usagef("%s is %s, which is neither true nor false", chain.from.subject(), quoted(chain.value)).
			Hint("set it to 1 or true to send the certificate's chain, or remove it").
			Wrap(errSendChain)
	}
	return c, nil
}

// fileOrStdin returns the path in a flag as seen from the working directory;
// "-" stays as it is.
func (l *layers) fileOrStdin(g given[string]) string {
	if g.value == "-" {
		return g.value
	}
	return l.path(g).value
}
