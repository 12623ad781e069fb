"""The recipe that m2m replaces: FastAPI, PyJWT, and keys fetched once."""

import os

import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

app = FastAPI()
bearer = HTTPBearer()
keys = {k.key_id: k.key for k in jwt.PyJWKClient(os.environ["KEYS_URL"]).get_signing_keys()}


def claims(credentials: HTTPAuthorizationCredentials = Depends(bearer)) -> dict:
    try:
        key = keys[jwt.get_unverified_header(credentials.credentials)["kid"]]
        return jwt.decode(
            credentials.credentials, key, algorithms=["RS256"], audience=os.environ["AUDIENCE"], issuer=os.environ["ISSUER"]
        )
    except (jwt.PyJWTError, KeyError) as error:
        raise HTTPException(status_code=401, detail=str(error)) from error


@app.get("/secure-data")
async def secure_data(token: dict = Depends(claims)) -> dict:
    return {"message": "Access granted", "client_id": token.get("azp"), "scopes": token.get("scp"), "roles": token.get("roles")}
