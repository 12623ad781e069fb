#!/bin/sh
# Times `m2m token` from its cache, as a whole process, against a bare Go program
# that prints a line, and beside what else gives a script a token: az, MSAL
# Python and kubelogin, where they are installed. All of them ask the local
# tenant, which this script starts.
#
#   sh bench/token.sh [ROUNDS]
#
# AZ, PYTHON and KUBELOGIN name other programs than those on the PATH.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
rounds=${1:-200}

if [ -z "${BENCH_DIR:-}" ]; then
	BENCH_DIR=$(mktemp -d)
	trap 'rm -rf "$BENCH_DIR"' EXIT
	export BENCH_DIR
	export CGO_ENABLED=0 # static, as m2m is released: a dynamic linker would cost both programs time
	(cd "$here/.." && go build -trimpath -ldflags '-s -w' -o "$BENCH_DIR/m2m" ./cmd/m2m)
	(cd "$here/paired" && go build -o "$BENCH_DIR/paired" .)
	printf 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("token") }\n' >"$BENCH_DIR/bare.go"
	go build -trimpath -ldflags '-s -w' -o "$BENCH_DIR/bare" "$BENCH_DIR/bare.go"
	"$BENCH_DIR/m2m" serve --local -- sh "$0" "$rounds"
	exit
fi

cd "$BENCH_DIR"
m2m=$BENCH_DIR/m2m
$m2m token >token
$m2m token -o json | grep '"source": "cache"' >/dev/null
echo "machine: $(nproc) cores, $(uname -sr), $(go version | cut -d ' ' -f 3)"
./paired -n "$rounds" bare=./bare m2m="$m2m token" version="$m2m --version"

set -- m2m="$m2m token"
az=${AZ:-az} python=${PYTHON:-python3} kubelogin=${KUBELOGIN:-kubelogin}
if "$python" -c 'import msal' 2>/dev/null; then
	export CACHE="$BENCH_DIR/msal.json"
	set -- "$@" msal-python="$python $here/msal_token.py"
	echo "MSAL Python $("$python" -c 'import msal; print(msal.__version__)'), token from its cache in a file"
else
	echo "MSAL Python: not installed"
fi
if command -v "$kubelogin" >/dev/null; then
	set -- "$@" kubelogin="$kubelogin get-token --login spn --server-id ${API_SCOPE%/.default} --client-id $CLIENT_ID --client-secret $CLIENT_SECRET --tenant-id $TENANT_ID --authority-host $AZURE_AUTHORITY_HOST/ --disable-instance-discovery --environment AzurePublicCloud"
	echo "kubelogin $("$kubelogin" --version | grep -o 'v[0-9][0-9.]*[^ /]*' | head -1), which keeps no tokens of an app: it asks each time"
else
	echo "kubelogin: not installed"
fi
if command -v "$az" >/dev/null; then
	export AZURE_CONFIG_DIR="$BENCH_DIR/az" AZURE_CORE_COLLECT_TELEMETRY=no AZURE_CORE_INSTANCE_DISCOVERY=false
	if "$az" cloud register -n local --endpoint-active-directory "$AZURE_AUTHORITY_HOST" --endpoint-resource-manager https://127.0.0.1:1 \
		--endpoint-active-directory-resource-id "${API_SCOPE%/.default}" --endpoint-active-directory-graph-resource-id "${API_SCOPE%/.default}" >az.log 2>&1 &&
		"$az" cloud set -n local >>az.log 2>&1 &&
		"$az" login --service-principal -u "$CLIENT_ID" -p "$CLIENT_SECRET" --tenant "$TENANT_ID" --allow-no-subscriptions >>az.log 2>&1 &&
		"$az" account get-access-token --scope "$API_SCOPE" >>az.log 2>&1; then
		set -- "$@" az="$az account get-access-token --scope $API_SCOPE -o tsv --query accessToken"
		echo "az $("$az" version -o tsv --query '"azure-cli"'), token from its cache"
	else
		# Before 2.47 az asks login.microsoftonline.com about every authority, so
		# it cannot sign in offline. Listing no accounts loads the same modules
		# and reads no token: less than what is to be compared.
		set -- "$@" az-list="$az account list"
		echo "az $("$az" version -o tsv --query '"azure-cli"'): it could not sign in at the local tenant; az account list, which does less, in its place"
	fi
else
	echo "az: not installed"
fi
./paired -n "$((rounds / 10 + 1))" -warm 1 "$@" >out 2>err || { tail -3 err; exit 1; }
cat out
