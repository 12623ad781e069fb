"""Orders with FastAPI and PyJWT: an API of the kind that m2m test is for. It prints its address."""

import os
import socket

import jwt
import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

app = FastAPI()
bearer = HTTPBearer(auto_error=False)
keys = jwt.PyJWKClient(os.environ["M2M_JWKS_URI"])
orders: dict = {}


def caller(credentials: HTTPAuthorizationCredentials = Depends(bearer)) -> dict:
    if credentials is None:
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})
    try:
        key = keys.get_signing_key_from_jwt(credentials.credentials).key
        claims = jwt.decode(credentials.credentials, key, algorithms=["RS256"],
                            audience=os.environ["API_AUDIENCE"], issuer=os.environ["M2M_ISSUER"])
    except jwt.PyJWTError as error:
        raise HTTPException(401, str(error), {"WWW-Authenticate": 'Bearer error="invalid_token"'}) from error
    if "Data.Read" not in claims.get("roles", []):
        raise HTTPException(403, "the role Data.Read is required")
    return claims


def find(name: str) -> dict:
    if name not in orders:
        raise HTTPException(404, "no such order")
    return orders[name]


@app.post("/orders", status_code=201)
async def create(order: dict, response: Response, _: dict = Depends(caller)) -> dict:
    name = f"order-{len(orders) + 1}"
    orders[name] = {"id": name, "item": order["item"], "looked": 0}
    response.headers["Location"] = f"/orders/{name}"
    return orders[name]


@app.get("/orders/{name}")
async def read(name: str, _: dict = Depends(caller)) -> dict:
    order = find(name)
    order["looked"] += 1
    return order | {"state": "ready" if order["looked"] > 2 else "new"}


@app.put("/orders/{name}")
async def update(name: str, order: dict, _: dict = Depends(caller)) -> dict:
    find(name)["item"] = order["item"]
    return orders[name]


@app.delete("/orders/{name}", status_code=204)
async def delete(name: str, _: dict = Depends(caller)) -> None:
    find(name)
    del orders[name]


listener = socket.create_server(("127.0.0.1", 0))
print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="warning")).run([listener])
