"""Prints a token from MSAL Python's own cache in the file CACHE, as a careful script does."""
import os, sys
import msal

path = os.environ["CACHE"]
cache = msal.SerializableTokenCache()
if os.path.exists(path):
    cache.deserialize(open(path).read())
app = msal.ConfidentialClientApplication(
    os.environ["CLIENT_ID"], client_credential=os.environ["CLIENT_SECRET"], token_cache=cache,
    authority=os.environ["AZURE_AUTHORITY_HOST"] + "/" + os.environ["TENANT_ID"], instance_discovery=False)
scopes = [os.environ["API_SCOPE"]]
answer = app.acquire_token_silent(scopes, account=None) or app.acquire_token_for_client(scopes)
if "access_token" not in answer:
    sys.exit(answer.get("error_description", "no token"))
if cache.has_state_changed:
    with open(path, "w") as f:
        f.write(cache.serialize())
print(answer["access_token"])
