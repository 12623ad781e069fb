package fault

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"m2m/internal/text"
)

// Bounds of what a fault can ask for.
const (
	maxSpec     = 512 // bytes
	maxDuration = 10 * time.Minute
	maxNumber   = 1_000_000
	// defaultSlow is how long a slow body takes without a value.
	defaultSlow = 10 * time.Second
	// defaultRetryAfter is that of Entra's 429, in seconds.
	defaultRetryAfter = 60
)

// Error is why a text is not a fault.
type Error struct {
	// Spec is the text.
	Spec string
	// Problem is what is wrong with it.
	Problem string
	// Advice is what to write instead.
	Advice string
}

// Error quotes the text and adds what is wrong with it.
func (e *Error) Error() string {
	return fmt.Sprintf("%s is not a fault: %s", text.Quote(e.Spec), e.Problem)
}

// Hints returns the advice.
func (e *Error) Hints() []string { return []string{e.Advice} }

// valueForm is what follows the name of a fault, behind "=".
type valueForm int

const (
	noValue valueForm = iota
	durationNeeded
	durationMaybe
	urlMaybe
)

// form is how a fault is written.
type form struct {
	kind    Kind
	place   Place // the only one; empty: any
	value   valueForm
	options []string
}

var (
	timesOption   = []string{"times"}
	statusOptions = []string{"retry-after", "times"}
)

// forms has a row for each fault that has a place.
var forms = []form{
	{Throttled, "", noValue, statusOptions},
	{ServerError, "", noValue, statusOptions},
	{BadGateway, "", noValue, statusOptions},
	{Unavailable, "", noValue, statusOptions},
	{Gateway, "", noValue, statusOptions},
	{Latency, "", durationNeeded, timesOption},
	{Slow, "", durationMaybe, timesOption},
	{Reset, "", noValue, timesOption},
	{HTML, "", noValue, timesOption},
	{Oversized, "", noValue, timesOption},
	{Redirect, "", urlMaybe, timesOption},
	{Lifetime, AtToken, durationNeeded, nil},
	{Roll, AtKeys, noValue, nil},
	{Withdraw, AtKeys, noValue, nil},
	{Flap, AtKeys, noValue, timesOption},
	{Empty, AtKeys, noValue, timesOption},
	{NotFound, AtIdentity, noValue, timesOption},
	{Several, AtIdentity, noValue, timesOption},
	{Gone, AtIdentity, noValue, statusOptions},
	{Vague, AtIdentity, noValue, timesOption},
}

// places are in the order in which messages list them.
var places = []string{string(AtToken), string(AtDiscovery), string(AtKeys), string(AtInstance), string(AtIdentity)}

// meant has the names that people write other words for.
var meant = sync.OnceValue(func() map[string]string {
	return map[string]string{
		"imds": "identity", "msi": "identity", "managed-identity": "identity", "identities": "identity", "404": "not-found",
		"tokens": "token", "jwks": "keys", "key": "keys", "certs": "keys", "jwks_uri": "keys",
		"openid-configuration": "discovery", "metadata": "discovery",
		"delay": "latency", "timeout": "latency", "hang": "latency", "throttle": "429", "rate-limit": "429",
		"rollover": "roll", "rotate": "roll", "revoke": "withdraw", "large": "oversized", "big": "oversized",
		"expiry": "lifetime", "ttl": "lifetime", "retry_after": "retry-after", "count": "times",
	}
})

// parser reads one text.
type parser struct{ spec string }

func (p parser) wrong(advice, format string, args ...any) error {
	return &Error{p.spec, fmt.Sprintf(format, args...), advice}
}

// Parse reads PLACE:FAULT[=VALUE][,OPTION=VALUE...], such as
// token:429,retry-after=2,times=3 or keys:empty, or clock=OFFSET. The error is
// an *Error.
func Parse(spec string) (Fault, error) {
	p := parser{spec}
	if len(spec) > maxSpec {
		return Fault{}, p.wrong("a fault is short, such as token:429,times=3", "it is longer than %d bytes", maxSpec)
	}
	parts := strings.Split(spec, ",")
	if offset, ok := strings.CutPrefix(parts[0], "clock="); ok {
		return p.clock(offset, parts[1:])
	}
	place, rest, ok := strings.Cut(parts[0], ":")
	if !ok {
		return Fault{}, p.withoutPlace(parts[0])
	}
	if !slices.Contains(places, place) {
		return Fault{}, p.wrong(nearest(place, places, "the places are "), "unknown place %s", text.Quote(place))
	}
	name, value, hasValue := strings.Cut(rest, "=")
	form, err := p.form(Place(place), name)
	if err != nil {
		return Fault{}, err
	}
	f := Fault{Place: Place(place), Kind: form.kind, RetryAfter: NoRetryAfter}
	if f.Kind == Throttled {
		f.RetryAfter = defaultRetryAfter
	}
	if err := p.value(&f, form, value, hasValue); err != nil {
		return Fault{}, err
	}
	return f, p.options(&f, form, parts[1:])
}

