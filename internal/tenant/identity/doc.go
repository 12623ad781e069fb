// Package identity answers as the endpoints at which programs on Azure get the
// tokens of managed identities: that of App Service, and IMDS, which virtual machines
// have.
//
// Requests, answers and errors are those of Microsoft's documentation
// (learn.microsoft.com/azure/app-service/overview-managed-identity and
// learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token)
// and of answers quoted in issues; what neither shows is inferred from these.
package identity
