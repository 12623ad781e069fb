package main

import (
	"context"
	"errors"
	"fmt"

	"m2m/internal/call"
	"m2m/internal/entra"
	"m2m/internal/exit"
)

// resolveClients finds the settings of each client that a request is sent as,
// under the same rules as the caller's own.
func (r *suiteRun) resolveClients() error {
	for _, c := range r.plan.Clients {
		identity, err := r.identity(c)
		if err != nil {
			return r.ofClient(c.Name, err)
		}
		s, err := resolveAs(r.env, r.cmd, uses{credential: true, call: true, apiURL: r.cmd.Flags().NArg() == 0}, identity)
		if err != nil {
			return r.ofClient(c.Name, err)
		}
		r.clients[c.Name] = s
	}
	return nil
}

// identity turns what the file says of a client into settings.
func (r *suiteRun) identity(c call.SuiteClient) (*suiteIdentity, error) {
	out := &suiteIdentity{values: map[setting]given[string]{}}
	add := func(s setting, key string, v call.SuiteValue) {
		if v.IsSet() {
			out.values[s] = given[string]{v.Value.Reveal(), r.sourceOf(key, v)}
		}
	}
	add(settingTenant, "tenant", c.Tenant)
	add(settingClient, "client_id", c.ClientID)
	add(settingScope, "scope", c.Scope)
	credential, err := r.suiteCredential(c)
	out.credential = credential
	return out, err
}

func (r *suiteRun) suiteCredential(c call.SuiteClient) (out credentialSettings, err error) {
	choose := func(kind credentialKind, key string, v call.SuiteValue) {
		out.kind, out.from = kind, r.sourceOf(key, v)
		out.why = fmt.Sprintf("the credential of the suite's client %s is the %s from %s", c.Name, kind, out.from)
	}
	var pathErr, passwordErr error
	switch {
	case c.Secret.IsSet():
		choose(credentialSecret, "client_secret", c.Secret)
		out.secret = c.Secret.Value
	case c.SecretFile.IsSet():
		choose(credentialSecret, "client_secret_file", c.SecretFile)
		out.file, pathErr = r.credentialFile(c.SecretFile)
	case c.Certificate.IsSet():
		choose(credentialCertificate, "certificate", c.Certificate)
		out.file, pathErr = r.credentialFile(c.Certificate)
		out.password, out.sendChain = c.Password.Value, c.SendChain
		if c.PasswordFile.IsSet() {
			out.passwordFile, passwordErr = r.credentialFile(c.PasswordFile)
		}
	case c.FederatedTokenFile.IsSet():
		choose(credentialFederatedFile, "federated_token_file", c.FederatedTokenFile)
		out.file, pathErr = r.credentialFile(c.FederatedTokenFile)
	}
	return out, errors.Join(pathErr, passwordErr)
}

// credentialFile is a path that a suite names, which stays inside its folder;
// one that a variable holds is the caller's, and may lead anywhere.
func (r *suiteRun) credentialFile(v call.SuiteValue) (string, error) {
	path := v.Value.Reveal()
	if v.Variable != "" {
		return absolute(r.env.dir, path), nil
	}
	if !isInside(r.folder, path) {
		return "", exit.Usagef("%s:%d: the file is outside the folder of the suite", fileName(r.o.suite.file), v.Line).
			Hint("put its path into a variable, and write ${NAME} alone in its place").
			Wrap(errEnvFileOutside)
	}
	return absolute(r.folder, path), nil
}

func (r *suiteRun) sourceOf(key string, v call.SuiteValue) source {
	if v.Variable != "" {
		return source{layer: layerEnvironment, name: v.Variable}
	}
	return source{layer: layerSuite, name: key, file: fmt.Sprintf("%s:%d", fileName(r.o.suite.file), v.Line)}
}

// ofClient says whose settings or token an error is about.
func (r *suiteRun) ofClient(name string, err error) error {
	if name == call.AsDefault {
		return err
	}
	return exit.Errorf(codeOf(err), "the client %q of the suite: %s", name, r.plan.Hide(err.Error())).Wrap(err)
}

// acquireAll gets one token for each client that a request is sent as, before
// the first request: a client that gets none ends the run as it ends call.
func (r *suiteRun) acquireAll(ctx context.Context) error {
	tokens := map[string]entra.Secret{}
	for i, q := range r.plan.Requests {
		got, known := tokens[q.As]
		if !known && q.As != call.AsNone {
			var err error
			if got, err = bearer(r.env, ctx, r.clients[q.As], r.transport, r.as(q.As)); err != nil {
				return r.ofClient(q.As, err)
			}
			tokens[q.As] = got
		}
		r.plan.Requests[i].Request.Token = got
	}
	return nil
}

// as are the options for one client: the token that was given is the default
// one's.
func (r *suiteRun) as(client string) callOptions {
	o := r.o
	if client != call.AsDefault {
		o.tokenFile = ""
	}
	return o
}
