package issuer

import "time"

// proof is how a client proved who it is, as azpacr and appidacr say it.
type proof string

// Assertions signed with a certificate and federated ones both count as 2.
const (
	provedBySecret    proof = "1"
	provedByAssertion proof = "2"
)

// authenticate checks the credential that a client sent: each kind in a file
// of its own.
func (c *Client) authenticate(f tokenForm, now time.Time) (proof, *refusal) {
	switch f.kind {
	case SecretCredential:
		return provedBySecret, c.checkSecret(f.credential.Reveal(), now)
	case AssertionCredential:
		return provedByAssertion, c.checkAssertion(f.credential)
	}
	return "", credentialNeeded()
}
