package issuer

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"m2m/internal/entra"
	"m2m/internal/tenant/directory"
	"m2m/internal/tenant/refusal"
)

// longestFileLifetime is the longest life of a token that Entra issues, to
// clients that handle continuous access evaluation.
const longestFileLifetime = 28 * time.Hour

// generated in place of a secret wants a new one for each run.
const generated = "generate"

// plain returns the text of a value that is text.
func plain(n node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	}
	return "", false
}

// textValue reads text that is not empty.
func textValue(into *string) reader {
	return func(r *fileReader, n node, _ string) {
		s, ok := plain(n)
		switch {
		case !ok:
			r.expected(n, "text")
		case strings.TrimSpace(s) == "":
			r.problem(placeOf(n), "expected text, found an empty one")
		}
		*into = s
	}
}

func flag(into *bool) reader {
	return func(r *fileReader, n node, _ string) {
		b, ok := n.(*ast.BoolNode)
		if !ok {
			r.expected(n, "true or false")
			return
		}
		*into = b.Value
	}
}

// markDefault remembers the client that the key stands in.
func markDefault(r *fileReader, n node, path string) {
	var marked bool
	flag(&marked)(r, n, path)
	if marked {
		r.defaults = append(r.defaults, path)
	}
}

// version reads a token version: 1.0 or 2.0, or 1 or 2 as the manifest has it.
func version(into *entra.Version) reader {
	return func(r *fileReader, n node, _ string) {
		said, isText := plain(n)
		switch n.(type) {
		case *ast.IntegerNode, *ast.FloatNode:
			said, isText = n.GetToken().Value, true
		}
		switch said {
		case "1", "1.0":
			*into = entra.V1
		case "2", "2.0":
			*into = entra.V2
		default:
			if isText {
				r.problem(placeOf(n), "expected 1.0 or 2.0, found %q", refusal.Bound(said))
				return
			}
			r.expected(n, "1.0 or 2.0")
		}
	}
}

// date reads a moment (RFC 3339), or a day, which means its beginning in UTC.
func date(into *time.Time) reader {
	return func(r *fileReader, n node, _ string) {
		s, _ := plain(n)
		for _, form := range []string{time.DateOnly, time.RFC3339} {
			if at, err := time.Parse(form, s); err == nil {
				*into = at
				return
			}
		}
		r.expected(n, "a date such as 2027-01-31 or 2027-01-31T12:00:00Z")
	}
}

// lifetime reads one duration, or two between which each token's is random.
func lifetime(from, to *time.Duration) reader {
	return func(r *fileReader, n node, path string) {
		if _, ok := n.(*ast.MappingNode); !ok {
			duration(from)(r, n, path)
			return
		}
		object(lifetimeKeys(from, to))(r, n, "")
	}
}

func lifetimeKeys(from, to *time.Duration) []key {
	return []key{
		{"from", "TokenLifetime", true, duration(from)},
		{"to", "LongestTokenLifetime", true, duration(to)},
	}
}

func duration(into *time.Duration) reader {
	return func(r *fileReader, n node, _ string) {
		s, _ := plain(n)
		d, err := time.ParseDuration(s)
		switch {
		case err != nil:
			r.expected(n, "a duration such as 75m or 90s")
		case d < time.Second || d > longestFileLifetime || d%time.Second != 0:
			r.problem(placeOf(n), "expected whole seconds, from 1s to %dh, found another duration", longestFileLifetime/time.Hour)
		}
		*into = d
	}
}

// secret reads a secret alone, or with the date on which it ends.
func secret(into *directory.ClientSecret) reader {
	return func(r *fileReader, n node, path string) {
		if _, ok := n.(*ast.MappingNode); ok {
			object(secretKeys(into))(r, n, path)
			return
		}
		secretValue(into)(r, n, path)
	}
}

func secretValue(into *directory.ClientSecret) reader {
	return func(r *fileReader, n node, _ string) {
		s, ok := plain(n)
		switch {
		case !ok:
			r.expected(n, "a secret, or the word generate")
		case s == generated:
			into.Value = directory.NewClientSecret()
		case s == "" || strings.Trim(s, directory.SecretAlphabet) != "":
			r.problem(placeOf(n), "a secret is made of letters, digits and -._~ as Entra's are; this one is not")
		default:
			into.Value = entra.NewSecret(s)
		}
	}
}

// certificate reads a certificate: the PATH of a PEM file, or PEM itself.
func certificate(into **x509.Certificate) reader {
	return func(r *fileReader, n node, path string) {
		var file, inline string
		before := len(r.problems)
		object(certificateKeys(&file, &inline))(r, n, path)
		switch {
		case len(r.problems) > before:
			return
		case (file == "") == (inline == ""):
			r.problem(placeOf(n), "expected one of the keys file and pem, found both or neither")
			return
		}
		text := []byte(inline)
		if file != "" {
			var err error
			if text, err = r.readFile(file); err != nil {
				r.problem(placeOf(n), "the certificate cannot be read: %v", err)
				return
			}
		}
		found, problem := firstCertificate(text)
		if problem != "" {
			r.problem(placeOf(n), "%s", problem)
			return
		}
		*into = found
	}
}

func certificateKeys(file, inline *string) []key {
	return []key{{"file", "File", false, textValue(file)}, {"pem", "PEM", false, textValue(inline)}}
}

// firstCertificate finds the certificate of an app in PEM: the first that is
// not a CA's, if a chain is there too, else the first. Keys are passed over.
func firstCertificate(text []byte) (found *x509.Certificate, problem string) {
	text = bytes.TrimSpace(text)
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
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
