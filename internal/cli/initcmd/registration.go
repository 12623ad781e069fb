package initcmd

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"m2m/internal/exit"
	"m2m/internal/text"
)

// registration is what the az commands create.
type registration struct {
	name string // of the API; the client has it with -client behind it
	role string
}

// check rejects names that Entra would reject.
func (r registration) check() error {
	switch {
	case strings.ContainsFunc(r.name, unicode.IsControl) || len(r.name) > 100:
		return exit.Usagef("--name is one line of at most 100 bytes").Hint("for example: --name orders-api")
	case !isRoleValue(r.role):
		return exit.Usagef("--role is the value of an app role: at most 120 letters, digits and punctuation, no space, no dot in front").
			Hint("for example: --role Data.Read")
	}
	return nil
}

// isRoleValue reports whether s can be the value of an app role.
// https://learn.microsoft.com/en-us/graph/api/resources/approle
func isRoleValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return s != "" && len(s) <= 120 && s[0] != '.'
}

// appRole is an element of appRoles of an application.
// https://learn.microsoft.com/en-us/graph/api/resources/approle
type appRole struct {
	ID                 string   `json:"id"`
	AllowedMemberTypes []string `json:"allowedMemberTypes"`
	Value              string   `json:"value"`
	DisplayName        string   `json:"displayName"`
	Description        string   `json:"description"`
	IsEnabled          bool     `json:"isEnabled"`
}

// script returns the az commands, for bash. They are documented at
// https://learn.microsoft.com/en-us/cli/azure/ad/app (create, update, credential
// reset, permission add, permission admin-consent) and
// https://learn.microsoft.com/en-us/graph/api/application-update. az ad app create
// sets no token version, which means v1.0 tokens; hence az rest.
func (r registration) script() (string, error) {
	id, err := newGUID()
	if err != nil {
		return "", err
	}
	roles, err := jsonText([]appRole{{
		ID: id, AllowedMemberTypes: []string{"Application"}, Value: r.role, DisplayName: r.role,
		Description: "Call " + r.name + " as an app with " + r.role, IsEnabled: true,
	}})
	if err != nil {
		return "", err
	}
	return strings.NewReplacer(
		"{api}", text.ShellQuote(r.name),
		"{client}", text.ShellQuote(r.name+"-client"),
		"{roles}", text.ShellQuote(roles),
		"{role}", id,
	).Replace(commands), nil
}

// commands have names in braces for what script fills in.
const commands = `# Registers an API and a client in Microsoft Entra ID, with the Azure CLI in bash.
# m2m wrote these commands and did not run them against Azure: read them first.
# Sign in with az login before. You need the right to register apps, and for the
# admin consent the role Privileged Role Administrator or Global Administrator.
set -eu

# The API, with an app role for its clients, and v2.0 tokens.
api_id=$(az ad app create --display-name {api} --sign-in-audience AzureADMyOrg \
  --app-roles {roles} \
  --query appId --output tsv)
az ad app update --id "$api_id" --identifier-uris "api://$api_id"
graph=$(az cloud show --query endpoints.microsoftGraphResourceId --output tsv)
az rest --method PATCH --url "${graph%/}/v1.0/applications(appId='$api_id')" \
  --headers Content-Type=application/json --body '{"api": {"requestedAccessTokenVersion": 2}}'
az ad sp create --id "$api_id" --output none

# The client, with a secret that is valid for a year.
client_id=$(az ad app create --display-name {client} --sign-in-audience AzureADMyOrg \
  --query appId --output tsv)
az ad sp create --id "$client_id" --output none
client_secret=$(az ad app credential reset --id "$client_id" --append --display-name m2m \
  --query password --output tsv)

# The app role for the client, and the admin consent. Directories take a while to copy
# what was created: if a command does not find the app, run it again in a minute.
az ad app permission add --id "$client_id" --api "$api_id" --api-permissions {role}=Role
az ad app permission admin-consent --id "$client_id"

# The first four values of .env.
printf "TENANT_ID=%s\nCLIENT_ID=%s\nCLIENT_SECRET='%s'\nAPI_SCOPE=api://%s/.default\n" \
  "$(az account show --query tenantId --output tsv)" "$client_id" "$client_secret" "$api_id"
`

// jsonText returns v as JSON in one line, with <, > and & as they are.
func jsonText(v any) (string, error) {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return strings.TrimSpace(b.String()), err
}

// newGUID returns a random GUID (RFC 9562 section 5.4): the caller chooses the ID of
// an app role.
func newGUID() (string, error) {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", err
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
}
