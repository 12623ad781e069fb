package jwt

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"m2m/internal/text"
)

// Mistyped is a value of a wrong type, or a date that is not one.
type Mistyped struct {
	Name     string
	InHeader bool
	Reason   Reason // ErrMemberType or ErrDate
	// Found and Wanted say what its type is and what it must be.
	Found, Wanted string
}

// maxShown bounds the value that Found repeats, in bytes.
const maxShown = 40

func mistyped(m Member, err error, inHeader bool) Mistyped {
	x := Mistyped{Name: m.Name, InHeader: inHeader, Wanted: "a string"}
	x.Reason, _ = err.(Reason) //nolint:errorlint // nothing in this package wraps a Reason
	x.Found = typeOf(m.Raw) + ": " + text.Bound(m.Raw, maxShown)
	switch {
	case inHeader:
	case m.Name == "aud":
		x.Wanted = "a string, or an array of strings"
	case m.Name == "roles":
		x.Wanted = "an array of strings"
	case m.Name == "iat", m.Name == "nbf", m.Name == "exp":
		x.Wanted = "a whole number of seconds since 1970"
		x.Found += dateForm(m.Raw)
	}
	if m.Raw == "null" {
		x.Found = "null"
	}
	return x
}

// typeOf names the type of a JSON value.
func typeOf(raw string) string {
	switch raw[0] {
	case '"':
		return "a string"
	case '[':
		return "an array"
	case '{':
		return "an object"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	return "a number"
}

// dateForm says what a value that is not a date seems to be.
func dateForm(raw string) string {
	digits := strings.Trim(raw, `"`)
	whole, fraction, _ := strings.Cut(digits, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	switch {
	case err == nil && n > 0 && strings.Trim(fraction, "0123456789") == "" && isRecent(n):
		if fraction != "" {
			return ", which has a fraction"
		}
		return ", which is text"
	case err == nil:
		for unit, divisor := range units() {
			if fraction == "" && isRecent(n/divisor) {
				return fmt.Sprintf(", which is in %s (%s)", unit, text.Time(time.Unix(n/divisor, 0).UTC()))
			}
		}
	}
	for _, layout := range []string{time.RFC3339, time.DateTime, time.DateOnly, time.RFC1123, time.RFC1123Z} {
		if _, err := time.Parse(layout, digits); err == nil {
			return ", which is a date as text"
		}
	}
	return ""
}

// isRecent reports whether seconds are of the years 2000 to 2099.
func isRecent(seconds int64) bool { return 946684800 <= seconds && seconds < 4102444800 }

// units are those in which other programs write dates, by their part of a second.
func units() map[string]int64 {
	return map[string]int64{"milliseconds": 1e3, "microseconds": 1e6, "nanoseconds": 1e9}
}

// faultOf makes one fault of all values of a wrong type; nil if there are none.
func faultOf(all []Mistyped) *Fault {
	if len(all) == 0 {
		return nil
	}
	const most = 3
	found, wanted := make([]string, 0, most), make([]string, 0, most)
	for _, x := range all[:min(most, len(all))] {
		found = append(found, x.place()+" is "+x.Found)
		wanted = append(wanted, x.place()+": "+x.Wanted)
	}
	if more := len(all) - most; more > 0 {
		found = append(found, fmt.Sprintf("and %d more", more))
	}
	return &Fault{Reason: all[0].Reason, Found: strings.Join(found, "; "), Expected: strings.Join(wanted, "; ")}
}

func (x Mistyped) place() string {
	if x.InHeader {
		return text.Quote(x.Name) + " in the header"
	}
	return text.Quote(x.Name)
}
