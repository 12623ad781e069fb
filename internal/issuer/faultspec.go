package issuer

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"m2m/internal/tenant/refusal"
)

// Bounds of what a fault can ask for.
const (
	maxFaultSpec     = 512 // bytes
	maxFaultDuration = 10 * time.Minute
	maxFaultNumber   = 1_000_000
	// defaultSlow is how long a slow body takes unless it is said.
	defaultSlow = 10 * time.Second
	// defaultRetryAfter is what Entra's 429 says, in seconds.
	defaultRetryAfter = 60
)

// FaultError is a text that is no fault.
type FaultError struct {
	// Spec is the text.
	Spec string
	// Problem is what is wrong with it.
	Problem string
	// Advice says what was likely meant.
	Advice string
}

// Error quotes the text and says what is wrong with it.
func (e *FaultError) Error() string {
	return fmt.Sprintf("%s is no fault: %s", refusal.Quote(e.Spec), e.Problem)
}

// Hints says what to write.
func (e *FaultError) Hints() []string { return []string{e.Advice} }

// valueForm is what follows the name of a fault, after "=".
type valueForm int

const (
	noValue valueForm = iota
	durationNeeded
	durationMaybe
	urlMaybe
)

// faultForm is how a fault is written.
type faultForm struct {
	kind    FaultKind
	place   FaultPlace // the only one; empty: any
	value   valueForm
	options []string
}

func faultForms() []faultForm {
	times := []string{"times"}
	status := []string{"retry-after", "times"}
	return []faultForm{
		{FaultThrottled, "", noValue, status}, {FaultServerError, "", noValue, status}, {FaultBadGateway, "", noValue, status},
		{FaultUnavailable, "", noValue, status}, {FaultGateway, "", noValue, status},
		{FaultLatency, "", durationNeeded, times}, {FaultSlow, "", durationMaybe, times},
		{FaultReset, "", noValue, times}, {FaultHTML, "", noValue, times}, {FaultOversized, "", noValue, times},
		{FaultRedirect, "", urlMaybe, times},
		{FaultLifetime, PlaceToken, durationNeeded, nil},
		{FaultRoll, PlaceKeys, noValue, nil}, {FaultWithdraw, PlaceKeys, noValue, nil},
		{FaultFlap, PlaceKeys, noValue, times}, {FaultEmpty, PlaceKeys, noValue, times},
	}
}

// faultParser reads one text.
type faultParser struct{ spec string }

func (p faultParser) wrong(advice, format string, args ...any) error {
	return &FaultError{p.spec, fmt.Sprintf(format, args...), advice}
}

// ParseFault reads PLACE:FAULT[=VALUE][,OPTION=VALUE...], such as
// token:429,retry-after=2,times=3 or keys:empty, or clock=OFFSET. Nothing is
// taken for nearly right: the error is a *FaultError that says what was likely
// meant.
func ParseFault(spec string) (Fault, error) {
	p := faultParser{spec}
	if len(spec) > maxFaultSpec {
		return Fault{}, p.wrong("a fault is short, such as token:429,times=3", "it is longer than %d bytes", maxFaultSpec)
	}
	parts := strings.Split(spec, ",")
	if offset, ok := strings.CutPrefix(parts[0], "clock="); ok {
		return p.clock(offset, parts[1:])
	}
	place, rest, ok := strings.Cut(parts[0], ":")
	if !ok {
		return Fault{}, p.withoutPlace(parts[0])
	}
	if !slices.Contains(faultPlaces(), place) {
		return Fault{}, p.wrong(nearest(place, faultPlaces(), "the places are "), "there is no place %s", refusal.Quote(place))
	}
	name, value, hasValue := strings.Cut(rest, "=")
	form, err := p.form(FaultPlace(place), name)
	if err != nil {
		return Fault{}, err
	}
	f := Fault{Place: FaultPlace(place), Kind: form.kind, RetryAfter: noRetryAfter}
	if f.Kind == FaultThrottled {
		f.RetryAfter = defaultRetryAfter
	}
	if err := p.value(&f, form, value, hasValue); err != nil {
		return Fault{}, err
	}
	return f, p.options(&f, form, parts[1:])
}

func faultPlaces() []string {
	return []string{string(PlaceToken), string(PlaceDiscovery), string(PlaceKeys), string(PlaceInstance)}
}

