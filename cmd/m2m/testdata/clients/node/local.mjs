// What every program here needs to know. Without LOCAL_AUTHORITY a program is as
// its author wrote it for Entra; with it, it asks a local tenant, and switches
// off what Microsoft documents for that (instance discovery).
import { readFileSync } from 'node:fs'
import { createHash, X509Certificate } from 'node:crypto'
import { createRemoteJWKSet, jwtVerify } from 'jose'

const need = (name) => {
  if (!process.env[name]) throw new Error(`${name} is not set`)
  return process.env[name]
}

export const local = process.env.LOCAL_AUTHORITY
export const host = local || 'https://login.microsoftonline.com'
export const tenant = need('TENANT_ID')
export const clientId = need('CLIENT_ID')
export const scope = need('API_SCOPE')
export const authority = `${host}/${tenant}`
export const credential = process.argv[2]
export const secret = () => need('CLIENT_SECRET')
export const certificateFile = () => need('CERTIFICATE_FILE')
export const federatedToken = () => readFileSync(need('FEDERATED_TOKEN_FILE'), 'utf8').trim()

export function certificate() {
  const pem = readFileSync(certificateFile(), 'utf8')
  const der = new X509Certificate(pem).raw
  return {
    privateKey: pem.slice(pem.indexOf('-----BEGIN PRIVATE KEY-----')),
    sha1: createHash('sha1').update(der).digest('base64url'),
    sha256: createHash('sha256').update(der).digest('hex'),
  }
}

// validate validates a token as an API would: by discovery, keys and issuer.
export async function validate(token) {
  const document = await (await fetch(`${authority}/v2.0/.well-known/openid-configuration`)).json()
  const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(document.jwks_uri)), {
    issuer: `${authority}/v2.0`, audience: need('API_AUDIENCE'), algorithms: ['RS256'],
  })
  if (document.issuer !== payload.iss) throw new Error(`discovery names ${document.issuer}, the token ${payload.iss}`)
  if (payload.azp !== clientId) throw new Error(`the token is for ${payload.azp}`)
}

export function done(name) {
  const version = (of) => JSON.parse(readFileSync(new URL(`../node_modules/${of}/package.json`, import.meta.url))).version
  console.log(`${name} ${version(name)}, Node.js ${process.versions.node}, validated by jose ${version('jose')}`)
}
