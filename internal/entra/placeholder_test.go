package entra_test

import (
	"strings"
	"testing"

	"m2m/internal/entra"
)

func TestPlaceholdersOfEveryForm(t *testing.T) {
	for _, s := range []string{
		"your-tenant-id", "YOUR_CLIENT_ID", "your domain", "yourcompany.com", "your.tenant.example", "insert-here",
		"put_it_here",
		"<client-id>", "api://<api>", "<tenant>.onmicrosoft.com", "a<<b>", "{tenant}", "{{ secret }}", "{}", "[secret]",
		"$CLIENT_ID", "${CLIENT_ID}", "$(CLIENT_ID)", "%CLIENT_ID%", "tenant-id", "my_client_secret", "the-api-name",
		"secret value",
		"00000000-0000-0000-0000-000000000000", "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", "xxx", "...", "*****", "…",
		"changeme", "change-me", "replace_this", "fill in", "fill-me-in", "TODO", "null", "undefined", " None ",
		"api://your-api/.default", "https://{host}/.default", "api://00000000-0000-0000-0000-000000000000/.default",
	} {
		if !entra.IsPlaceholder(s) {
			t.Errorf("%q passes for a value", s)
		}
	}
	for _, s := range []string{
		"", " ", "contoso.onmicrosoft.com", "yours.example", "youreka.com", "api://orders", "api://m2m-demo/.default",
		"client", "api",
		"tenant-7", "my-app", "inserter", "putty", "a<b", "a<>b", "a>b<c", "{a}{b}", "$", "${}", "%", "%%", "$a-b", "xx",
		"..", "0x-0x",
		"00000000-0000-0000-0000-000000000001", "abc8Q~xyz.-_~", "nullable", "exchange-me", "changes", "/.default",
		strings.Repeat("x", 201),
	} {
		if entra.IsPlaceholder(s) {
			t.Errorf("%q passes for a placeholder", s)
		}
	}
}
