package issuer

import "m2m/internal/entra"

// checkAssertion refuses every assertion: no client of this tenant has a
// certificate or a federated credential yet, and Entra says of an assertion
// whose key it does not know just this.
func (c *Client) checkAssertion(entra.Secret) *refusal { return unknownAssertionKey(c.ID) }
