package input

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// NotError says that a value or a file is something else than it should be. It
// holds nothing of the value.
type NotError struct {
	// Is says what it is, to follow "it is": "a PEM file with a private key".
	Is string
	// Fix are the ways out, one action each.
	Fix []string
	// Use names what it could be used as instead; empty for nothing.
	Use Use
}

// Use is what a value can be used as.
type Use string

// The uses.
const (
	UseCertificate    Use = "certificate"
	UseSecretFile     Use = "client secret file"
	UseFederatedToken Use = "federated token"
)

// Error implements error.
func (e *NotError) Error() string { return "it is " + e.Is }

// Part returns e for a part of a file: its message is e.Is alone.
func (e *NotError) Part() error { return partError{e} }

type partError struct{ *NotError }

func (e partError) Error() string { return e.Is }

func (e partError) Unwrap() error { return e.NotError }

// Hints returns the ways out.
func (e *NotError) Hints() []string { return e.Fix }

func not(is string, fix ...string) *NotError { return &NotError{Is: is, Fix: fix} }

func (e *NotError) usableAs(use Use) *NotError {
	e.Use = use
	return e
}

// Secret takes a client secret or a password out of a file: its text less the line
// ends at its end, which editors and echo add.
func Secret(data []byte) (secret string, changed []string) {
	s, changed := Text(data)
	return strings.TrimRight(s, "\r\n"), changed
}

// CheckSecret returns what a value is that cannot be a client secret, as a
// *NotError; nil if it may be one. exists reports whether a path names a file.
func CheckSecret(value string, exists func(path string) bool) error {
	s := trimAround(value)
	for _, check := range []func(string) *NotError{
		secretInPEM, secretInJSON, unresolved, secretLines, secretInvisible, secretQuoted, secretAssignment, otherCredential,
		func(s string) *NotError { return secretFile(s, exists) }, secretEncoded,
	} {
		if n := check(s); n != nil {
			return n
		}
	}
	if value != s && strings.TrimSpace(value) == s {
		return nil // white space at an end has an error of its own
	}
	if n := secretInvisible(value); n != nil {
		return n
	}
	return nil
}

func secretInPEM(s string) *NotError {
	if !strings.Contains(s, "-----BEGIN") && !strings.HasPrefix(s, "LS0tLS1CRUdJTi") {
		return nil
	}
	what := "a certificate in PEM form, not a client secret"
	if strings.Contains(s, "PRIVATE KEY") {
		what = "a private key in PEM form, not a client secret"
	}
	return not(what).usableAs(UseCertificate)
}

// secretMembers are the members in which tools give a client secret: az ad sp
// create-for-rbac --json-auth and without it, az keyvault secret show, Graph.
var secretMembers = []string{"clientSecret", "client_secret", "password", "secretText", "secret", "value"}

func secretInJSON(s string) *NotError {
	if !strings.HasPrefix(s, "{") && !strings.HasPrefix(s, "[") {
		return nil
	}
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(s), &object) != nil {
		if strings.HasPrefix(s, "{") && strings.Contains(s, `":`) {
			return not("JSON that cannot be read, not a client secret", "give the client secret alone")
		}
		return nil
	}
	for _, member := range secretMembers {
		if _, ok := object[member]; ok {
			return not(fmt.Sprintf("JSON, whose member '%s' holds the client secret", member),
				fmt.Sprintf("take the secret out of it: jq -r .%s", member))
		}
	}
	return not("JSON, not a client secret", "give the client secret alone")
}

// unresolved finds references to a store of secrets that nothing has replaced.
func unresolved(s string) *NotError {
	lower := strings.ToLower(s)
	switch {
	case strings.HasPrefix(lower, "@microsoft.keyvault("):
		return not("a Key Vault reference that App Service did not resolve",
			"grant the app's managed identity the role Key Vault Secrets User, and check the secret's name in the reference")
	case strings.Contains(s, "${{"), strings.Contains(s, "$(("), strings.HasPrefix(s, "$(") && strings.HasSuffix(s, ")"),
		strings.HasPrefix(s, "{{") && strings.HasSuffix(s, "}}"), strings.HasPrefix(s, "#{") && strings.Contains(s, "}"),
		strings.HasPrefix(s, "${") && strings.HasSuffix(s, "}"):
		return not("a reference that nothing has replaced by the secret",
			"check that the variable or secret of that name exists where the job or container is defined")
	case strings.Contains(s, ".vault.azure.net/"), strings.Contains(s, ".vault.usgovcloudapi.net/"), strings.Contains(s, ".vault.azure.cn/"):
		return not("the address of a Key Vault secret, not its value",
			"read the value: az keyvault secret show --id ADDRESS --query value -o tsv")
	case strings.HasPrefix(lower, "file://"), strings.HasPrefix(lower, "fileb://"):
		return not("the address of a file, not a client secret").usableAs(UseSecretFile)
	case strings.HasPrefix(lower, "arn:aws:"), hasScheme(lower):
		return not("the address of a secret, not its value", "read the value from the store first, then give it")
	}
	return nil
}

// hasScheme reports whether s begins as a URL does, such as op:// and vault://.
func hasScheme(s string) bool {
	scheme, rest, found := strings.Cut(s, "://")
	return found && rest != "" && isVariableName(strings.ReplaceAll(strings.ReplaceAll(scheme, "+", ""), "-", ""))
}

func secretLines(s string) *NotError {
	lines := strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' })
	if len(lines) < 2 {
		return nil
	}
	return not(fmt.Sprintf("%d lines of text, not a client secret", len(lines)), "give the client secret alone, on one line")
}

