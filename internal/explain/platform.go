package explain

import (
	"fmt"
	"strings"

	"m2m/internal/entra"
	"m2m/internal/text"
	"m2m/internal/token"
)

// platformHints is about a platform that gave no token: what to do on that platform.
func platformHints(e *token.PlatformError) []string {
	hints := platformAdvice(e)
	for _, code := range e.AADSTS {
		if known, ok := entra.LookupAADSTS(code); ok {
			hints = append(hints, strings.TrimRight(known.Remedy, ". "))
			break
		}
	}
	if e.RetryAfter > 0 {
		hints = append(hints, "it asks to wait "+text.Duration(e.RetryAfter)+" before the next attempt")
	}
	if e.ID != "" {
		hints = append(hints, "quote the request's ID to its support: "+e.ID)
	}
	return hints
}

func platformAdvice(e *token.PlatformError) []string {
	switch e.Platform {
	case token.GitHubActions:
		return gitHubAdvice(e)
	case token.AzurePipelines:
		return pipelinesAdvice(e)
	}
	switch e.Reason {
	case token.ReasonNoEndpoint:
		return []string{
			"use a managed identity only on Azure or on a machine with the Azure Arc agent; elsewhere give another credential, " +
				"such as CLIENT_SECRET, --certificate or --federated",
			"on Azure: let the process reach http://169.254.169.254 without a proxy; in AKS use workload identity (AZURE_FEDERATED_TOKEN_FILE)",
		}
	case token.ReasonNotAssigned:
		return notAssigned(e)
	case token.ReasonSeveral:
		return []string{"name one of them: --managed-identity-client CLIENT_ID (az identity list --query '[].{name:name,clientId:clientId}')"}
	case token.ReasonResource:
		return []string{"compare the scope with the API's Application ID URI in the tenant of the subscription: " +
			"a managed identity gets tokens of that tenant only"}
	case token.ReasonWrongHeader:

		return []string{
			"take IDENTITY_ENDPOINT and IDENTITY_HEADER from the environment of this process: the platform changes them when it restarts",
		}
	case token.ReasonMetadataHeader:
		return []string{"let the request pass without a proxy: one removed its Metadata header (NO_PROXY=169.254.169.254)"}
	case token.ReasonUpdating:
		return []string{"try again in a minute: IMDS is being updated, or this machine has just started"}
	case token.ReasonAway:
		return []string{"try again in 70s: IMDS is being updated"}
	case token.ReasonThrottled:
		return []string{"try again later, and keep the token: IMDS answers five requests a second"}
	case token.ReasonFailing:

		if e.Platform == token.AppService {
			return []string{
				"check that the scope names an API of this tenant: App Service answers 500 for one that it does not know",
				"try again later",
			}
		}
		return []string{"try again later"}
	case token.ReasonKeyFileDenied:
		return []string{"let the user of this process read the agent's keys: sudo usermod -aG himds \"$USER\", then log in again; on Windows " +
			"add it to the group 'Hybrid agent extension applications'"}
	case token.ReasonKeyFileMissing:
		return []string{"restart the agent: sudo systemctl restart himdsd",
			"look at its state: azcmagent show"}

	case token.ReasonKeyFileStrange:
		return []string{
			"look at what answers at IDENTITY_ENDPOINT: the Arc agent names a .key file in its own folder",
			"look at the agent's state: azcmagent show",
		}
	case token.ReasonOldAgent:
		return []string{
			"leave --managed-identity-client out: this agent has only the system-assigned identity",
			"or update the agent: azcmagent upgrade",
		}
	case token.ReasonNoAnswer:
		return []string{"check that the agent or app platform runs, and that IDENTITY_ENDPOINT or MSI_ENDPOINT is the one it set"}
	case token.ReasonSignIn, token.ReasonNotItsAnswer:
		return []string{"look at what answers at IDENTITY_ENDPOINT or MSI_ENDPOINT: this is not the platform's own answer"}
	}
	return []string{"look the words up in the platform's documentation on managed identities"}
}

