package tenantfile

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"time"

	"m2m/internal/entra"
	"m2m/internal/strictyaml"
	"m2m/internal/tenant/directory"
	"m2m/internal/text"
)

// longestLifetime is the longest life of a token that Entra issues, to clients
// that handle continuous access evaluation.
const longestLifetime = 28 * time.Hour

// generate instead of a secret wants a new one for each run.
const generate = "generate"

// items reads a list, each item with a reader of its own.
func items[T any](r *reader, into *[]T, read func(*node, *T)) func(*node) {
	return func(n *node) {
		list, _ := r.List(n)
		values := make([]T, len(list))
		for i, item := range list {
			read(item, &values[i])
		}
		*into = values
	}
}

// listOf reads a list of mappings.
func listOf[T any](r *reader, into *[]T, fields func(*T) []field) func(*node) {
	return items(r, into, func(n *node, value *T) { r.mapping(n, fields(value)) })
}

func (r *reader) text(into *string) func(*node) {
	return func(n *node) { *into, _ = r.Text(n) }
}

func (r *reader) texts(into *[]string) func(*node) {
	return items(r, into, func(n *node, value *string) { *value, _ = r.Text(n) })
}

func (r *reader) bool(into *bool) func(*node) {
	return func(n *node) { *into, _ = r.Bool(n) }
}

// markDefault remembers the client that the key belongs to.
func (r *reader) markDefault(c *directory.Client) func(*node) {
	return func(n *node) {
		if isDefault, _ := r.Bool(n); isDefault {
			r.defaults = append(r.defaults, marked{c, n.KeyPlace})
		}
	}
}

// systemIdentity reads whether a managed identity is that of the machine itself.
func (r *reader) systemIdentity(c *directory.Client) func(*node) {
	return func(n *node) {
		if system, _ := r.Bool(n); system {
			c.Kind = directory.SystemIdentity
		}
	}
}

// version reads a token version: 1.0 or 2.0, or 1 or 2 as the manifest has it.
func (r *reader) version(into *entra.Version) func(*node) {
	return func(n *node) {
		switch {
		case n.Kind != strictyaml.Number && n.Kind != strictyaml.Text:
			r.Expected(n, "1.0 or 2.0")
		case n.Text == "1" || n.Text == "1.0":
			*into = entra.V1
		case n.Text == "2" || n.Text == "2.0":
			*into = entra.V2
		default:
			r.Add(n.Place, "expected 1.0 or 2.0, found %s", text.Quote(n.Text))
		}
	}
}

// date reads a moment (RFC 3339), or a day, which means its beginning in UTC.
func (r *reader) date(into *time.Time) func(*node) {
	return func(n *node) {
		for _, form := range []string{time.DateOnly, time.RFC3339} {
			if at, err := time.Parse(form, n.Text); err == nil && n.Kind == strictyaml.Text {
				*into = at
				return
			}
		}
		r.Expected(n, "a date such as 2027-01-31 or 2027-01-31T12:00:00Z")
	}
}

// lifetime reads one duration, or two between which each token's is random.
func (r *reader) lifetime(from, to *time.Duration) func(*node) {
	return func(n *node) {
		if n.Kind == strictyaml.Map {
			r.mapping(n, r.lifetimeFields(from, to))
			return
		}
		r.duration(from)(n)
	}
}

func (r *reader) lifetimeFields(from, to *time.Duration) []field {
	return []field{
		{Key: "from", Required: true, Read: r.duration(from)},
		{Key: "to", Required: true, Read: r.duration(to)},
	}
}

func (r *reader) duration(into *time.Duration) func(*node) {
	return func(n *node) {
		d, err := time.ParseDuration(n.Text)
		switch {
		case n.Kind != strictyaml.Text || err != nil:
			r.Expected(n, "a duration such as 75m or 90s")
		case d < time.Second || d > longestLifetime || d%time.Second != 0:
			r.Add(n.Place, "expected whole seconds, from 1s to %dh, found another duration", longestLifetime/time.Hour)
		}
		*into = d
	}
}

// secret reads a secret alone, or with the date on which it expires.
func (r *reader) secret(n *node, into *directory.ClientSecret) {
	if n.Kind == strictyaml.Map {
		r.mapping(n, r.secretFields(into))
		return
	}
	r.secretValue(n, into)
}

func (r *reader) secretValue(n *node, into *directory.ClientSecret) {
	switch {
	case n.Kind == strictyaml.Number || n.Kind == strictyaml.Bool:
		r.Add(n.Place, "expected a secret, or the word generate, found %s; put it in quotes if text is meant", n.Kind)
	case n.Kind != strictyaml.Text:
		r.Expected(n, "a secret, or the word generate")
	case n.Text == generate:
		into.Value = directory.NewClientSecret()
	case n.Text == "" || strings.Trim(n.Text, directory.SecretAlphabet) != "":
		r.Add(n.Place, "a secret is made of letters, digits and -._~ as Entra's are; this one is not")
	default:
		into.Value = entra.NewSecret(n.Text)
	}
}

// certificate reads a certificate: the path of a PEM file, or PEM itself.
func (r *reader) certificate(n *node, into **x509.Certificate) {
	var file, inline string
	before := r.Len()
	r.mapping(n, r.certificateFields(&file, &inline))
	switch {
	case r.Len() > before:
		return
	case (file == "") == (inline == ""):
		r.Add(n.Place, "expected one of the keys file and pem, found both or neither")
		return
	}
	data := []byte(inline)
	if file != "" {
		var err error
		if data, err = r.readFile(file); err != nil {
			r.Add(n.Place, "the certificate cannot be read: %v", err)
			return
		}
	}
	found, problem := firstCertificate(data)
	if problem != "" {
		r.Add(n.Place, "%s", problem)
		return
	}
	*into = found
}

// firstCertificate finds the certificate of an app in PEM: the first that is
// not a CA's, if there is a chain, else the first. Keys are ignored.
func firstCertificate(data []byte) (found *x509.Certificate, problem string) {
	data = bytes.TrimSpace(data)
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, "one of its certificates cannot be parsed: " + err.Error()
		}
		if found == nil || found.IsCA && !certificate.IsCA {
			found = certificate
		}
	}
	if found == nil {
		return nil, "there is no PEM block of the type CERTIFICATE in it"
	}
	return found, ""
}