func secretInvisible(s string) *NotError {
	for i, r := range s {
		at := utf8.RuneCountInString(s[:i]) + 1
		switch {
		case r == utf8.RuneError:
			return not(fmt.Sprintf("not text: character %d is not UTF-8", at), "save the file as UTF-8")
		case r == 0:
			return not("text in UTF-16 or a binary file, not a client secret", "save the file as UTF-8")
		case unicode.IsSpace(r), r == '\u00a0':
			return not(fmt.Sprintf("not a client secret: character %d is white space (%U)", at, r), "copy the secret's Value again, alone")
		case isInvisible(r) || unicode.IsControl(r):
			return not(fmt.Sprintf("not a client secret: character %d is invisible (%U)", at, r),
				"type the value again, or copy it from the portal's copy button")
		}
	}
	return nil
}

func secretQuoted(s string) *NotError {
	if unquote(s) == s {
		return nil
	}
	return not("a value with quotes at both ends, which are not part of a client secret",
		"remove the quotes: docker's env files, Kubernetes and CI variables keep them, a shell does not")
}

// secretAssignment finds NAME=value: a line of a .env file given as value.
func secretAssignment(s string) *NotError {
	rest := s
	for _, word := range []string{"export ", "set ", "$env:"} {
		rest = cutPrefixFold(rest, word)
	}
	name, value, found := strings.Cut(rest, "=")
	if !found {
		name, value, found = strings.Cut(rest, ":")
	}
	name = strings.TrimSpace(name)
	known := slices.Contains([]string{"clientsecret", "secret", "password", "azureclientsecret", "value"},
		strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(name)))
	isConstant := strings.Contains(name, "_") && isVariableName(name) && strings.ToUpper(name) == name
	if !found || strings.Trim(value, "= ") == "" || !known && !isConstant && rest == s {
		return nil
	}
	return not("an assignment, NAME=value, not the value alone", "leave out what stands before the value, the = included")
}

// otherCredential finds what proves an identity in another way.
func otherCredential(s string) *NotError {
	switch {
	case isJWTText(cutScheme(s)):
		return not("a token, not a client secret").usableAs(UseFederatedToken)
	case len(s) == 40 && strings.Trim(strings.ToLower(s), "0123456789abcdef") == "":
		return not("40 hexadecimal digits, the thumbprint of a certificate, not a client secret").usableAs(UseCertificate)
	case len(s) > 200 && strings.HasPrefix(s, "MII"):
		return not("a certificate or key in base64, not a client secret", "write it to a file: base64 -d >FILE").usableAs(UseCertificate)
	case strings.Contains(s, "****"), strings.HasSuffix(s, "…"), strings.HasSuffix(s, "..."):
		return not("a masked value, as the portal and logs show it",
			"the Value is shown once, when the secret is made; if it is lost, make a new one")
	}
	return nil
}

// fileExtensions are those of files that people give instead of what is in them.
var fileExtensions = []string{".pem", ".pfx", ".p12", ".key", ".crt", ".cer", ".txt", ".json", ".env", ".secret", ".jwt", ".yaml", ".yml"}

func secretFile(s string, exists func(string) bool) *NotError {
	name, at := strings.CutPrefix(s, "@")
	looksLikePath := slices.Contains(fileExtensions, strings.ToLower(path.Ext(name))) || strings.HasPrefix(name, "/run/secrets/")
	switch {
	case name == "" || len(name) > 1024 || !looksLikePath && (exists == nil || !exists(name)):
		return nil
	case at:
		return not("the name of a file behind an @, not a client secret").usableAs(UseSecretFile)
	case slices.Contains([]string{".pem", ".pfx", ".p12", ".key", ".crt", ".cer"}, strings.ToLower(path.Ext(name))):
		return not("the name of a file, not a client secret").usableAs(UseCertificate)
	}
	return not("the name of a file, not a client secret").usableAs(UseSecretFile)
}

// secretEncoded finds a client secret of Entra in base64 or percent-encoding.
func secretEncoded(s string) *NotError {
	if strings.Contains(s, "Q%7E") || strings.Contains(s, "Q%7e") {
		return not("a client secret in percent-encoding", "write ~ instead of %7E, and the other escapes as the characters they stand for")
	}
	if data, ok := decodeBase64(s); ok && !strings.Contains(s, "~") && isEntraSecret(strings.TrimSpace(string(data))) {
		return not("a client secret in base64, as kubectl shows it", "decode it first: base64 -d")
	}
	return nil
}

// isEntraSecret reports whether s has the form of the secrets that Entra makes since
// 2021: 40 characters, Q~ behind the fourth.
func isEntraSecret(s string) bool {
	return len(s) == 40 && s[4:6] == "Q~" && strings.IndexFunc(s, func(r rune) bool {
		return r >= utf8.RuneSelf || !isTokenByte(byte(r)) && r != '~'
	}) < 0
}

// SecretShape describes a client secret without telling anything of its value, for
// one that the identity provider rejects.
func SecretShape(s string) string {
	n := utf8.RuneCountInString(s)
	form := fmt.Sprintf("%d characters", n)
	if n == 1 {
		form = "1 character"
	}
	switch {
	case isEntraSecret(s):
		return form + ", in the form of Entra's client secrets"
	case len(s) > 4 && len(s) < 40 && strings.Contains(s, "Q~"):
		return form + ", in the form of Entra's client secrets, which have 40: a part is missing"
	case len(s) > 40 && strings.Contains(s, "Q~"):
		return form + ", in the form of Entra's client secrets, which have 40: something was added"
	}
	for _, r := range s {
		if r >= utf8.RuneSelf {
			return form + ", not all of them ASCII, unlike Entra's client secrets"
		}
	}
	return form + ", not in the form of Entra's client secrets (40 characters, Q~ behind the fourth)"
}
