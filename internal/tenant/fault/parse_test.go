package fault_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"m2m/internal/tenant/fault"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		spec string
		want fault.Fault
		text string // where it is written otherwise
	}{
		{"token:429,retry-after=2,times=3", fault.Fault{Place: "token", Kind: "429", RetryAfter: 2, Times: 3}, ""},
		{"token:429,times=3,retry-after=2", fault.Fault{Place: "token", Kind: "429", RetryAfter: 2, Times: 3},
			"token:429,retry-after=2,times=3"},
		{"token:429", fault.Fault{Place: "token", Kind: "429", RetryAfter: 60}, "token:429,retry-after=60"},
		{"token:429,retry-after=0", fault.Fault{Place: "token", Kind: "429"}, ""},
		{"keys:503", fault.Fault{Place: "keys", Kind: "503", RetryAfter: -1}, ""},
		{"discovery:html,times=1", fault.Fault{Place: "discovery", Kind: "html", RetryAfter: -1, Times: 1}, ""},
		{"instance:reset", fault.Fault{Place: "instance", Kind: "reset", RetryAfter: -1}, ""},
		{"token:latency=500ms",
			fault.Fault{Place: "token", Kind: "latency", RetryAfter: -1, Duration: 500 * time.Millisecond}, ""},
		{"token:latency=120s", fault.Fault{Place: "token", Kind: "latency", RetryAfter: -1, Duration: 2 * time.Minute},
			"token:latency=2m"},
		{"keys:slow", fault.Fault{Place: "keys", Kind: "slow", RetryAfter: -1, Duration: 10 * time.Second}, "keys:slow=10s"},
		{"token:redirect", fault.Fault{Place: "token", Kind: "redirect", RetryAfter: -1}, ""},
		{"token:redirect=https://a.example/b?c",
			fault.Fault{Place: "token", Kind: "redirect", RetryAfter: -1, URL: "https://a.example/b?c"}, ""},
		{"token:lifetime=5s", fault.Fault{Place: "token", Kind: "lifetime", RetryAfter: -1, Duration: 5 * time.Second}, ""},
		{"keys:empty,times=2", fault.Fault{Place: "keys", Kind: "empty", RetryAfter: -1, Times: 2}, ""},
		{"clock=+10m", fault.Fault{Kind: "clock", RetryAfter: -1, Duration: 10 * time.Minute}, ""},
		{"clock=-1h30m", fault.Fault{Kind: "clock", RetryAfter: -1, Duration: -90 * time.Minute}, ""},
	} {
		got, err := fault.Parse(tt.spec)
		if err != nil || got != tt.want {
			t.Errorf("%s is read as %+v, %v; want %+v", tt.spec, got, err, tt.want)
		}
		if text := got.String(); text != tt.text && (tt.text != "" || text != tt.spec) {
			t.Errorf("%s is written as %s", tt.spec, text)
		}
	}
}

// A mistake is never taken for nearly right, and the advice says what was meant.
func TestParseMistakes(t *testing.T) {
	for _, tt := range []struct{ spec, problem, advice string }{
		{"", "does not have the form PLACE:FAULT", "for example: token:429"},
		{"429", "the place is missing", "token:429"},
		{"empty", "the place is missing", "keys:empty"},
		{"keys", "the fault is missing", "the faults of keys are 429, 500"},
		{"clock", "the offset is missing", "clock=+10m"},
		{"tokn:429", `unknown place "tokn"`, "did you mean token?"},
		{"jwks:503", `unknown place "jwks"`, "did you mean keys?"},
		{"Token:429", `unknown place "Token"`, "did you mean token?"},
		{"graph:429", `unknown place "graph"`, "the places are token, discovery, keys, instance, identity"},
		{"token:428", `no fault "428"`, "did you mean 429?"},
		{"token:404", `no fault "404"`, "did you mean 504?"},
		{"token:delay=5s", `no fault "delay"`, "did you mean latency?"},
		{"token:latencey=5s", `no fault "latencey"`, "did you mean latency?"},
		{"token:explode", `no fault "explode"`, "the faults of token are 429"},
		{"token:empty", "empty is a fault of keys only", "write keys:empty"},
		{"keys:lifetime=5s", "lifetime is a fault of token only", "write token:lifetime"},
		{"token:latency", "latency needs a duration", "token:latency=5s"},
		{"token:latency=", `"" is not a duration`, "token:latency=500ms"},
		{"token:latency=5", `"5" is not a duration`, "token:latency=500ms"},
		{"token:latency=-5s", "more than 0s", "token:latency=5s"},
		{"token:latency=1h", "at most 10m", "token:latency=5s"},
		{"token:lifetime=500ms", "whole seconds", "token:lifetime=5s"},
		{"token:reset=now", "reset takes no value", "write token:reset"},
		{"token:redirect=elsewhere", "not an http address", "token:redirect=https://"},
		{"token:429,time=3", `no option "time"`, "did you mean times?"},
		{"token:reset,retry-after=3", `no option "retry-after"`, "the options of reset are times"},
		{"keys:roll,times=3", `roll has no option "times=3"`, "leave it out"},
		{"token:429,times=0", "times is a whole number from 1", "write times=2"},
		{"token:429,times", "times is a whole number from 1", "write times=2"},
		{"token:429,retry-after=2s", "retry-after is a whole number from 0", "write retry-after=2"},
		{"token:429,times=1,times=2", "times is given twice", "leave one of them out"},
		{"token:429,", `no option ""`, "the options of 429 are retry-after, times"},
		{"token: 429", `no fault " 429"`, "did you mean 429?"},
		{"clock=soon", `"soon" is not an offset`, "clock=+10m"},
		{"clock=+10m,times=1", "clock has no option", "leave it out"},
		{"clock=2000000h", "at most", "clock=+10m"},
		{"token:" + strings.Repeat("a", 600), "longer than 512 bytes", "short"},
	} {
		_, err := fault.Parse(tt.spec)
		var mistake *fault.Error
		switch {
		case !errors.As(err, &mistake):
			t.Errorf("%q: %v", tt.spec, err)
		case !strings.Contains(mistake.Error(), tt.problem) || !strings.Contains(mistake.Advice, tt.advice):
			t.Errorf("%q: %v\nhint: %s", tt.spec, mistake, mistake.Advice)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"token:429,retry-after=2,times=3", "keys:empty", "token:latency=1.5h", "clock=-0s", "clock=+1ns",
		"token:redirect=http://a:1/%2c", "keys:slow=10m", "a:b=c,d=e", "token:latency=9223372036854775807ns", "\x1b:\xff",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, spec string) {
		read, err := fault.Parse(spec)
		if err != nil {
			if len(err.Error()) > 1200 || strings.ContainsAny(err.Error(), "\r\n\x1b") {
				t.Errorf("%q: %q", spec, err)
			}
			return
		}
		again, err := fault.Parse(read.String())
		if err != nil || again != read {
			t.Errorf("%q is %+v, written %q, read again %+v, %v", spec, read, read, again, err)
		}
	})
}