// notAssigned is about an identity that the machine or app does not have.
func notAssigned(e *token.PlatformError) []string {
	command := map[token.Platform]string{
		token.AppService:    "az webapp identity assign -g GROUP -n APP (functionapp or containerapp instead of webapp for those)",
		token.IMDS:          "az vm identity assign -g GROUP -n VM (vmss instead of vm for a scale set)",
		token.ServiceFabric: "add the identity to the application's manifest and to its ARM resource",
		token.AzureArc:      "azcmagent show tells whether the machine is connected",
	}[e.Platform]
	if command == "" {
		command = "assign it in the portal, under Identity"
	}
	if e.Identity == "" {
		return []string{
			"switch the system-assigned identity on: " + command,
			"or name a user-assigned identity: --managed-identity-client CLIENT_ID",
		}
	}
	return []string{
		"assign the user-assigned identity " + e.Identity + " to it: " + command + ", with --identities and its resource ID",
		"give with --managed-identity-client the Client ID of that identity: an app registration's ID and an Object ID are not one",
	}
}

// gitHubAdvice is about the endpoint at which a job of GitHub Actions asks for its ID
// token. Source: docs.github.com/actions/reference/security/oidc, actions/toolkit#1787,
// Azure/login#477.
func gitHubAdvice(e *token.PlatformError) []string {
	switch e.Reason {
	case token.ReasonJobToken:
		return []string{"ask inside the job, while it runs: ACTIONS_ID_TOKEN_REQUEST_TOKEN belongs to one job and ends with it"}
	case token.ReasonJobPermission:
		return []string{"give the job the permission: permissions: {id-token: write}; pull requests from forks never get it"}
	case token.ReasonAudienceRefused:
		return []string{"ask for another audience: --federated-audience AUDIENCE, the one of the app's federated credential"}
	case token.ReasonSignIn, token.ReasonNotItsAnswer:
		return []string{
			"leave ACTIONS_ID_TOKEN_REQUEST_URL as GitHub sets it; on a self-hosted runner let its proxy pass *.actions.githubusercontent.com",
		}
	case token.ReasonThrottled, token.ReasonFailing:
		return []string{"run the job again later; https://www.githubstatus.com shows known outages"}
	case token.ReasonNoAnswer:
		return []string{"let the runner reach *.actions.githubusercontent.com, or the GitHub Enterprise host"}
	}
	return []string{"check the job's permission id-token: write, and GitHub's words above"}
}

// pipelinesAdvice is about the endpoint at which a job of Azure Pipelines asks for its
// ID token. Source: azure-devops-docs troubleshoot-workload-identity.md.
func pipelinesAdvice(e *token.PlatformError) []string {
	switch e.Reason {
	case token.ReasonJobToken:
		return []string{"map the job's token: env: {SYSTEM_ACCESSTOKEN: $(System.AccessToken)}; it ends with the job"}
	case token.ReasonServiceConnect:
		return []string{
			"set AZURESUBSCRIPTION_SERVICE_CONNECTION_ID to the ID of the service connection, and authorize this pipeline to use it",
			"run m2m in a task that references the connection (AzureCLI@2 with addSpnToEnvironment, or AzurePowerShell@5)",
		}
	case token.ReasonJobPermission:
		return []string{"let the pipeline use the service connection: its Security page, Pipeline permissions"}
	case token.ReasonSignIn, token.ReasonNotItsAnswer:
		return []string{
			"map the job's token: env: {SYSTEM_ACCESSTOKEN: $(System.AccessToken)}: Azure DevOps sends who has none to a sign-in page",
		}
	case token.ReasonThrottled, token.ReasonFailing:
		return []string{"run the job again later; https://status.dev.azure.com shows known outages"}
	case token.ReasonNoAnswer:
		return []string{"let the agent reach dev.azure.com, or the host of SYSTEM_OIDCREQUESTURI"}
	}
	return []string{fmt.Sprintf("check the service connection and the job's token; %s said why above", e.Platform)}
}
