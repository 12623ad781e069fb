package call_test

import (
	"net/http"
	"testing"

	"m2m/internal/call"
	"m2m/internal/entra"
)

func TestCurl(t *testing.T) {
	for _, tt := range []struct {
		name  string
		req   call.Request
		flags string
		want  string
	}{
		{"plain", call.Request{}, "", `curl -sS 'https://api.example.org/it'\''s?q=1'`},
		{"token", call.Request{Token: entra.NewSecret("hunter2")}, "--local", `m2m token -o curl --local | curl -sSK - 'https://api.example.org/it'\''s?q=1'`},
		{
			"everything", call.Request{
				Token: entra.NewSecret("hunter2"), Method: "PUT", Body: call.BytesBody([]byte("x")), Follow: true,
				Header: http.Header{"X-Api-Key": {"hunter3"}, "Accept": {"text/plain"}},
			}, "",
			`m2m token -o curl | curl -sSK - -L -X 'PUT' -H 'Accept: text/plain' -H 'X-Api-Key: [redacted]' --data-binary @BODY 'https://api.example.org/it'\''s?q=1'`,
		},
		{"POST needs no -X", call.Request{Body: call.BytesBody(nil)}, "", `curl -sS --data-binary @BODY 'https://api.example.org/it'\''s?q=1'`},
		{"POST of nothing does", call.Request{Method: "POST"}, "", `curl -sS -X 'POST' 'https://api.example.org/it'\''s?q=1'`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.req.URL = request(t, "https://api.example.org/it's?q=1").URL
			if got := tt.req.Curl(tt.flags); got != tt.want {
				t.Errorf("Curl:\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}
