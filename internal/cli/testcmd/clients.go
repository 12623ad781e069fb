package testcmd

import (
	"errors"
	"fmt"

	"m2m/internal/cli"
	"m2m/internal/exit"
	"m2m/internal/settings"
	"m2m/internal/suite"
	"m2m/internal/text"
)

// resolveClients resolves the settings of each client that a request is sent as, under
// the same trust rules as the caller's own.
func (r *suiteRun) resolveClients() error {
	for _, c := range r.plan.Clients {
		identity, err := r.identity(c)
		if err != nil {
			return r.ofClient(c.Name, err)
		}
		s, err := cli.ResolveAs(r.env, r.cmd, settings.Uses{Credential: true, Call: true, APIURL: r.o.apiURL == ""}, identity)
		if err != nil {
			return r.ofClient(c.Name, err)
		}
		r.clients[c.Name] = s
	}
	return nil
}

// identity is a client of the file, as settings.
func (r *suiteRun) identity(c suite.Client) (*settings.Identity, error) {
	out := &settings.Identity{Values: map[settings.Setting]settings.Given[string]{}}
	add := func(s settings.Setting, key string, v suite.Value) {
		if v.IsSet() {
			out.Values[s] = settings.Given[string]{Value: v.Value.Reveal(), From: r.sourceOf(key, v)}
		}
	}
	add(settings.Tenant, "tenant", c.Tenant)
	add(settings.ClientID, "client_id", c.ClientID)
	add(settings.Scope, "scope", c.Scope)
	credential, err := r.suiteCredential(c)
	out.Credential = credential
	return out, err
}

// suiteCredential is the credential of a client of the file.
func (r *suiteRun) suiteCredential(c suite.Client) (out settings.Credential, err error) {
	choose := func(kind settings.CredentialKind, key string, v suite.Value) {
		out.Kind, out.From = kind, r.sourceOf(key, v)
		out.Why = fmt.Sprintf("the credential of the suite's client %s is the %s from %s", c.Name, kind, out.From)
	}
	var pathErr, passwordErr error
	switch {
	case c.Secret.IsSet():
		choose(settings.KindSecret, "client_secret", c.Secret)
		out.Secret = c.Secret.Value
	case c.SecretFile.IsSet():
		choose(settings.KindSecret, "client_secret_file", c.SecretFile)
		out.File, pathErr = r.credentialFile(c.SecretFile)
	case c.Certificate.IsSet():
		choose(settings.KindCertificate, "certificate", c.Certificate)
		out.File, pathErr = r.credentialFile(c.Certificate)
		out.Password, out.SendChain = c.Password.Value, c.SendChain
		if c.PasswordFile.IsSet() {
			out.PasswordFile, passwordErr = r.credentialFile(c.PasswordFile)
		}
	case c.FederatedTokenFile.IsSet():
		choose(settings.KindFederatedFile, "federated_token_file", c.FederatedTokenFile)
		out.File, pathErr = r.credentialFile(c.FederatedTokenFile)
	}
	return out, errors.Join(pathErr, passwordErr)
}

// credentialFile is the path of a credential. One that the suite names must stay
// inside its folder; one in a variable is the caller's and may be anywhere.
func (r *suiteRun) credentialFile(v suite.Value) (string, error) {
	path := v.Value.Reveal()
	if v.Variable != "" {
		return settings.Absolute(r.env.Dir, path), nil
	}
	if !settings.IsInside(r.folder, path) {
		return "", exit.Usagef("%s:%d: the file is outside the folder of the suite", r.name(), v.Line).
			Hint("put its path into a variable, and write ${NAME} alone in its place").
			Wrap(settings.ErrEnvFileOutside)
	}
	return settings.Absolute(r.folder, path), nil
}

// sourceOf says where a value comes from: a variable, or a line of the file.
func (r *suiteRun) sourceOf(key string, v suite.Value) settings.Source {
	if v.Variable != "" {
		return settings.Source{Layer: settings.LayerEnvironment, Name: v.Variable}
	}
	return settings.Source{Layer: settings.LayerSuite, Name: key, File: fmt.Sprintf("%s:%d", r.name(), v.Line)}
}

// ofClient adds the client to an error, unless that is the default one.
func (r *suiteRun) ofClient(name string, err error) error {
	if name == suite.AsDefault {
		return err
	}
	return exit.Errorf(cli.CodeOf(err), "the client %s of the suite: %s", text.Quote(name), r.plan.Hide(err.Error())).Wrap(err)
}

// as returns the token options of a client: the token that was given is that of the
// default one.
func (r *suiteRun) as(client string) cli.TokenOptions {
	o := r.o.TokenOptions
	if client != suite.AsDefault {
		o.TokenFile = ""
	}
	return o
}
