package token

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"m2m/internal/entra"
	"m2m/internal/text"
)

// Platform is who gives a process a token or an assertion, next to Entra.
type Platform string

// The platforms, as messages name them.
const (
	AppService     Platform = "App Service"
	IMDS           Platform = "the instance metadata service (IMDS)"
	AzureArc       Platform = "the Azure Arc agent"
	AzureML        Platform = "Azure Machine Learning"
	CloudShell     Platform = "Cloud Shell"
	ServiceFabric  Platform = "Service Fabric"
	GitHubActions  Platform = "GitHub Actions"
	AzurePipelines Platform = "Azure Pipelines"
)

// givesAssertions reports whether the platform is one of CI, whose token is an
// assertion for Entra.
func (p Platform) givesAssertions() bool { return p == GitHubActions || p == AzurePipelines }

// PlatformReason is why a platform gave no token, where that is known.
type PlatformReason string

// The reasons.
const (
	ReasonUnknown         PlatformReason = ""
	ReasonNoEndpoint      PlatformReason = "no_endpoint"        // nothing of Azure's answers on this machine
	ReasonNotAssigned     PlatformReason = "not_assigned"       // no identity, or not the one asked for
	ReasonSeveral         PlatformReason = "several"            // several identities, and none named
	ReasonResource        PlatformReason = "resource"           // Entra does not know the API in this tenant
	ReasonWrongHeader     PlatformReason = "wrong_header"       // the secret header of the platform is not this process's
	ReasonMetadataHeader  PlatformReason = "metadata_header"    // a proxy removed a header
	ReasonUpdating        PlatformReason = "updating"           // a 404 of IMDS, after every retry
	ReasonAway            PlatformReason = "away"               // a 410 of IMDS, away for up to 70 seconds
	ReasonThrottled       PlatformReason = "throttled"          // a 429
	ReasonFailing         PlatformReason = "failing"            // a 5xx
	ReasonKeyFileMissing  PlatformReason = "key_file_missing"   // Arc: the challenge names a file that is not there
	ReasonKeyFileDenied   PlatformReason = "key_file_denied"    // Arc: the file may not be read
	ReasonKeyFileStrange  PlatformReason = "key_file_strange"   // Arc: the challenge names something else
	ReasonOldAgent        PlatformReason = "old_agent"          // Arc: it ignores which identity was asked for
	ReasonJobToken        PlatformReason = "job_token"          // CI: the job's token has expired or is not the job's
	ReasonJobPermission   PlatformReason = "job_permission"     // CI: the job may not ask
	ReasonServiceConnect  PlatformReason = "service_connection" // Azure Pipelines: it is not found, or not the job's
	ReasonSignIn          PlatformReason = "sign_in"            // a page for people came
	ReasonNotItsAnswer    PlatformReason = "not_its_answer"     // something in between answers
	ReasonNoAnswer        PlatformReason = "no_answer"          // the network
	ReasonAudienceRefused PlatformReason = "audience"           // CI: the audience is not one that can be asked for
)

// PlatformError is a platform that gave no token. It matches ErrRefused where the
// platform itself rejected the request, and else ErrUnavailable.
type PlatformError struct {
	Platform Platform
	// Status is the HTTP status; 0 if there was no answer.
	Status int
	// Code and Message are the platform's own words, cut to length and made
	// printable; empty if it had none.
	Code, Message string
	// AADSTS are Entra's codes in those words.
	AADSTS []int
	// ID identifies the request for the platform's support.
	ID string
	// RetryAfter is how long the platform asks to wait; 0 if it did not say.
	RetryAfter time.Duration
	// Reason is why, where that is known.
	Reason PlatformReason
	// Identity is the client ID of the identity that was asked for; empty for the
	// system-assigned one. Resource is what the token was to be for.
	Identity, Resource string
	// Err is the cause on this machine; nil if the answer says it all.
	Err error
}

// Error says what the platform answered, in its own words.
func (e *PlatformError) Error() string {
	var b strings.Builder
	switch {
	case e.Reason == ReasonNoEndpoint:
		b.WriteString("this machine has no managed identity endpoint")
		if e.Status != 0 {
			fmt.Fprintf(&b, ": what answers at its address (status %d) is not Azure", e.Status)
		}
	case e.rejected():
		fmt.Fprintf(&b, "%s rejected the request: %d", e.Platform, e.Status)
	case e.Status != 0:
		fmt.Fprintf(&b, "%s answered %d %s", e.Platform, e.Status, http.StatusText(e.Status))
	default:
		fmt.Fprintf(&b, "%s gave no token", e.Platform)
	}
	if e.Code != "" {
		b.WriteString(" " + e.Code)
	}
	if e.Message != "" {
		b.WriteString(": " + strings.TrimRight(e.Message, ". "))
	}
	if e.Err != nil {
		b.WriteString(": " + text.OneLine(e.Err.Error(), maxDescription))
	}
	return strings.Replace(b.String(), "  ", " ", 1)
}

