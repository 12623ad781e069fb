package reply

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// json reads an error document. A document that is cut, or is none after all,
// gives what was read up to there.
func (r reader) json(b []byte) {
	w := &walker{reader: r, limit: 2000}
	if !r.isError() {
		if w.path = errorInside(b); w.path == nil {
			return
		}
		r.Inside = true
	}
	decoder := json.NewDecoder(bytes.NewReader(b))
	decoder.UseNumber()
	w.value(decoder, nil)
}

// errorInside returns the name of the member that says that a success is none: nil
// if there is none. It knows GraphQL's errors, OData's and OAuth's error, and the
// parts of a batch.
func errorInside(b []byte) []string {
	var document struct {
		Errors    []json.RawMessage `json:"errors"`
		Error     json.RawMessage   `json:"error"`
		Responses []struct {
			Status int             `json:"status"`
			Body   json.RawMessage `json:"body"`
		} `json:"responses"`
	}
	if json.Unmarshal(b, &document) != nil {
		return nil
	}
	var object struct{ Code, Message json.RawMessage }
	var word string
	switch {
	case len(document.Errors) > 0 && document.Errors[0][0] == '{':
		return []string{"errors"}
	case json.Unmarshal(document.Error, &object) == nil && (object.Code != nil || object.Message != nil),
		json.Unmarshal(document.Error, &word) == nil && word != "" && bytes.Contains(b, []byte(`"error_description"`)):
		return []string{"error"}
	}
	for i, part := range document.Responses {
		if part.Status >= 400 {
			return []string{"responses", strconv.Itoa(i)}
		}
	}
	return nil
}

// walker collects the scalar values of a document.
type walker struct {
	reader
	path  []string // only what is below this is read
	limit int      // values that may still be read
}

// value reads one value. It returns false where reading has to stop.
func (w *walker) value(d *json.Decoder, at []string) bool {
	t, err := d.Token()
	if err != nil || w.limit == 0 {
		return false
	}
	w.limit--
	switch t := t.(type) {
	case json.Delim:
		return w.members(d, at, t)
	case string:
		w.text(at, t)
	case json.Number:
		w.number(at, t.String())
	}
	return true
}

func (w *walker) members(d *json.Decoder, at []string, open json.Delim) bool {
	for i := 0; d.More(); i++ {
		name := strconv.Itoa(i)
		if open == '{' {
			t, err := d.Token()
			if err != nil {
				return false
			}
			name, _ = t.(string)
		}
		if !w.value(d, append(slices.Clip(at), name)) {
			return false
		}
	}
	_, err := d.Token()
	return err == nil
}

// isBelow reports whether a value is part of the error.
func (w *walker) isBelow(at []string) bool {
	if len(w.path) == 1 && w.path[0] == "error" && len(at) == 1 && nameOf(at) == "errordescription" {
		return true
	}
	return len(at) >= len(w.path) && slices.Equal(at[:len(w.path)], w.path)
}

func (w *walker) text(at []string, s string) {
	if !w.isBelow(at) {
		return
	}
	// Some services put a document into a message: Power BI, ARM's deployments,
	// Exchange behind Graph.
	if inner := strings.TrimSpace(s); len(inner) > 2 && (inner[0] == '{' || inner[0] == '[') {
		nested := &walker{reader: w.reader, limit: min(w.limit, 200)}
		before := len(w.Parts)
		d := json.NewDecoder(strings.NewReader(inner))
		d.UseNumber()
		if nested.value(d, at) && len(w.Parts) > before {
			w.limit -= 200 - nested.limit
			return
		}
	}
	w.add(strings.Join(at, "."), textRole(nameOf(at), s), s)
}

func (w *walker) number(at []string, s string) {
	if !w.isBelow(at) {
		return
	}
	switch name := nameOf(at); {
	case isCodeName(name) && len(s) > 3, name == "errorcodes":
		w.add(strings.Join(at, "."), Code, s)
	default:
		w.add(strings.Join(at, "."), Number, s)
	}
}

// nameOf returns the name of a value without what people write in different ways:
// the last part of its path that is not an index, in lower case, letters only.
func nameOf(at []string) string {
	for _, part := range slices.Backward(at) {
		if _, err := strconv.Atoi(part); err != nil {
			return plainName(part)
		}
	}
	return ""
}

func plainName(s string) string {
	if i := strings.LastIndexAny(s, ".:@"); i >= 0 {
		s = s[i+1:]
	}
	return strings.Map(func(r rune) rune {
		switch {
		case 'A' <= r && r <= 'Z':
			return r - 'A' + 'a'
		case r == '_' || r == '-' || r == ' ':
			return -1
		}
		return r
	}, s)
}

func isCodeName(name string) bool {
	switch name {
	case "code", "errorcode", "error", "subcode", "suberror", "typekey", "errorid", "errornumber", "statusreason", "errortype",
		"faultcode", "status", "reason", "type", "name", "oauth2error", "errorcodes":
		return true
	}
	return strings.HasSuffix(name, "code")
}

func isIDName(name string) bool {
	switch name {
	case "instance", "id", "tid", "rid", "ref", "session", "activity", "server", "serverinfo", "typename", "eventid":
		return true
	}
	for _, end := range []string{"requestid", "correlationid", "traceid", "activityid", "trackingid", "operationid", "sessionid", "rayid",
		"spanid", "guid", "reference", "correlationcontextid", "errorinstanceid"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

// textRole tells by the name and the form of a text what it is for.
func textRole(name, s string) Role {
	s = strings.TrimSpace(s)
	sentence := strings.ContainsAny(s, " \t\n")
	switch {
	case isIDName(name) && !sentence:
		return ID
	case name == "timestamp" || name == "date" || name == "time" || strings.HasSuffix(name, "datetime"):
		return Time
	case !sentence && (strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://")) && isLinkName(name):
		return Link
	case s == "about:blank", name == "path" && strings.HasPrefix(s, "/") && !sentence: // the request's own
		return Link
	case isCodeName(name) && !sentence && len(s) <= maxCode:
		return Code
	case !strings.ContainsFunc(s, isLetter):
		return Number
	case isMessageName(name), sentence:
		return Message
	}
	return Value
}

func isLetter(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r > 127 }

func isLinkName(name string) bool {
	switch name {
	case "type", "helplink", "help", "moreinfo", "href", "documentationurl", "docs", "erroruri", "context", "schema", "link", "uri", "url",
		"xmlns", "doc", "helpurl", "self":
		return true
	}
	return false
}

func isMessageName(name string) bool {
	for _, word := range []string{"message", "description", "detail", "reason", "title", "msg", "fault", "cause", "error", "text", "summary",
		"info", "hint", "value", "remediation", "exception"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}
