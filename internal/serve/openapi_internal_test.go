package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/go-cmp/cmp"

	"m2m/internal/jwks"
	"m2m/internal/jwt"
	"m2m/internal/verify"
)

// TestOpenAPIDocument holds openapi.json to what huma says of the handlers.
// UPDATE_OPENAPI=1 writes it.
func TestOpenAPIDocument(t *testing.T) {
	compact, err := json.Marshal(humaAPI(t).OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := json.Indent(&want, compact, "", "  "); err != nil {
		t.Fatal(err)
	}
	want.WriteByte('\n')
	if os.Getenv("UPDATE_OPENAPI") != "" {
		if err := os.WriteFile("openapi.json", want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want.String(), document); diff != "" {
		t.Errorf("openapi.json is not what the handlers say; UPDATE_OPENAPI=1 go test ./internal/serve -run OpenAPIDocument writes it (-want +got):\n%s", diff)
	}
}

// humaAPI registers the handlers with huma, which reads their types.
func humaAPI(t *testing.T) huma.API {
	config := huma.DefaultConfig("m2m demo API", "set when it runs")
	config.CreateHooks = nil // they add $schema to every body and a Link header to every answer
	config.AllowAdditionalPropertiesByDefault = true
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.Info.Description = "An API that accepts only callers with a valid access token.\n\n" +
		"Every error is a problem document (RFC 9457), and every answer has an `X-Request-Id`, which the API's log has too."
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		tokenScheme: {Type: "http", Scheme: "bearer", BearerFormat: "JWT"},
	}
	config.Tags = []*huma.Tag{
		{Name: "data", Description: "What the token opens"},
		{Name: "health", Description: "For orchestrators, without a token"},
	}
	api := humago.New(http.NewServeMux(), config)
	register(t, api, secureData, huma.Operation{
		OperationID: "getSecureData", Path: "/secure-data", Tags: []string{"data"},
		Summary:     "Who is calling",
		Description: "Returns the identity of the caller from the valid token.",
		Security:    []map[string][]string{{tokenScheme: {}}},
	}, secureDataAnswers())
	register(t, api, healthy, huma.Operation{
		OperationID: "getHealth", Path: "/healthz", Tags: []string{"health"},
		Summary:     "Does the process run",
		Description: "Says yes as long as it can say anything: 503 elsewhere does not call for a restart.",
	}, map[int]documented{
		http.StatusOK: {"It runs.", map[string]http.Handler{"ok": typed(healthy)}},
	})
	register(t, api, new(API).ready, huma.Operation{
		OperationID: "getReadiness", Path: "/readyz", Tags: []string{"health"},
		Summary: "Can tokens be decided about", Description: "Says whether requests should be sent here.",
	}, readyAnswers())
	for _, unused := range []string{"ErrorModel", "ErrorDetail"} {
		delete(api.OpenAPI().Components.Schemas.Map(), unused) // huma's own problem document
	}
	return api
}

// documented is what is said of one status: in words, and by examples, which are
// what handlers really answer.
type documented struct {
	description string
	examples    map[string]http.Handler
}

func secureDataAnswers() map[int]documented {
	because := func(check verify.Check, outcome error, reason verify.Reason, expected string) http.Handler {
		return rejecting("/secure-data", &verify.Error{Check: check, Outcome: outcome, Reason: reason, Expected: expected})
	}
	return map[int]documented{
		http.StatusOK: {"The caller, as the token says.", map[string]http.Handler{
			"app": calledBy(&jwt.Token{ClientID: "11111111-1111-1111-1111-111111111111", Roles: []string{"Data.Read"}}),
			"user": calledBy(&jwt.Token{ClientID: "11111111-1111-1111-1111-111111111111",
				Scopes: []string{"Data.Read", "Data.Write"}}),
		}},
		http.StatusBadRequest: {"The token is not in one Authorization header, once.", map[string]http.Handler{
			"in the query": rejecting("/secure-data?access_token=x", nil),
		}},
		http.StatusUnauthorized: {"The token is missing or invalid. The reason is in the API's log.",
			map[string]http.Handler{
				"no token":      rejecting("/secure-data", nil),
				"invalid token": because(verify.CheckLifetime, verify.ErrInvalid, verify.ErrExpired, ""),
			}},
		http.StatusForbidden: {"The token is valid, but it lacks the required role or scope.",
			map[string]http.Handler{
				"role missing": because(verify.CheckPermission, verify.ErrForbidden, verify.ErrRoleMissing, "roles Data.Read"),
			}},
		http.StatusRequestEntityTooLarge: {"The body is larger than the API takes.", map[string]http.Handler{
			"too large": rejecting("/secure-data", &http.MaxBytesError{Limit: DefaultMaxBody}),
		}},
		http.StatusServiceUnavailable: {"The keys that tokens are checked with are out of reach. Keep the token and try again.", map[string]http.Handler{
			"keys out of reach": rejecting("/secure-data", &jwks.UnreachableError{RetryAfter: 30 * time.Second}),
		}},
	}
}

func readyAnswers() map[int]documented {
	failing := &API{log: loggerOrDiscard(nil),
		config: Config{Ready: func(context.Context) error { return errors.New("down") }}}
	stopping := new(API)
	stopping.Drain()
	return map[int]documented{
		http.StatusOK: {"They can.", map[string]http.Handler{"ready": typed(new(API).ready)}},
		http.StatusServiceUnavailable: {"They cannot: keys are out of reach, or the API is about to stop.",
			map[string]http.Handler{
				"about to stop":     typed(stopping.ready),
				"keys out of reach": typed(failing.ready),
			}},
	}
}
