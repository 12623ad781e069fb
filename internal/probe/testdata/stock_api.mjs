// A correct API on Express and jose, in which a probe must find nothing.
//
// usage: stock_api.mjs MODULES KEYS ISSUER AUDIENCE ROLE; prints the port that it listens on.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [modules, keysFile, issuer, audience, role] = process.argv.slice(2);
const resolve = createRequire(modules + "/x.js").resolve;
const load = (name) => import(pathToFileURL(resolve(name)).href);
const { default: express } = await load("express");
const { createLocalJWKSet, jwtVerify } = await load("jose");

const keys = createLocalJWKSet(JSON.parse(readFileSync(keysFile, "utf8")));

// bearer returns the token, or the status to reject the request with.
function bearer(request) {
  const values = request.headersDistinct.authorization ?? [];
  if (values.length === 0) return 401;
  if (values.length > 1 || values[0].includes(",")) return 400;
  const match = /^bearer +([\w-]+\.[\w-]+\.([\w-]+))$/i.exec(values[0]);
  if (!match || match[1].length > 16384) return 401;
  // jose takes any spelling of the last character.
  return Buffer.from(match[2], "base64url").toString("base64url") === match[2] ? match[1] : 401;
}

async function gate(request, response, next) {
  const token = bearer(request);
  let status = typeof token === "number" ? token : 0;
  if (!status) {
    try {
      const { payload, protectedHeader } = await jwtVerify(token, keys, {
        algorithms: ["RS256"], issuer, audience, requiredClaims: ["exp", "nbf"],
      });
      const plain = ["kid", "alg", "typ"];
      if (!protectedHeader.kid || Object.keys(protectedHeader).some((name) => !plain.includes(name)) ||
          "cnf" in payload || "scp" in payload || !("azp" in payload) || payload.idtyp !== "app") status = 401;
      else if (!Array.isArray(payload.roles) || !payload.roles.includes(role)) status = 403;
    } catch {
      status = 401;
    }
  }
  if (status) response.status(status).set("WWW-Authenticate", 'Bearer realm="stock"').send("no");
  else next();
}

const app = express();
app.disable("x-powered-by").enable("case sensitive routing").enable("strict routing");
app.all("/stock", (request, response, next) => {
  if (request.method === "GET" || request.method === "HEAD") return gate(request, response, next);
  response.status(405).set("Allow", "GET, HEAD").send("method not allowed");
}, (_, response) => response.set("Cache-Control", "no-store").json({ stock: [{ item: "bolt", count: 4812 }] }));
app.use((error, _, response, next) => (error.status ? response.status(error.status).send("no") : next(error)));
const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
