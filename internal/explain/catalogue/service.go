package catalogue

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"m2m/internal/text"
)

// Kind is what a service is to its caller.
type Kind string

// The kinds.
const (
	API       Kind = "api"       // a service with an API of its own
	Gateway   Kind = "gateway"   // passes requests on, or answers them itself
	Framework Kind = "framework" // a library or server that somebody's API is built with
)

// Service is something that answers requests, and the marks it is recognised by.
type Service struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
	// Hosts are the ends of its host names: ".vault.azure.net", "dev.azure.com".
	Hosts []string `json:"hosts,omitempty"`
	// Resource is what a token for it is asked for, without "/.default"; Audiences
	// are the other forms that the claim aud has.
	Resource  string   `json:"resource,omitempty"`
	Audiences []string `json:"audiences,omitempty"`
	// Headers prove that it answered: a name, or "name: part of the value".
	Headers []string `json:"headers,omitempty"`
	// Words prove it too: a regular expression over what the response says.
	Words string `json:"words,omitempty"`
	// Roles says where its permissions come from: "entra" for app roles in the
	// token, "azure" for Azure role assignments, "own" for its own settings.
	Roles string `json:"roles,omitempty"`
}

//go:embed services.json
var servicesJSON []byte

var services = sync.OnceValue(func() []Service { return decode[Service](servicesJSON) })

// decode reads an embedded catalogue. Its tests read it too, so that it cannot fail
// where it is used.
func decode[T any](data []byte) []T {
	var rows []T
	if err := json.Unmarshal(data, &rows); err != nil {
		panic("an embedded catalogue: " + err.Error())
	}
	return rows
}

// Services returns every service. The caller does not change them.
func Services() []Service { return services() }

// ServiceByID finds a service.
func ServiceByID(id string) (Service, bool) {
	i := slices.IndexFunc(services(), func(s Service) bool { return s.ID == id })
	if i < 0 {
		return Service{}, false
	}
	return services()[i], true
}

// ServiceByAudience finds the service that tokens with that audience are for.
func ServiceByAudience(aud string) (Service, bool) {
	aud = plainAudience(aud)
	for _, s := range services() {
		if aud != "" && (plainAudience(s.Resource) == aud || slices.ContainsFunc(s.Audiences, func(a string) bool {
			return plainAudience(a) == aud
		})) {
			return s, true
		}
	}
	return Service{}, false
}

// plainAudience ignores the slashes that Entra puts at the end, and case.
func plainAudience(s string) string { return text.LowerASCII(strings.TrimRight(s, "/")) }

// ServiceByHost finds the service behind a host name.
func ServiceByHost(host string) (Service, bool) {
	host = text.LowerASCII(host)
	for _, s := range services() {
		for _, end := range s.Hosts {
			if host == strings.TrimPrefix(end, ".") || strings.HasPrefix(end, ".") && strings.HasSuffix(host, end) {
				return s, true
			}
		}
	}
	return Service{}, false
}

// Proof is a service and what shows that it answered.
type Proof struct {
	Service Service
	By      string // "host", "header NAME" or "its words"
}

// Answered returns the services that the response proves, by its header and by its
// words.
func Answered(header http.Header, words string) []Proof {
	var proofs []Proof
	for _, s := range services() {
		if name := s.header(header); name != "" {
			proofs = append(proofs, Proof{s, "header " + name})
		} else if s.Words != "" && compiled(s.Words).MatchString(words) {
			proofs = append(proofs, Proof{s, "its words"})
		}
	}
	return proofs
}

func (s Service) header(h http.Header) string {
	for _, mark := range s.Headers {
		name, part, _ := strings.Cut(mark, ": ")
		for _, value := range h.Values(name) {
			if strings.Contains(text.LowerASCII(value), part) {
				return name
			}
		}
	}
	return ""
}

// patterns holds each expression once it was needed.
var patterns sync.Map

func compiled(expression string) *regexp.Regexp {
	if r, ok := patterns.Load(expression); ok {
		return r.(*regexp.Regexp) //nolint:forcetypeassert // nothing else is stored
	}
	r := regexp.MustCompile("(?im)" + expression)
	patterns.Store(expression, r)
	return r
}
