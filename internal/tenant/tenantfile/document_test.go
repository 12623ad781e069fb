package tenantfile_test

import (
	"strings"
	"testing"

	"m2m/internal/tenant/tenantfile"
)

func TestTenantFilesThatAreNone(t *testing.T) {
	for text, want := range map[string]string{
		"":                          " the file is empty",
		"\ufeff":                    " the file is empty",
		"\xff\xfeh\x00i\x00":        " the file is not UTF-8; Windows PowerShell writes UTF-16 unless told otherwise",
		"h\x00i\x00":                " the file is not UTF-8; Windows PowerShell writes UTF-16 unless told otherwise",
		"# nothing yet\n":           " the file is empty",
		"hunter2":                   "1:1: expected the keys tenants, lifetime, found text",
		"lifetime: 1h":              "1:1: tenants is missing here",
		strings.Repeat("[", 60_000): "1:17: nested too deep: at most 16 brackets within brackets",
		strings.Repeat("{", 100):    "1:17: nested too deep: at most 16 brackets within brackets",
		"tenants: []":               "1:1: tenants: there is no tenant",
		"tenants:\n  - {id: bcca9397-21fa-44b1-a33d-6669fb9ef64d}\n":                                                          " no tenant has a client, so that nothing could request a token",
		"tenants:\n  - id: bcca9397-21fa-44b1-a33d-6669fb9ef64d\n    clients: [{id: bcca9397-21fa-44b1-a33d-6669fb9ef64d}]\n": "3:15: the tenant of the default client has no API that a token could be for",
		strings.Repeat("#",
			tenantfile.MaxBytes+1): " the file is larger than 64 KiB",
	} {
		_, err := tenantfile.Parse("tenant.yaml", []byte(text), noFiles)
		compareFault(t, err, want)
	}
}

// An editor of Windows puts a byte order mark first, and ends lines with two
// characters.
func TestTenantFileOfWindows(t *testing.T) {
	text := "\ufeff" + strings.ReplaceAll(frame, "\n", "\r\n")
	f, err := tenantfile.Parse("tenant.yaml", []byte(text), noFiles)
	if err != nil {
		t.Fatal(err)
	}
	if home := f.Tenants[0]; home.Domains[0] != "contoso.example" || home.Clients[0].Grants[0].Roles[0] != "Orders.Read" {
		t.Errorf("the tenant is %+v", home)
	}
	_, err = tenantfile.Parse("tenant.yaml", []byte(strings.Replace(text, "tenants", "tenant", 1)), noFiles)
	compareFault(t, err, `1:1: unknown key "tenant"; did you mean "tenants"?`)
}
