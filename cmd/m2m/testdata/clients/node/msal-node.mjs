import { ConfidentialClientApplication } from '@azure/msal-node'
import { authority, certificate, clientId, credential, done, federatedToken, host, local, scope, secret, validate } from './local.mjs'

const auth = { clientId, authority }
if (local) auth.knownAuthorities = [new URL(host).host]
switch (credential) {
  case 'secret': auth.clientSecret = secret(); break
  case 'certificate': auth.clientCertificate = { privateKey: certificate().privateKey, thumbprintSha256: certificate().sha256 }; break
  case 'federated': auth.clientAssertion = federatedToken(); break
}
const result = await new ConfidentialClientApplication({ auth }).acquireTokenByClientCredential({ scopes: [scope] })
await validate(result.accessToken)
done('@azure/msal-node')
