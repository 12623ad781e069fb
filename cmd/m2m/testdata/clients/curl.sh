#!/bin/sh
# curl.sh CREDENTIAL: asks for a token with curl and prints it. Without
# LOCAL_AUTHORITY it asks Microsoft's address.
set -eu
endpoint=${LOCAL_AUTHORITY:-https://login.microsoftonline.com}/$TENANT_ID/oauth2/v2.0/token
request() {
  curl -sS --fail-with-body -d grant_type=client_credentials --data-urlencode "scope=$API_SCOPE" "$@" "$endpoint" |
    sed -n 's/.*"access_token":"\([^"]*\)".*/token \1/p'
  echo
}
assertion() {
  request -d "client_id=$CLIENT_ID" --data-urlencode "client_assertion=$1" \
    -d client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer
}
base64url() { base64 | tr -d '=\n' | tr '+/' '-_'; }
signed() { # an assertion made by hand, with the certificate's key (RFC 7523)
  thumbprint=$(openssl x509 -in "$CERTIFICATE_FILE" -outform DER | openssl dgst -sha1 -binary | base64url)
  now=$(date +%s)
  unsigned=$(printf '{"alg":"RS256","typ":"JWT","x5t":"%s"}' "$thumbprint" | base64url).$(printf \
    '{"aud":"%s","iss":"%s","sub":"%s","jti":"%s","nbf":%d,"exp":%d}' "$endpoint" "$CLIENT_ID" "$CLIENT_ID" "$now-$$" "$now" "$((now + 300))" | base64url)
  printf '%s.%s' "$unsigned" "$(printf %s "$unsigned" | openssl dgst -sha256 -sign "$CERTIFICATE_FILE" -binary | base64url)"
}
case $1 in
  secret) request -d "client_id=$CLIENT_ID" --data-urlencode "client_secret=$CLIENT_SECRET" ;;
  basic) request -u "$CLIENT_ID:$CLIENT_SECRET" ;;
  certificate) assertion "$(signed)" ;;
  federated) assertion "$(cat "$FEDERATED_TOKEN_FILE")" ;;
esac
curl --version | sed -n '1s/^\(curl [^ ]*\).*/\1/p'
