"""A correct API on FastAPI, uvicorn and PyJWT, in which a probe must find nothing.

usage: stock_api.py KEYS ISSUER AUDIENCE ROLE; prints the port that it listens on.
"""
import base64
import json
import re
import socket
import sys

import jwt
import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Request

keys_file, issuer, audience, role = sys.argv[1:]
with open(keys_file, encoding="utf-8") as f:
    KEYS = {k["kid"]: jwt.PyJWK(k, algorithm="RS256").key for k in json.load(f)["keys"]}

app = FastAPI()


def refuse(status):
    raise HTTPException(status, headers={"WWW-Authenticate": 'Bearer realm="stock"'})


def bearer(request):
    values = request.headers.getlist("authorization")
    if not values:
        refuse(401)
    if len(values) > 1 or "," in values[0]:
        refuse(400)
    match = re.fullmatch(r"bearer +([\w-]+\.[\w-]+\.([\w-]+))", values[0], re.ASCII | re.IGNORECASE)
    if not match or len(match[1]) > 16384:
        refuse(401)
    # PyJWT takes any spelling of the last character.
    signature = base64.urlsafe_b64decode(match[2] + "=" * (-len(match[2]) % 4))
    if base64.urlsafe_b64encode(signature).rstrip(b"=").decode() != match[2]:
        refuse(401)
    return match[1]


def caller(request: Request):
    token = bearer(request)
    try:
        header = jwt.get_unverified_header(token)
        if any(name in header for name in ("crit", "b64", "cty", "zip")):
            refuse(401)
        claims = jwt.decode(
            token, KEYS[header["kid"]], algorithms=["RS256"], issuer=issuer, audience=audience,
            options={"require": ["exp", "nbf", "iss", "aud"]})
    except (jwt.PyJWTError, KeyError, TypeError, ValueError, RecursionError):
        refuse(401)
    if "cnf" in claims or "scp" in claims or "azp" not in claims or claims.get("idtyp") != "app":
        refuse(401)
    if role not in claims.get("roles", []):
        refuse(403)
    return claims


@app.get("/stock")
def stock(claims: dict = Depends(caller)):
    return {"stock": [{"item": "bolt", "count": 4812}], "caller": claims["azp"]}


listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()  # from here on connections wait
print(listener.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="critical")).run(sockets=[listener])
