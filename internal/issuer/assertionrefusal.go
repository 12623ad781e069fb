package issuer

import (
	"strings"
	"time"
)

func unknownAssertionType(kind string) *refusal {
	return badRequest(90023, invalidRequest, "client_assertion_type %s is not supported", quote(kind))
}

func malformedAssertion(problem string) *refusal {
	return badCredential(50027, "the assertion is not a well-formed JWT: %s", problem)
}

// rejectedSignature names the thumbprint that the client sent, if it did: it
// is what to compare with the registration.
func rejectedSignature(id, problem, thumbprint string) *refusal {
	if thumbprint != "" {
		problem += " (thumbprint " + quote(thumbprint) + ")"
	}
	return badCredential(700027, "assertion of app %s rejected: %s", id, problem)
}

func assertionOfAnother(id string) *refusal {
	return badCredential(700021, "the assertion's iss and sub must both be the client ID %s", id)
}

func assertionWithoutSubject() *refusal {
	return badCredential(700022, "the assertion has no sub")
}

func assertionForAnother(audience []string, want string) *refusal {
	return badCredential(700023, "assertion audience %s is not this tenant's token endpoint %s", quote(strings.Join(audience, " ")), want)
}

func assertionOutOfTime(notBefore, expires, now time.Time) *refusal {
	from := "any time"
	if !notBefore.IsZero() {
		from = notBefore.UTC().Format(timestampForm)
	}
	return badCredential(700024, "the assertion is valid from %s to %s, and now it is %s",
		from, expires.UTC().Format(timestampForm), now.UTC().Format(timestampForm))
}

func noFederatedCredential(id string) *refusal {
	return badCredential(70025, "app %s has no federated credentials", id)
}

func federatedIssuer(issuer string) *refusal {
	return badCredential(700211, "no federated credential of this app has issuer %s", quote(issuer))
}

func federatedAudience(audience []string) *refusal {
	return badCredential(700212, "no federated credential of this app has audience %s", quote(strings.Join(audience, " ")))
}

func federatedSubject(subject string) *refusal {
	return badCredential(700213, "no federated credential of this app has subject %s", quote(subject))
}

func federatedMetadata(issuer string, err error) *refusal {
	return badCredential(70024, "the keys of issuer %s cannot be read: %s", quote(issuer), quote(err.Error()))
}

func federatedMetadataIssuer(token, document string) *refusal {
	return badCredential(700221, "the token's issuer is %s, its discovery document says %s", quote(token), quote(document))
}
