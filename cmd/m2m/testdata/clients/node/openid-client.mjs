import { createPrivateKey } from 'node:crypto'
import * as oidc from 'openid-client'
import { authority, certificate, clientId, credential, done, federatedToken, scope, secret, validate } from './local.mjs'

// Entra wants the certificate's thumbprint in the header and the token endpoint
// as audience; the library lets a caller say both.
async function byCertificate() {
  const { privateKey, sha1 } = certificate()
  const der = createPrivateKey(privateKey).export({ type: 'pkcs8', format: 'der' })
  const key = await crypto.subtle.importKey('pkcs8', der, { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, false, ['sign'])
  return oidc.PrivateKeyJwt(key, {
    [oidc.modifyAssertion]: (header, payload) => { header.x5t = sha1; payload.aud = `${authority}/oauth2/v2.0/token` },
  })
}

function byAssertion(_server, _client, body) {
  body.set('client_id', clientId)
  body.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
  body.set('client_assertion', federatedToken())
}

const authentication = {
  secret: () => oidc.ClientSecretPost(secret()),
  basic: () => oidc.ClientSecretBasic(secret()),
  certificate: byCertificate,
  federated: () => byAssertion,
}[credential]
const config = await oidc.discovery(new URL(`${authority}/v2.0`), clientId, {}, await authentication())
const tokens = await oidc.clientCredentialsGrant(config, { scope })
await validate(tokens.access_token)
done('openid-client')
