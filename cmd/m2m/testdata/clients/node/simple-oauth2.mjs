import { ClientCredentials } from 'simple-oauth2'
import { clientId, credential, done, host, scope, secret, tenant, validate } from './local.mjs'

const client = new ClientCredentials({
  client: { id: clientId, secret: secret() },
  auth: { tokenHost: host, tokenPath: `/${tenant}/oauth2/v2.0/token` },
  options: { authorizationMethod: credential === 'basic' ? 'header' : 'body' },
})
await validate((await client.getToken({ scope })).token.access_token)
done('simple-oauth2')