// Unwrap returns the cause on this machine.
func (e *PlatformError) Unwrap() error { return e.Err }

// Is reports whether target is ErrRefused or ErrUnavailable.
func (e *PlatformError) Is(target error) bool {
	if e.rejected() {
		return target == ErrRefused
	}
	return target == ErrUnavailable
}

// rejected reports whether the platform itself said no: a 400 or 401, and from CI a
// 403 or 404 too, in its own words.
func (e *PlatformError) rejected() bool {
	switch e.Reason {
	case ReasonNoEndpoint, ReasonSignIn, ReasonNotItsAnswer, ReasonNoAnswer:
		return false
	case ReasonKeyFileMissing, ReasonKeyFileDenied, ReasonKeyFileStrange, ReasonOldAgent:
		return false
	}
	switch e.Status {
	case http.StatusBadRequest, http.StatusUnauthorized:
		return true
	case http.StatusForbidden, http.StatusNotFound:
		return e.Platform.givesAssertions()
	}
	return false
}

// Transient reports whether the same request may succeed a moment later.
func (e *PlatformError) Transient() bool {
	switch e.Reason {
	case ReasonUpdating, ReasonAway, ReasonThrottled, ReasonFailing:
		return true
	}
	return false
}

// platformAnswer makes the error of an answer that is not a token.
func platformAnswer(p Platform, status int, h http.Header, body []byte) *PlatformError {
	e := &PlatformError{Platform: p, Status: status, RetryAfter: retryAfter(h)}
	isJSON := e.read(body)
	if e.ID == "" {
		for _, name := range []string{"X-Ms-Request-Id", "X-Ms-Correlation-Id", "X-Vss-E2eid", "X-Github-Request-Id"} {
			if id := h.Get(name); id != "" {
				e.ID = text.OneLine(id, maxWord)
				break
			}
		}
	}
	e.Reason = reasonOf(e, h, isJSON, body)
	if e.Reason == ReasonSignIn || status >= 300 && status < 400 {
		if to, err := url.Parse(h.Get("Location")); err == nil && to.Host != "" {
			e.Message = "it redirects to " + text.OneLine(to.Host, maxShown)
		}
	}
	return e
}

// platformRow knows one answer by a part of its words, in small letters.
type platformRow struct {
	platform Platform // empty: any
	words    string
	reason   PlatformReason
}

// platformRows are the answers whose words alone do not tell what to do. Each group names
// its source.
var platformRows = []platformRow{
	// Azure/azure-search-openai-demo#2148, Azure/AppConfiguration#206
	{AppService, "no user assigned or delegated managed identity found", ReasonNotAssigned},
	// Azure/aad-pod-identity#1040, microsoft-authentication-library-for-dotnet#5423
	{"", "identity not found", ReasonNotAssigned},
	{"", "no managed identity found", ReasonNotAssigned},
	{ServiceFabric, "managedidentitynotfound", ReasonNotAssigned},
	// Azure/acs-keyvault-agent PR 43
	{"", "multiple user assigned identities", ReasonSeveral},
	// entra-docs how-to-use-vm-token.md
	{"", "required metadata header", ReasonMetadataHeader},
	{"", "invalid_resource", ReasonResource},
	{"", "aadsts500011", ReasonResource},
	{"", "aadsts50001", ReasonResource},
	{"", "aadsts650057", ReasonResource},
	// learn.microsoft.com/azure/service-fabric/how-to-managed-identity-service-fabric-app-code
	{ServiceFabric, "secretheadernotfound", ReasonWrongHeader},
	// azure-devops-docs troubleshoot-workload-identity.md
	{AzurePipelines, "service connection", ReasonServiceConnect},
	{AzurePipelines, "endpoint", ReasonServiceConnect},
	{AzurePipelines, "tf400813", ReasonJobToken},
	{GitHubActions, "audience", ReasonAudienceRefused},
}

