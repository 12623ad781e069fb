// Loaded before a program (node --import): fetch then heeds HTTPS_PROXY, as it
// does by itself from Node.js 22.21 and 24 on with NODE_USE_ENV_PROXY=1.
import { EnvHttpProxyAgent, setGlobalDispatcher } from 'undici'
setGlobalDispatcher(new EnvHttpProxyAgent())