func (p faultParser) clock(offset string, options []string) (Fault, error) {
	const example = "write it as clock=+10m or clock=-1h30m"
	d, err := time.ParseDuration(offset)
	switch {
	case err != nil:
		return Fault{}, p.wrong(example, "%s is no offset", refusal.Quote(offset))
	case d.Abs() > maxClockOffset:
		return Fault{}, p.wrong(example, "an offset is at most %s", shortDuration(maxClockOffset))
	case len(options) > 0:
		return Fault{}, p.wrong("leave it out", "clock has no option %s", refusal.Quote(options[0]))
	}
	return Fault{Kind: FaultClock, Duration: d, RetryAfter: noRetryAfter}, nil
}

// withoutPlace is a text with no colon: a fault without its place, or a place
// without a fault.
func (p faultParser) withoutPlace(text string) error {
	name, _, _ := strings.Cut(text, "=")
	switch {
	case slices.Contains(faultPlaces(), name):
		return p.wrong(fmt.Sprintf("the faults of %s are %s", name, strings.Join(namesAt(FaultPlace(name)), ", ")), "it says where and not what")
	case name == "clock":
		return p.wrong("write it as clock=+10m or clock=-1h30m", "it says no offset")
	}
	for _, form := range faultForms() {
		if name == string(form.kind) {
			place := string(form.place)
			if place == "" {
				place = string(PlaceToken)
			}
			return p.wrong("put the place before it: "+place+":"+text, "it says what and not where")
		}
	}
	return p.wrong("for example: token:429,retry-after=2,times=3 or keys:empty or clock=+10m", "it has not the form PLACE:FAULT")
}

// form finds how a fault of a place is written.
func (p faultParser) form(place FaultPlace, name string) (faultForm, error) {
	for _, form := range faultForms() {
		switch {
		case name != string(form.kind):
		case form.place != "" && form.place != place:
			return form, p.wrong(fmt.Sprintf("write %s:%s", form.place, name), "%s is a fault of %s alone", name, form.place)
		default:
			return form, nil
		}
	}
	return faultForm{}, p.wrong(nearest(name, namesAt(place), "the faults of "+string(place)+" are "), "%s has no fault %s", place, refusal.Quote(name))
}

// namesAt lists the faults of a place.
func namesAt(place FaultPlace) (names []string) {
	for _, form := range faultForms() {
		if form.place == "" || form.place == place {
			names = append(names, string(form.kind))
		}
	}
	return names
}

func (p faultParser) value(f *Fault, form faultForm, value string, given bool) error {
	written := fmt.Sprintf("%s:%s", f.Place, f.Kind)
	switch {
	case form.value == noValue && given:
		return p.wrong("write "+written, "%s takes no value", f.Kind)
	case form.value == urlMaybe && given:
		u, err := url.Parse(value)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.String() != value {
			return p.wrong("write "+written+" or "+written+"=https://host.example/path", "%s is no http address", refusal.Quote(value))
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
			return p.wrong("write "+written+"=500ms, =5s or =2m", "%s is no duration", refusal.Quote(value))
		case d <= 0 || d > maxFaultDuration:
			return p.wrong("write "+written+"=5s", "the duration is more than 0s and at most %s", shortDuration(maxFaultDuration))
		case f.Kind == FaultLifetime && d < time.Second:
			return p.wrong("write "+written+"=5s", "tokens count whole seconds")
		}
		f.Duration = d
	}
	return nil
}

func (p faultParser) options(f *Fault, form faultForm, options []string) error {
	var seen []string
	for _, option := range options {
		name, value, _ := strings.Cut(option, "=")
		switch {
		case form.options == nil:
			return p.wrong("leave it out", "%s has no option %s", f.Kind, refusal.Quote(option))
		case !slices.Contains(form.options, name):
			return p.wrong(nearest(name, form.options, "the options of "+string(f.Kind)+" are "), "%s has no option %s", f.Kind, refusal.Quote(name))
		case slices.Contains(seen, name):
			return p.wrong("leave one of them out", "%s is there twice", name)
		}
		seen = append(seen, name)
		least, into := 1, &f.Times
		if name == "retry-after" {
			least, into = 0, &f.RetryAfter
		}
		n, err := strconv.Atoi(value)
		if err != nil || n < least || n > maxFaultNumber || strconv.Itoa(n) != value {
			return p.wrong(fmt.Sprintf("write %s=2", name), "%s is a whole number from %d to %d, not %s", name, least, maxFaultNumber, refusal.Quote(value))
		}
		*into = n
	}
	return nil
}
