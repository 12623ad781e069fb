#!/bin/sh
# Times the local tenant: a cold start up to the first token, as whole processes,
# and token requests a second. The second needs wrk.
#
#   sh bench/tenant.sh [ROUNDS] [SECONDS]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
rounds=${1:-40} seconds=${2:-10}

if [ -z "${BENCH_DIR:-}" ]; then
	BENCH_DIR=$(mktemp -d)
	trap 'rm -rf "$BENCH_DIR"' EXIT
	export BENCH_DIR
	export CGO_ENABLED=0 # static, as m2m is released
	(cd "$here/.." && go build -trimpath -ldflags '-s -w' -o "$BENCH_DIR/m2m" ./cmd/m2m)
	(cd "$here/paired" && go build -o "$BENCH_DIR/paired" .)
	echo "machine: $(nproc) cores, $(uname -sr), $(go version | cut -d ' ' -f 3), load $(cut -d ' ' -f 1 /proc/loadavg)"
	cd "$BENCH_DIR"
	./paired -n "$rounds" \
		nothing="./m2m serve --local -- true" \
		token="./m2m serve --local -- ./m2m token" \
		call="./m2m serve --local -- ./m2m call /secure-data"
	./m2m serve --local -- sh "$here/tenant.sh" "$rounds" "$seconds"
	exit
fi

cd "$BENCH_DIR"
if ! command -v wrk >/dev/null; then
	echo "SKIP: wrk is not installed"
	exit
fi
cat >post.lua <<EOF
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
wrk.body = "grant_type=client_credentials&client_id=$CLIENT_ID&client_secret=$CLIENT_SECRET&scope=api%3A%2F%2Fm2m-demo%2F.default"
EOF
cpu() { cut -d ' ' -f 14,15 "/proc/$PPID/stat" | tr ' ' '+'; } # of m2m serve, in 1/100 s
before=$(cpu)
wrk -t2 -c32 -d"${seconds}s" --latency -s post.lua "$AZURE_AUTHORITY_HOST/$TENANT_ID/oauth2/v2.0/token" | tee tokens.txt
spent=$(($(cpu) - ($before)))
tokens=$(awk '/requests in/ { print $1 }' tokens.txt)
echo "CPU time of m2m for each token: $((spent * 10000 / tokens)) us"
cat >get.lua <<EOF
wrk.method = "GET"
EOF
echo "keys, for comparison: what TLS and HTTP take without a signature"
wrk -t2 -c32 -d"${seconds}s" -s get.lua "$AZURE_AUTHORITY_HOST/$TENANT_ID/discovery/v2.0/keys" | grep Requests
