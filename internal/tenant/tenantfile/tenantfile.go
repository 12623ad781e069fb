package tenantfile

import (
	_ "embed" // the built-in tenant's file and the schema
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"m2m/internal/strictyaml"
	"m2m/internal/tenant/directory"
	"m2m/internal/text"
)

// MaxBytes is how large a tenant file may be: some 400 clients.
const MaxBytes = 64 << 10

// maxDepth bounds brackets within brackets. A tenant file has at most five.
const maxDepth = 16

// File is what a tenant file describes: tenants, and how long their tokens live.
type File struct {
	// Tenants are in the order of the file, but for the default: its tenant,
	// client and API come first. The default client is the one marked so, else
	// the first that has a secret and a grant, else the first; its API is that
	// of its first grant.
	Tenants []directory.Tenant
	// TokenLifetime is how long tokens live, LongestTokenLifetime the other end of
	// the range in which each token's life is random. Zero is not set.
	TokenLifetime, LongestTokenLifetime time.Duration
}

//go:embed builtin.yaml
var builtin string

// Builtin returns the file that describes directory.Builtin, with comments that
// explain every key.
func Builtin() string { return builtin }

//go:embed schema.json
var schema string

// Schema returns the JSON Schema of a tenant file, for editors.
func Schema() string { return schema }

// reader collects what is wrong with a tenant file.
type reader struct {
	*strictyaml.Faults
	readFile func(path string) ([]byte, error)
	defaults []marked
}

// marked is a client that is marked as the default, and where.
type marked struct {
	client *directory.Client
	at     strictyaml.Place
}

// Parse reads a tenant file that messages call name. The certificates that it
// names are read with readFile. Secrets that it wants generated are new at every
// call. A fault in the file is a *strictyaml.Error, which shows no secret.
func Parse(name string, data []byte, readFile func(path string) ([]byte, error)) (File, error) {
	root, faults := strictyaml.Parse(name, data, strictyaml.Limits{Bytes: MaxBytes, Depth: maxDepth})
	r := &reader{Faults: faults, readFile: readFile}
	var f File
	if root != nil {
		r.mapping(root, r.fileFields(&f))
	}
	f.fillIDs()
	if r.Len() == 0 {
		r.check(root, &f)
	}
	if r.Len() == 0 {
		r.chooseDefault(root, &f)
	}
	if err := r.Err(); err != nil {
		return File{}, err
	}
	return f, nil
}

// check reports what Entra could not hold, where it is in the file.
func (r *reader) check(root *strictyaml.Node, f *File) {
	wrong := directory.Check(f.Tenants)
	if f.LongestTokenLifetime != 0 && f.LongestTokenLifetime < f.TokenLifetime {
		wrong = append(wrong, &directory.Error{Field: "LongestTokenLifetime", Problem: "it is shorter than the shortest lifetime"})
	}
	for _, w := range wrong {
		n := nodeOf(root, w.Field)
		if n.Key == "" {
			r.Add(n.Place, "%s", w.Problem)
			continue
		}
		r.Add(n.KeyPlace, "%s: %s", n.Key, w.Problem)
	}
}

// keysOf has the keys of the fields that a directory.Error can name.
var keysOf = sync.OnceValue(func() map[string][]string {
	return map[string][]string{
		"Tenants": {"tenants"}, "ID": {"id"}, "Domains": {"domains"}, "APIs": {"apis"}, "URIs": {"uris"}, "TokenVersion": {"version"},
		"Roles": {"roles"}, "OptionalClaims": {"optional_claims"}, "Clients": {"clients"}, "ObjectID": {"object_id"},
		"Secrets": {"secrets"}, "Value": {"value"}, "Certificates": {"certificates"}, "Federated": {"federated"}, "Issuer": {"issuer"},
		"Subject": {"subject"}, "Grants": {"grants"}, "API": {"api"}, "BlockedByPolicy": {"blocked_by_policy"},
		"Identities": {"identities"}, "Agents": {"agents"}, "Kind": {"system"}, "ResourceID": {"resource_id"}, "Blueprint": {"blueprint"},
		"Expression": {"expression"}, "CodeChallengeMethods": {"code_challenge_methods"},
		"LongestTokenLifetime": {"lifetime", "to"},
	}
})

var fieldForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[A-Za-z]+|\d+`) })

// nodeOf returns the value that a field such as Tenants[0].APIs[1].ID was read
// from, or the nearest one around it.
func nodeOf(n *strictyaml.Node, field string) *strictyaml.Node {
	for _, part := range fieldForm().FindAllString(field, -1) {
		if index, err := strconv.Atoi(part); err == nil {
			if index >= len(n.Items) {
				return n
			}
			n = n.Items[index]
			continue
		}
		for _, key := range keysOf()[part] {
			member := n.Member(key)
			if member == nil {
				return n
			}
			n = member
		}
	}
	return n
}

// mapping reads a mapping. Its fault for an unknown key names the one that was
// meant.
func (r *reader) mapping(n *strictyaml.Node, fields []strictyaml.Field) bool {
	return r.Mapping(n, func(key string) string {
		meant := entraNames()[strictyaml.Canonical(key)]
		for _, f := range fields {
			if f.Key == meant || strings.ReplaceAll(f.Key, "_", "") == strictyaml.Canonical(key) {
				return "did you mean " + text.Quote(f.Key) + "?"
			}
		}
		return ""
	}, fields)
}
