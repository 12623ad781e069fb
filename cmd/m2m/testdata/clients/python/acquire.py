"""Acquires a token with one of Python's libraries and validates it as an API would.

acquire.py LIBRARY CREDENTIAL. Without LOCAL_AUTHORITY the library is used as for
Entra; with it, it asks a local tenant, and what Microsoft documents for that
(instance discovery) is switched off. Exit 77: the library is not installed.
"""

import json
import os
import platform
import ssl
import sys
import urllib.request

LOCAL = os.environ.get("LOCAL_AUTHORITY")
HOST = LOCAL or "https://login.microsoftonline.com"
TENANT, CLIENT, SCOPE = os.environ["TENANT_ID"], os.environ["CLIENT_ID"], os.environ["API_SCOPE"]
AUTHORITY = HOST + "/" + TENANT
SECRET = os.environ.get("CLIENT_SECRET")


def certificate():
    """The key and the SHA-1 thumbprint of the certificate."""
    import hashlib

    with open(os.environ["CERTIFICATE_FILE"], encoding="ascii") as file:
        pem = file.read()
    start = pem.index("-----BEGIN CERTIFICATE-----")
    end = pem.index("-----END CERTIFICATE-----") + len("-----END CERTIFICATE-----")
    return pem[pem.index("-----BEGIN PRIVATE KEY-----"):], hashlib.sha1(ssl.PEM_cert_to_DER_cert(pem[start:end])).hexdigest()


def federated_token():
    with open(os.environ["FEDERATED_TOKEN_FILE"], encoding="ascii") as file:
        return file.read().strip()


def with_msal(credential):
    import msal

    if credential == "managed":
        import requests

        if not hasattr(msal, "ManagedIdentityClient"):
            raise ModuleNotFoundError("msal " + msal.__version__ + " without managed identity")
        client = os.environ.get("AZURE_CLIENT_ID")
        identity = msal.UserAssignedManagedIdentity(client_id=client) if client else msal.SystemAssignedManagedIdentity()
        with requests.Session() as session:
            result = msal.ManagedIdentityClient(identity, http_client=session).acquire_token_for_client(
                resource=SCOPE.removesuffix("/.default"))
        if "access_token" not in result:
            sys.exit(str(result))
        return result["access_token"], "msal " + msal.__version__
    if credential == "secret":
        given = SECRET
    elif credential == "certificate":
        key, thumbprint = certificate()
        given = {"private_key": key, "thumbprint": thumbprint}
    else:
        given = {"client_assertion": federated_token()}
    options = {"instance_discovery": False} if LOCAL else {}
    app = msal.ConfidentialClientApplication(CLIENT, authority=AUTHORITY, client_credential=given, **options)
    result = app.acquire_token_for_client([SCOPE])
    if "access_token" not in result:
        sys.exit(result.get("error_description", result))
    return result["access_token"], "msal " + msal.__version__


def with_azure_identity(credential):
    import azure.identity as identity

    options = {"authority": HOST, "instance_discovery": False} if LOCAL else {}
    if credential == "managed":
        made = identity.ManagedIdentityCredential(**({"client_id": os.environ["AZURE_CLIENT_ID"]} if "AZURE_CLIENT_ID" in os.environ else {}))
    elif credential == "default":
        made = identity.DefaultAzureCredential()
    elif credential == "secret":
        made = identity.ClientSecretCredential(TENANT, CLIENT, SECRET, **options)
    elif credential == "certificate":
        made = identity.CertificateCredential(TENANT, CLIENT, os.environ["CERTIFICATE_FILE"], **options)
    else:
        # It asks no instance discovery, and 1.13 takes its authority from
        # AZURE_AUTHORITY_HOST alone: an argument breaks it.
        made = identity.ClientAssertionCredential(TENANT, CLIENT, federated_token)
    return made.get_token(SCOPE).token, "azure-identity " + identity.__version__


def with_adal(credential):
    """The older library, which knows the v1.0 endpoint alone."""
    import adal

    context = adal.AuthenticationContext(AUTHORITY, validate_authority=not LOCAL, api_version=None)
    resource = SCOPE.removesuffix("/.default")
    if credential == "secret":
        result = context.acquire_token_with_client_credentials(resource, CLIENT, SECRET)
    else:
        result = context.acquire_token_with_client_certificate(resource, CLIENT, *certificate())
    return result["accessToken"], "adal " + adal.__version__


def with_requests_oauthlib(credential):
    import oauthlib.oauth2
    import requests_oauthlib
    from requests.auth import HTTPBasicAuth

    session = requests_oauthlib.OAuth2Session(client=oauthlib.oauth2.BackendApplicationClient(CLIENT, scope=[SCOPE]))
    how = {"auth": HTTPBasicAuth(CLIENT, SECRET)} if credential == "basic" else {"client_secret": SECRET, "include_client_id": True}
    token = session.fetch_token(AUTHORITY + "/oauth2/v2.0/token", **how)
    return token["access_token"], "requests-oauthlib " + requests_oauthlib.__version__


def validate(token):
    """Checks a token by discovery, keys and issuer, as an API with PyJWT does."""
    import jwt

    with urllib.request.urlopen(AUTHORITY + "/v2.0/.well-known/openid-configuration") as answer:
        document = json.load(answer)
    key = jwt.PyJWKClient(document["jwks_uri"]).get_signing_key_from_jwt(token).key
    claims = jwt.decode(token, key, algorithms=["RS256"], audience=os.environ["API_AUDIENCE"], issuer=AUTHORITY + "/v2.0")
    assert document["issuer"] == claims["iss"] and claims["azp"] == CLIENT, claims
    return "PyJWT " + jwt.__version__


def main():
    library, credential = sys.argv[1:]
    try:
        token, used = globals()["with_" + library.replace("-", "_")](credential)
        print(f"{used}, Python {platform.python_version()}, validated by {validate(token)}")
    except ModuleNotFoundError as error:
        print(error)
        sys.exit(77)


main()
