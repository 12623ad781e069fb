package local

import "testing"

func TestWithoutLoginHosts(t *testing.T) {
	for list, want := range map[string]string{
		"127.0.0.1,localhost":                  "127.0.0.1,localhost",
		"*":                                    "",
		"example.com, .microsoftonline.com,:1": "example.com",
		"com,LOGIN.microsoftonline.com:443,a.test": "a.test",
		"online.com,notmicrosoftonline.com":        "online.com,notmicrosoftonline.com",
	} {
		if got := withoutLoginHosts(list); got != want {
			t.Errorf("NO_PROXY %q became %q, want %q", list, got, want)
		}
	}
}

func TestWithoutProxy(t *testing.T) {
	lookup := func(variables map[string]string) func(string) (string, bool) {
		return func(name string) (string, bool) { value, ok := variables[name]; return value, ok }
	}
	for _, test := range []struct {
		variables map[string]string
		want      string
	}{
		{nil, loopbackHosts},
		{map[string]string{"no_proxy": "a.test"}, "a.test," + loopbackHosts},
		{map[string]string{"NO_PROXY": "b.test", "no_proxy": "a.test"}, "b.test," + loopbackHosts},
	} {
		if got := withoutProxy(lookup(test.variables)); got != test.want {
			t.Errorf("%v: NO_PROXY %q, want %q", test.variables, got, test.want)
		}
	}
}
