package main

import (
	"encoding/base64"
	"io"
	"net/http"
	"time"
)

// strangersRefusal is how an API refuses that is not ours and knows nothing of
// m2m: the forms are those of the products named.
type strangersRefusal struct {
	status     int
	challenges []string
	media      string
	body       string
	clock      time.Duration // by how much its clock is ahead
	header     map[string]string
}

// strangersClaims is a claims challenge of Entra's conditional access.
const strangersClaims = `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`

// strangersRefusals are served under their names.
func strangersRefusals() map[string]strangersRefusal {
	const invalid = `Bearer error="invalid_token"`
	claims := base64.StdEncoding.EncodeToString([]byte(strangersClaims))
	return map[string]strangersRefusal{
		"several": {status: 401, challenges: []string{`Negotiate, Basic realm="orders, old", charset="UTF-8"`,
			`Bearer realm="orders", error="invalid_token", error_description="The audience 'c0a9b6e2' is invalid"`}}, // ASP.NET Core
		"claims": {status: 401,
			challenges: []string{`Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", error="insufficient_claims", claims="` + claims + `"`}},
		"slow-clock": {status: 401, challenges: []string{invalid}, clock: -30 * time.Minute},
		"fast-clock": {status: 401, challenges: []string{invalid}, clock: 3 * time.Hour},
		"gateway":    {status: 401, media: "text/plain", body: "Unauthorized"},
		"nginx": {status: 401, media: "text/html",
			body: "<html><head><title>401 Authorization Required</title></head></html>"},
		"apim": {status: 401, media: "application/json",
			body: `{"statusCode": 401, "message": "Access denied due to missing subscription key. Make sure to include subscription key when making requests to an API."}`},
		"firewall": {status: 403, media: "text/html",
			body: "<!DOCTYPE html><html><head><title>Access Denied</title></head></html>"},
		"page": {status: 200, media: "text/html; charset=utf-8",
			body: "<!DOCTYPE html><html><head><title>Sign in to your account</title></head></html>"},
		"login": {status: 302,
			header: map[string]string{"Location": "https://login.microsoftonline.com/common/oauth2/v2.0/authorize?client_id=x&nonce=y"}},
		"basic": {status: 401, challenges: []string{`Basic realm="orders"`}},
		"key-vault": {status: 401,
			challenges: []string{`Bearer authorization="https://login.microsoftonline.com/` + standInTenant +
				`", resource="https://vault.azure.net"`}, media: "application/json",
			body: `{"error":{"code":"Unauthorized","message":"AKV10022: Invalid audience."}}`},
		"tenant": {status: 401,
			challenges: []string{`Bearer authorization_uri="https://login.windows.net/3d9f6c20-84b7-4e1a-b5d2-7c6a0e9f1b48", error="invalid_token"`}},
		"no-scp": {status: 401, challenges: []string{invalid}, media: "text/plain",
			body: "IDW10201: Neither scope nor roles claim was found in the bearer token."},
		"key": {status: 401,
			challenges: []string{`Bearer error="invalid_token", error_description="The signature key was not found"`}},
		"graph-401": {status: 401, media: "application/json",
			body: `{"error":{"code":"InvalidAuthenticationToken","message":"Access token validation failure. Invalid audience.","innerError":{"request-id":"b8d1f0a7-5e2c-4963-8d7b-0c4a9e6f3100"}}}`},
		"graph-403": {status: 403, media: "application/json",
			body: `{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges to complete the operation.","innerError":{"request-id":"b8d1f0a7-5e2c-4963-8d7b-0c4a9e6f3100"}}}`},
		"arm-tenant": {status: 401,
			challenges: []string{`Bearer authorization_uri="https://login.windows.net/3d9f6c20-84b7-4e1a-b5d2-7c6a0e9f1b48", error="invalid_token", error_description="The access token is from the wrong issuer."`}, media: "application/json", body: `{"error":{"code":"InvalidAuthenticationTokenTenant","message":"The access token is from the wrong issuer."}}`},
		"arm-role": {status: 403, media: "application/json",
			body: `{"error":{"code":"AuthorizationFailed","message":"The client '5d2c8e31' does not have authorization to perform action 'Microsoft.Resources/subscriptions/resourcegroups/read' over scope '/subscriptions/x'."}}`},
		"busy": {status: 429, header: map[string]string{"Retry-After": "120"}},
		"down": {status: 502, media: "text/html", body: "<html><head><title>502 Bad Gateway</title></head></html>"},
	}
}

func refuseAsStrangers(mux *http.ServeMux) {
	for name, refusal := range strangersRefusals() {
		mux.HandleFunc("/refuses/"+name, refusal.answer)
	}
}

func (s strangersRefusal) answer(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Date", time.Now().Add(s.clock).UTC().Format(http.TimeFormat))
	w.Header()["Www-Authenticate"] = s.challenges
	for name, value := range s.header {
		w.Header().Set(name, value)
	}
	w.Header().Set("Content-Type", s.media)
	w.WriteHeader(s.status)
	_, _ = io.WriteString(w, s.body+"\n")
}
