package serve

import (
	"net/http"
	"strings"
	"testing"
)

const (
	traceID  = "0af7651916cd43dd8448eb211c80319c"
	parentID = "b7ad6b7169203331"
)

func TestParseTraceParent(t *testing.T) {
	for value, want := range map[string]string{ // the flags; empty if it is refused
		"00-" + traceID + "-" + parentID + "-01":                             "01",
		"00-" + traceID + "-" + parentID + "-00":                             "00",
		"00-" + traceID + "-" + parentID + "-03":                             "03",
		"cc-" + traceID + "-" + parentID + "-ff":                             "01",
		"cc-" + traceID + "-" + parentID + "-fe":                             "00",
		"cc-" + traceID + "-" + parentID + "-01-what-follows":                "01",
		"cc-" + traceID + "-" + parentID + "-01.what-follows":                "",
		"ff-" + traceID + "-" + parentID + "-01":                             "",
		"00-" + traceID + "-" + parentID + "-01-more":                        "",
		"00-" + traceID + "-" + parentID + "-1":                              "",
		"00-" + traceID + "-" + parentID + "-0g":                             "",
		"00-" + strings.ToUpper(traceID) + "-" + parentID + "-01":            "",
		"00-" + strings.Repeat("0", 32) + "-" + parentID + "-01":             "",
		"00-" + traceID + "-" + strings.Repeat("0", 16) + "-01":              "",
		"0-" + traceID + "-" + parentID + "-01":                              "",
		" 00-" + traceID + "-" + parentID + "-01":                            "",
		"00_" + traceID + "_" + parentID + "_01":                             "",
		"cc-" + traceID + "-" + parentID + "-01-" + strings.Repeat("a", 512): "",
		"": "",
	} {
		c, ok := parseTraceParent(value)
		if ok != (want != "") || c.Flags != want || ok && (c.TraceID != traceID || c.ParentID != parentID) {
			t.Errorf("%q = %+v, %v; want the flags %q", value, c, ok, want)
		}
	}
}

func TestParseTraceState(t *testing.T) {
	many := strings.Repeat("a=b,", 31)
	for _, tc := range []struct {
		values []string
		want   string
	}{
		{nil, ""},
		{[]string{"rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"}, "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"},
		{[]string{"a=1", "b=2"}, "a=1,b=2"},
		{[]string{" a=1 ,, \tb= 2"}, "a=1,b= 2"},
		{[]string{"0tenant@system=1"}, "0tenant@system=1"},
		{[]string{"0a=1"}, ""},
		{[]string{"a@0b=1"}, ""},
		{[]string{"A=1"}, ""},
		{[]string{"a=1,a=2"}, ""},
		{[]string{"a"}, ""},
		{[]string{"a="}, ""},
		{[]string{"a=b=c"}, ""},
		{[]string{"a=\x01"}, ""},
		{[]string{"a=é"}, ""},
		{[]string{strings.Repeat("a", 257) + "=1"}, ""},
		{[]string{"a=" + strings.Repeat("b", 257)}, ""},
		{[]string{many}, ""},
		{[]string{"a=" + strings.Repeat("b", 200) + ",b=" + strings.Repeat("b", 200) + ",c=" + strings.Repeat("b", 200)}, ""},
	} {
		if got := parseTraceState(tc.values); got != tc.want {
			t.Errorf("%q = %q, want %q", tc.values, got, tc.want)
		}
	}
}

func TestTraceOf(t *testing.T) {
	valid := "00-" + traceID + "-" + parentID + "-01"
	for name, tc := range map[string]struct {
		parents, states []string
		continued       bool
		state           string
	}{
		"continued":        {[]string{valid}, []string{"a=1"}, true, "a=1"},
		"bad state":        {[]string{valid}, []string{"A=1"}, true, ""},
		"none":             {nil, []string{"a=1"}, false, ""},
		"two":              {[]string{valid, valid}, []string{"a=1"}, false, ""},
		"not valid":        {[]string{"00-x"}, []string{"a=1"}, false, ""},
		"a token in there": {[]string{"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJlc2lnbmF0dXJl"}, nil, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := traceOf(&http.Request{Header: http.Header{"Traceparent": tc.parents, "Tracestate": tc.states}})
			if (c.TraceID == traceID && c.ParentID == parentID && c.Flags == "01") != tc.continued || c.State != tc.state {
				t.Errorf("got %+v", c)
			}
			if c.SpanID == parentID {
				t.Error("the span of the caller is taken for ours")
			}
			if passed, ok := parseTraceParent(c.Header()); !ok || passed.TraceID != c.TraceID || passed.ParentID != c.SpanID {
				t.Errorf("what is passed on, %q, is not valid", c.Header())
			}
		})
	}
}

func FuzzTraceContext(f *testing.F) {
	f.Add("00-"+traceID+"-"+parentID+"-01", "rojo=00f067aa0ba902b7,congo@x=t61")
	f.Add("cc-"+traceID+"-"+parentID+"-01-more", "a=1,,b= 2\t")
	f.Add("", "=,=")
	f.Fuzz(func(t *testing.T, parent, state string) {
		c := traceOf(&http.Request{Header: http.Header{"Traceparent": {parent}, "Tracestate": {state}}})
		if _, ok := parseTraceParent(c.Header()); !ok {
			t.Errorf("%q is passed on", c.Header())
		}
		if len(c.State) > maxTraceState || parseTraceState([]string{c.State}) != c.State {
			t.Errorf("the state %q is passed on", c.State)
		}
	})
}
