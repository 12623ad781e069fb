package explain

import (
	"fmt"
	"strings"
	"time"

	"m2m/internal/entra"
	"m2m/internal/jwt"
	"m2m/internal/text"
)

// Why an API rejects a token without a reason can often be seen in the token.

// algorithm: Entra signs with RS256, and so that is what APIs take.
func algorithm(e *evidence) *Explanation {
	if !e.unauthorized() || e.token == nil || e.token.Algorithm == "" || e.token.Algorithm == "RS256" {
		return nil
	}
	return likely(CodeInvalidToken,
		fmt.Sprintf("the token names the algorithm %q, and APIs for Entra's tokens likely accept RS256 alone: it is not Entra's, or was changed",
			text.Bound(e.token.Algorithm, 40)), "get one from Entra").with(e.verifyCommand())
}

// otherIssuer: neither Entra nor the tenant that the settings name issued it.
func otherIssuer(e *evidence) *Explanation {
	if !e.unauthorized() || e.token == nil || e.token.Issuer == "" || e.token.Kind == jwt.ID {
		return nil
	}
	rest, isHTTPS := strings.CutPrefix(e.token.Issuer, "https://")
	host, _, _ := strings.Cut(rest, "/")
	if known := e.context.IssuerHost; known == "" || !isHTTPS || sameHost(host, known) || host == "sts.windows.net" ||
		entra.IsLoginHost(host) {
		return nil
	}
	return likely(CodeWrongTenant, fmt.Sprintf("the token was issued by %s, and the API likely accepts only those of %s",
		text.Bound(e.token.Issuer, maxShown), e.context.IssuerHost), "get one from there").with(e.verifyCommand())
}

func sameHost(a, b string) bool { return text.LowerASCII(a) == text.LowerASCII(b) }

// knownTenant: the settings name the tenant, and the token is another's.
func knownTenant(e *evidence) *Explanation {
	if !e.unauthorized() || e.token == nil || !entra.IsGUID(e.context.TenantID) || !entra.IsGUID(e.token.TenantID) ||
		strings.EqualFold(e.context.TenantID, e.token.TenantID) {
		return nil
	}
	return likely(CodeWrongTenant,
		fmt.Sprintf("the token is of the tenant %s, and the API likely accepts only those of %s", e.token.TenantID, e.context.TenantID),
		"get one from the API's own tenant, or set TENANT_ID to the token's").with(e.verifyCommand())
}

// longestLifetime is longer than any token of Entra's: those of continuous access
// evaluation live for up to 28 hours.
const longestLifetime = 29 * time.Hour

// longLived: an API may reject a token that lives longer than Entra's do.
func longLived(e *evidence) *Explanation {
	if !e.unauthorized() || e.token == nil || e.token.IssuedAt.IsZero() || e.token.ExpiresAt.Sub(e.token.IssuedAt) <= longestLifetime {
		return nil
	}
	return likely(CodeInvalidToken,
		fmt.Sprintf("the token lives for %s, longer than any of Entra's: likely the API does not believe that",
			text.Duration(e.token.ExpiresAt.Sub(e.token.IssuedAt))),
		"get one from Entra").with(e.verifyCommand())
}
