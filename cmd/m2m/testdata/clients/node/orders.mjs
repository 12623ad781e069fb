// Orders with Express and jose: an API of the kind that m2m test is for. It prints its address.
import express from "express";
import { createRemoteJWKSet, jwtVerify } from "jose";

const keys = createRemoteJWKSet(new URL(process.env.M2M_JWKS_URI));
const expected = { algorithms: ["RS256"], issuer: process.env.M2M_ISSUER, audience: process.env.API_AUDIENCE };

async function caller(request, response, next) {
  const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  if (!token) {
    return response.status(401).set("WWW-Authenticate", "Bearer").json({ error: "no token" });
  }
  try {
    const { payload } = await jwtVerify(token, keys, expected);
    if (!payload.roles?.includes("Data.Read")) {
      return response.status(403).json({ error: "the role Data.Read is required" });
    }
  } catch (error) {
    return response.status(401).set("WWW-Authenticate", 'Bearer error="invalid_token"').json({ error: error.message });
  }
  next();
}

const orders = new Map();

function find(request, response, next) {
  request.order = orders.get(request.params.id);
  return request.order ? next() : response.status(404).json({ error: "no such order" });
}

const app = express();
app.use(express.json(), caller);
app.post("/orders", (request, response) => {
  const order = { id: `order-${orders.size + 1}`, item: request.body.item, looked: 0 };
  orders.set(order.id, order);
  response.status(201).location(`/orders/${order.id}`).json(order);
});
app.get("/orders/:id", find, ({ order }, response) => {
  order.looked++;
  response.json({ ...order, state: order.looked > 2 ? "ready" : "new" });
});
app.put("/orders/:id", find, (request, response) => {
  request.order.item = request.body.item;
  response.json(request.order);
});
app.delete("/orders/:id", find, (request, response) => {
  orders.delete(request.params.id);
  response.status(204).end();
});
const server = app.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