// reasonOf finds the reason by the words of an answer, then by its status and form.
func reasonOf(e *PlatformError, h http.Header, isJSON bool, body []byte) PlatformReason {
	words := strings.ToLower(e.Code + " " + e.Message)
	for _, row := range platformRows {
		if (row.platform == "" || row.platform == e.Platform) && strings.Contains(words, row.words) {
			return row.reason
		}
	}
	isPage := !isJSON && strings.HasPrefix(strings.TrimSpace(string(body)), "<")
	switch {
	case e.Platform == IMDS && !isJSON && !strings.HasPrefix(h.Get("Server"), "IMDS") && e.Status != http.StatusGone:
		return ReasonNoEndpoint // another cloud's, Docker's, a proxy's
	case e.Platform == IMDS && e.Status == http.StatusForbidden:
		return ReasonNoEndpoint
	case e.Status >= 300 && e.Status < 400, e.Status == http.StatusNonAuthoritativeInfo:
		return ReasonSignIn
	case isPage && e.Status < 500:
		return ReasonNotItsAnswer
	case e.Status == http.StatusTooManyRequests:
		return ReasonThrottled
	case e.Status >= 500:
		return ReasonFailing
	case e.Platform == IMDS && e.Status == http.StatusNotFound:
		return ReasonUpdating
	case e.Platform == IMDS && e.Status == http.StatusGone:
		return ReasonAway
	case e.Platform.givesAssertions() && e.Status == http.StatusUnauthorized:
		return ReasonJobToken
	case e.Platform == AzurePipelines && e.Status == http.StatusNotFound:
		return ReasonServiceConnect
	case e.Platform.givesAssertions() && (e.Status == http.StatusForbidden || e.Status == http.StatusNotFound):
		return ReasonJobPermission
	case (e.Platform == AppService || e.Platform == AzureML || e.Platform == ServiceFabric) &&
		(e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden):
		return ReasonWrongHeader
	case e.Status < 300:
		return ReasonNotItsAnswer
	}
	return ReasonUnknown
}

// read takes the platform's own words out of a body: the members in which App
// Service, IMDS, Service Fabric, GitHub and Azure Pipelines put them, the title of a
// page, or the text itself.
func (e *PlatformError) read(body []byte) (isJSON bool) {
	var b struct {
		Error         json.RawMessage `json:"error"`
		Description   string          `json:"error_description"`
		Message       string          `json:"message"`
		Detail        string          `json:"detail"`
		TypeKey       string          `json:"typeKey"`
		CorrelationID string          `json:"correlationId"`
		Correlation   string          `json:"correlation_id"`
	}
	if json.Unmarshal(body, &b) != nil {
		e.Message = pageText(string(body))
		e.findAADSTS()
		return false
	}
	var inner struct {
		Code          string `json:"code"`
		Message       string `json:"message"`
		CorrelationID string `json:"correlationId"`
	}
	if json.Unmarshal(b.Error, &e.Code) != nil && json.Unmarshal(b.Error, &inner) == nil {
		e.Code = inner.Code
	}
	if e.Code == "" {
		e.Code = b.TypeKey
	}
	e.Code = text.OneLine(text.Redact(e.Code), maxWord)
	for _, words := range []string{b.Description, b.Message, inner.Message, b.Detail} {
		if e.Message == "" {
			e.Message = text.OneLine(text.Redact(words), maxDescription)
		}
	}
	for _, id := range []string{b.CorrelationID, b.Correlation, inner.CorrelationID} {
		if e.ID == "" {
			e.ID = text.OneLine(id, maxWord)
		}
	}
	e.findAADSTS()
	return true
}

// aadstsInText matches Entra's codes inside the words of a platform.
var aadstsInText = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`AADSTS\d{5,9}`) })

func (e *PlatformError) findAADSTS() {
	for _, found := range aadstsInText().FindAllString(e.Message, 5) {
		if code, ok := entra.ParseAADSTS(found); ok && !slices.Contains(e.AADSTS, code) {
			e.AADSTS = append(e.AADSTS, code)
		}
	}
}

// pageTitle matches the title of an HTML page.
var pageTitle = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`) })

// pageText returns the title of a page, or a text that is not a page.
func pageText(body string) string {
	if m := pageTitle().FindStringSubmatch(body); m != nil {
		return `a page, "` + text.OneLine(text.Redact(m[1]), maxShown) + `"`
	}
	if strings.HasPrefix(strings.TrimSpace(body), "<") {
		return "a page"
	}
	return text.OneLine(text.Redact(body), maxShown)
}
