import {
  ClientAssertionCredential, ClientCertificateCredential, ClientSecretCredential, DefaultAzureCredential, ManagedIdentityCredential,
} from '@azure/identity'
import { certificateFile, clientId, credential, done, federatedToken, host, local, scope, secret, tenant, validate } from './local.mjs'

const options = local ? { authorityHost: host, disableInstanceDiscovery: true } : {}
const made = {
  secret: () => new ClientSecretCredential(tenant, clientId, secret(), options),
  certificate: () => new ClientCertificateCredential(tenant, clientId, certificateFile(), options),
  managed: () => new ManagedIdentityCredential(process.env.AZURE_CLIENT_ID ? { clientId: process.env.AZURE_CLIENT_ID } : undefined),
  default: () => new DefaultAzureCredential(),
  federated: () => new ClientAssertionCredential(tenant, clientId, async () => federatedToken(), options),
}[credential]()
await validate((await made.getToken(scope)).token)
done('@azure/identity')
