import { ConfidentialClientApplication, ManagedIdentityApplication } from '@azure/msal-node'
import { authority, certificate, clientId, credential, done, federatedToken, host, local, scope, secret, validate } from './local.mjs'

async function managed() {
  const id = process.env.AZURE_CLIENT_ID
  const app = new ManagedIdentityApplication(id ? { managedIdentityIdParams: { userAssignedClientId: id } } : undefined)
  return app.acquireToken({ resource: scope.replace(/\/\.default$/, '') })
}

const auth = { clientId, authority }
if (local) auth.knownAuthorities = [new URL(host).host]
switch (credential) {
  case 'secret': auth.clientSecret = secret(); break
  case 'certificate': auth.clientCertificate = { privateKey: certificate().privateKey, thumbprintSha256: certificate().sha256 }; break
  case 'federated': auth.clientAssertion = federatedToken(); break
}
const result = credential === 'managed' ? await managed() : await new ConfidentialClientApplication({ auth }).acquireTokenByClientCredential({ scopes: [scope] })
await validate(result.accessToken)
done('@azure/msal-node')