func (p parser) clock(offset string, options []string) (Fault, error) {
	const example = "write it as clock=+10m or clock=-1h30m"
	d, err := time.ParseDuration(offset)
	switch {
	case err != nil:
		return Fault{}, p.wrong(example, "%s is not an offset", text.Quote(offset))
	case d.Abs() > MaxClockOffset:
		return Fault{}, p.wrong(example, "an offset is at most %s", Short(MaxClockOffset))
	case len(options) > 0:
		return Fault{}, p.wrong("leave it out", "clock has no option %s", text.Quote(options[0]))
	}
	return Fault{Kind: Clock, Duration: d, RetryAfter: NoRetryAfter}, nil
}

// withoutPlace returns the error of a text with no colon: a fault without its
// place, or a place without a fault.
func (p parser) withoutPlace(part string) error {
	name, _, _ := strings.Cut(part, "=")
	switch {
	case slices.Contains(places, name):
		return p.wrong(fmt.Sprintf("the faults of %s are %s", name, strings.Join(namesAt(Place(name)), ", ")), "the fault is missing")
	case name == "clock":
		return p.wrong("write it as clock=+10m or clock=-1h30m", "the offset is missing")
	}
	for _, form := range forms {
		if name == string(form.kind) {
			place := string(form.place)
			if place == "" {
				place = string(AtToken)
			}
			return p.wrong("put the place before it: "+place+":"+part, "the place is missing")
		}
	}
	return p.wrong("for example: token:429,retry-after=2,times=3 or keys:empty or clock=+10m", "it does not have the form PLACE:FAULT")
}

// form finds how a fault of a place is written.
func (p parser) form(place Place, name string) (form, error) {
	for _, form := range forms {
		switch {
		case name != string(form.kind):
		case form.place != "" && form.place != place:
			return form, p.wrong(fmt.Sprintf("write %s:%s", form.place, name), "%s is a fault of %s only", name, form.place)
		default:
			return form, nil
		}
	}
	advice := nearest(name, namesAt(place), "the faults of "+string(place)+" are ")
	return form{}, p.wrong(advice, "%s has no fault %s", place, text.Quote(name))
}

// Examples lists every fault at each of its places, as Parse reads it, with a value
// where one is needed.
func Examples() []string {
	var list []string
	for _, place := range places {
		for _, form := range forms {
			if form.place != "" && form.place != Place(place) {
				continue
			}
			spec := place + ":" + string(form.kind)
			if form.value == durationNeeded {
				spec += "=5s"
			}
			list = append(list, spec)
		}
	}
	return append(list, "clock=+10m", "clock=-10m")
}

// namesAt lists the faults of a place.
func namesAt(place Place) (names []string) {
	for _, form := range forms {
		if form.place == "" || form.place == place {
			names = append(names, string(form.kind))
		}
	}
	return names
}

func (p parser) value(f *Fault, form form, value string, given bool) error {
	written := fmt.Sprintf("%s:%s", f.Place, f.Kind)
	switch {
	case form.value == noValue && given:
		return p.wrong("write "+written, "%s takes no value", f.Kind)
	case form.value == urlMaybe && given:
		u, err := url.Parse(value)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.String() != value {
			return p.wrong("write "+written+" or "+written+"=https://host.example/path", "%s is not an http address", text.Quote(value))
		}
		f.URL = value
	case form.value == durationNeeded && !given:
		return p.wrong("write "+written+"=5s", "%s needs a duration", f.Kind)
	case form.value == durationMaybe && !given:
		f.Duration = defaultSlow
	case form.value == durationNeeded || form.value == durationMaybe:
		d, err := time.ParseDuration(value)
		switch {
		case err != nil:
			return p.wrong("write "+written+"=500ms, =5s or =2m", "%s is not a duration", text.Quote(value))
		case d <= 0 || d > maxDuration:
			return p.wrong("write "+written+"=5s", "the duration is more than 0s and at most %s", Short(maxDuration))
		case f.Kind == Lifetime && d < time.Second:
			return p.wrong("write "+written+"=5s", "tokens count whole seconds")
		}
		f.Duration = d
	}
	return nil
}

func (p parser) options(f *Fault, form form, options []string) error {
	var seen []string
	for _, option := range options {
		name, value, _ := strings.Cut(option, "=")
		switch {
		case form.options == nil:
			return p.wrong("leave it out", "%s has no option %s", f.Kind, text.Quote(option))
		case !slices.Contains(form.options, name):
			return p.wrong(nearest(name, form.options, "the options of "+string(f.Kind)+" are "), "%s has no option %s", f.Kind, text.Quote(name))
		case slices.Contains(seen, name):
			return p.wrong("leave one of them out", "%s is given twice", name)
		}
		seen = append(seen, name)
		least, into := 1, &f.Times
		if name == "retry-after" {
			least, into = 0, &f.RetryAfter
		}
		n, err := strconv.Atoi(value)
		if err != nil || n < least || n > maxNumber || strconv.Itoa(n) != value {
			return p.wrong(fmt.Sprintf("write %s=2", name), "%s is a whole number from %d to %d, not %s", name, least, maxNumber, text.Quote(value))
		}
		*into = n
	}
	return nil
}

// nearest returns which of the known names was likely meant, else all of them
// behind the words given.
func nearest(word string, known []string, all string) string {
	best := meant()[strings.ToLower(word)]
	if !slices.Contains(known, best) {
		best = text.Nearest(word, known)
	}
	if best != "" {
		return "did you mean " + best + "?"
	}
	return all + strings.Join(known, ", ")
}
