package suite

import (
	"strings"

	"m2m/internal/entra"
)

// Value is a value of a client: what stands in the file, or what the
// variable holds that stands there. The zero value is unset.
type Value struct {
	Value entra.Secret
	// Variable is the variable that is all of the value; empty where the file has
	// the value itself, or a part of it.
	Variable string
	Line     int
}

// IsSet reports whether the file has the value.
func (v Value) IsSet() bool { return v.Line > 0 }

func (r *reader) clients(n *yamlNode) []writtenClient {
	if n.kind != yamlMap {
		r.wrong(n, "clients is a mapping of names to clients")
		return nil
	}
	var clients []writtenClient
	for _, m := range n.members {
		switch {
		case m.key == AsDefault || m.key == AsNone:
			r.fault(m.line, "the name %s has a meaning already; call the client something else", quoteYAML(m.key))
		case !isWord(m.key):
			r.fault(m.line, "a client's name is a word of letters, digits, dots, dashes and underscores, up to 64, not %s", quoteYAML(m.key))
		default:
			clients = append(clients, r.client(m))
		}
	}
	return clients
}

func (r *reader) client(m yamlMember) writtenClient {
	c := writtenClient{name: m.key, line: m.line}
	fields := []field{
		r.variableTo("tenant", &c.tenant),
		r.textTo("client_id", &c.clientID),
		r.variableTo("scope", &c.scope),
		r.variableTo("client_secret", &c.secret),
		r.textTo("client_secret_file", &c.secretFile),
		r.textTo("certificate", &c.certificate),
		r.variableTo("certificate_password", &c.password),
		r.textTo("certificate_password_file", &c.passwordFile),
		r.boolTo("send_chain", &c.sendChain),
		r.textTo("federated_token_file", &c.federatedTokenFile),
	}
	if r.mapping(m.value, "a client", fields) {
		r.checkClient(c)
	}
	return c
}

// variableTo is a field that is a variable and nothing else. A secret must not
// stand in a file that is shared; and where a secret is sent, and what its token
// is good for, is not for a file to say that somebody else may have written.
func (r *reader) variableTo(key string, to *textValue) field {
	return field{key, func(n *yamlNode) {
		t := r.text(n, key)
		*to = t
		pieces, err := splitVariables(t.raw)
		if t.isSet() && (err != nil || len(pieces) != 1 || pieces[0].name == "" || pieces[0].hasDefault) {
			r.fault(t.line, "%s is a variable of the environment, such as ${%s}, and never a value", key, strings.ToUpper(key))
		}
	}}
}

func (r *reader) checkClient(c writtenClient) {
	credentials := 0
	for _, t := range []textValue{c.secret, c.secretFile, c.certificate, c.federatedTokenFile} {
		if t.isSet() {
			credentials++
		}
	}
	hasPassword := c.password.isSet() || c.passwordFile.isSet() || c.sendChain != nil
	switch {
	case credentials > 1:
		r.fault(c.line, "the client %s has several credentials; leave one", quoteYAML(c.name))
	case credentials == 1 && !c.clientID.isSet():
		r.fault(c.line, "the client %s has a credential and no client_id", quoteYAML(c.name))
	case credentials == 0 && (c.clientID.isSet() || c.tenant.isSet()):
		r.fault(c.line, "the client %s has no credential: client_secret, client_secret_file, certificate or federated_token_file", quoteYAML(c.name))
	case credentials == 0 && !c.scope.isSet():
		r.fault(c.line, "the client %s differs in nothing from the default one", quoteYAML(c.name))
	case hasPassword && !c.certificate.isSet():
		r.fault(c.line, "the client %s has no certificate, but what belongs to one", quoteYAML(c.name))
	case c.password.isSet() && c.passwordFile.isSet():
		r.fault(c.line, "the client %s has two passwords for its certificate; leave one", quoteYAML(c.name))
	}
}

// client puts in the variables of a client that is going to be used.
func (b *builder) client(c writtenClient) Client {
	return Client{
		Name: c.name, Line: c.line,
		Tenant: b.value(c.tenant), ClientID: b.value(c.clientID), Scope: b.value(c.scope),
		Secret: b.value(c.secret), SecretFile: b.value(c.secretFile),
		Certificate: b.value(c.certificate), FederatedTokenFile: b.value(c.federatedTokenFile),
		Password: b.value(c.password), PasswordFile: b.value(c.passwordFile),
		SendChain: c.sendChain != nil && *c.sendChain,
	}
}

func (b *builder) value(t textValue) Value {
	if !t.isSet() {
		return Value{}
	}
	v := Value{Line: t.line}
	pieces, err := splitVariables(t.raw)
	if err == nil && len(pieces) == 1 && !pieces[0].hasDefault {
		v.Variable = pieces[0].name
	}
	text, ok := b.expandForProvider(t)
	if !ok {
		return Value{}
	}
	if strings.TrimSpace(text) == "" {
		b.fault(t.line, "this is empty")
	}
	v.Value = entra.NewSecret(text)
	return v
}
