package explain

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"mime"
	"regexp"
	"strings"
	"sync"

	"m2m/internal/text"
)

// bodyKind is the form of an answer's body.
type bodyKind string

const (
	bodyEmpty bodyKind = "empty"
	bodyJSON  bodyKind = "JSON"
	bodyHTML  bodyKind = "HTML"
	bodyXML   bodyKind = "XML"
	bodyOther bodyKind = "other"
)

// bodyError is what the body of an answer says about why it is not the one that
// was wanted. Every text is bounded and printable.
type bodyError struct {
	kind bodyKind
	// code and message are the API's own, from whichever of the shapes it speaks.
	code, message string
	// checks are those of an API that explains why it rejects a token.
	checks []apiCheck
	// problem reports a problem document (RFC 9457).
	problem bool
}

// apiCheck is one check of verify's report, as serve puts it on the wire.
type apiCheck struct {
	Name     string `json:"name"`
	Status   string `json:"status"`
	Expected string `json:"expected"`
	Found    string `json:"found"`
	Cause    string `json:"cause"`
	Fix      string `json:"fix"`
}

const (
	maxText   = 400 // bytes of a text of the API
	maxShown  = 200 // bytes of an address or a claim
	maxChecks = 32
)

// readBodyError recognises the beginning of a body.
func readBodyError(contentType string, head []byte) bodyError {
	media, _, _ := mime.ParseMediaType(contentType)
	trimmed := bytes.Trim(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	switch {
	case len(trimmed) == 0:
		return bodyError{kind: bodyEmpty}
	case media == "text/html" || htmlBegin().Match(trimmed):
		return bodyError{kind: bodyHTML, message: htmlTitle(trimmed)}
	case trimmed[0] == '{' || trimmed[0] == '[' || strings.HasSuffix(media, "json"):
		return readJSON(trimmed, media)
	case trimmed[0] == '<':
		return readXML(trimmed)
	}
	return bodyError{kind: bodyOther, message: text.Bound(string(trimmed[:min(len(trimmed), 2*maxText)]), maxText)}
}

var (
	htmlBegin = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)^(<!--.*?-->\s*)?<(!doctype\s+html|html|head|body)\b`)
	})
	htmlName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?is)<title[^>]*>\s*(.{0,200}?)\s*</title>`) })
)

func htmlTitle(b []byte) string {
	if m := htmlName().FindSubmatch(b); m != nil {
		return text.Bound(string(m[1]), maxText)
	}
	return ""
}

// jsonError is the union of the shapes in use: problem documents (RFC 9457),
// OAuth errors (RFC 6750, RFC 6749), OData's as Graph and Azure Resource
// Manager speak it, API Management's, and what frameworks answer.
type jsonError struct {
	Error            json.RawMessage `json:"error"`
	ErrorDescription json.RawMessage `json:"error_description"`
	Title            json.RawMessage `json:"title"`
	Detail           json.RawMessage `json:"detail"`
	Message          json.RawMessage `json:"message"`
	Code             json.RawMessage `json:"code"`
	Checks           json.RawMessage `json:"checks"`
}

func readJSON(b []byte, media string) bodyError {
	r := bodyError{kind: bodyJSON, problem: media == "application/problem+json"}
	var j jsonError
	if json.Unmarshal(b, &j) != nil {
		if b[0] != '{' && b[0] != '[' {
			r.kind = bodyOther
		}
		return r
	}
	var inner struct{ Code, Message json.RawMessage }
	if json.Unmarshal(j.Error, &inner) == nil {
		r.code, r.message = jsonText(inner.Code), jsonText(inner.Message)
	} else {
		r.code = jsonText(j.Error)
	}
	r.code = cmp.Or(r.code, jsonText(j.Code))
	r.message = cmp.Or(r.message, jsonText(j.ErrorDescription), jsonText(j.Detail), jsonText(j.Message), jsonText(j.Title))
	r.checks = readChecks(j.Checks)
	return r
}

func readChecks(raw json.RawMessage) []apiCheck {
	var checks []apiCheck
	if json.Unmarshal(raw, &checks) != nil {
		return nil
	}
	checks = checks[:min(len(checks), maxChecks)]
	for i := range checks {
		c := &checks[i]
		for _, s := range []*string{&c.Name, &c.Status, &c.Expected, &c.Found, &c.Cause, &c.Fix} {
			*s = text.Bound(*s, maxText)
		}
	}
	return checks
}

// jsonText returns a JSON string, or the value of OData's {"lang": …, "value": …}.
func jsonText(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return text.Bound(s, maxText)
	}
	var odata struct{ Value string }
	if json.Unmarshal(raw, &odata) == nil {
		return text.Bound(odata.Value, maxText)
	}
	return ""
}

// readXML reads Azure Storage's errors, which are of no namespace.
func readXML(b []byte) bodyError {
	var e struct {
		XMLName xml.Name
		Code    string
		Message string
	}
	r := bodyError{kind: bodyXML}
	if xml.Unmarshal(b, &e) == nil {
		r.code, r.message = text.Bound(e.Code, maxText), text.Bound(e.Message, maxText)
	}
	return r
}
