#!/bin/sh
# kubelogin.sh CREDENTIAL: asks for a token with kubelogin, as kubectl does, and
# prints it. Without LOCAL_AUTHORITY it asks Microsoft's address.
set -eu
case $1 in
  secret) set -- --login spn --client-id "$CLIENT_ID" --client-secret "$CLIENT_SECRET" ;;
  certificate) set -- --login spn --client-id "$CLIENT_ID" --client-certificate "$CERTIFICATE_FILE" ;;
  federated) set -- --login workloadidentity --client-id "$CLIENT_ID" --federated-token-file "$FEDERATED_TOKEN_FILE" ;;
esac
if [ -n "${LOCAL_AUTHORITY-}" ]; then
  set -- "$@" --disable-instance-discovery --authority-host "$LOCAL_AUTHORITY/"
  export AZURE_AUTHORITY_HOST="$LOCAL_AUTHORITY/" # it wants the slash, and this before its flag
fi
cache=$(mktemp -d)
trap 'rm -rf "$cache"' EXIT
kubelogin get-token --server-id "$API_AUDIENCE" --tenant-id "$TENANT_ID" --cache-dir "$cache" "$@" |
  sed -n 's/.*"token": *"\([^"]*\)".*/token \1/p'
printf 'kubelogin %s\n' "$(kubelogin --version | sed -n 's/^git hash: //p')"
