#!/bin/sh
# The cache of `m2m token` under pressure, with the real binary against the real
# local tenant, whose log lines are what is counted:
#
#   300 processes at once, three scopes, cold  -> three token requests
#   the same again, warm                       -> none
#   a wrong secret with a warm cache           -> the tenant refuses it
#   200 processes killed at 0-50 ms            -> every following one prints a token
#
#   sh bench/token-cache.sh [PROCESSES] [KILLS]
#
# Full disks, foreign owners, links and damaged files are tests of
# internal/token; M2M_TEST_HEAVY=1 makes them as large as this.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
processes=${1:-300} kills=${2:-200}
dir=$(mktemp -d)
trap 'kill "$tenant" 2>/dev/null || :; wait 2>/dev/null || :; rm -rf "$dir"' EXIT
tenant=
(cd "$here/.." && CGO_ENABLED=0 go build -trimpath -o "$dir/m2m" ./cmd/m2m)
cd "$dir"
export HOME="$dir" XDG_STATE_HOME="$dir/state" XDG_CACHE_HOME="$dir/cache"
unset M2M_STATE_DIR M2M_CACHE_DIR TENANT_ID CLIENT_ID CLIENT_SECRET API_SCOPE || :

./m2m serve --local --addr 127.0.0.1:0 --tenant-addr 127.0.0.1:0 2>log &
tenant=$!
until ./m2m token --local --no-cache >first 2>/dev/null; do sleep 0.05; done
settings=$(find "$dir" -name client.env)
set -a
. "$settings"
set +a

requests() { grep -c 'token request: .*: issued$' log || :; }

# at_once runs every process at once, over three scopes, and prints how many
# different tokens came out and how many requests were made.
at_once() {
	before=$(requests) i=0
	mkdir "$1"
	while [ $i -lt "$processes" ]; do
		case $((i % 3)) in
		0) scope=api://m2m-demo/.default ;;
		1) scope=$API_AUDIENCE/.default ;;
		2) scope=https://graph.microsoft.com/.default ;;
		esac
		./m2m token --scope "$scope" >"$1/$i" 2>"$1/$i.err" &
		eval "pid_$i=$!"
		i=$((i + 1))
	done
	failed=0
	while [ $i -gt 0 ]; do
		i=$((i - 1))
		eval "wait \$pid_$i" || failed=$((failed + 1))
	done
	rm -f "$1"/*.err
	echo "$1: $processes processes, $failed failed, $(cat "$1"/* | sort -u | wc -l) different tokens, $(($(requests) - before)) token requests"
}
at_once cold
at_once warm

before=$(grep -c 'refused with AADSTS7000215' log || :)
echo wrong-secret-of-mine-0123456789 >wrong
code=0
./m2m token --client-secret-file wrong >out 2>/dev/null || code=$?
echo "wrong secret, warm cache: exit code $code, $(wc -c <out) bytes on stdout, $(($(grep -c 'refused with AADSTS7000215' log) - before)) refused by the tenant"

i=0 ended=0 broken=0
while [ $i -lt "$kills" ]; do
	rm -f "$M2M_CACHE_DIR"/tokens/*.token # else the first survivor ends the experiment
	./m2m token >/dev/null 2>&1 &
	victim=$!
	sleep "$(awk "BEGIN { print 0.05 * $i / $kills }")"
	kill -KILL "$victim" 2>/dev/null || :
	wait "$victim" 2>/dev/null && ended=$((ended + 1))
	./m2m token 2>/dev/null | grep -q '^eyJ' || broken=$((broken + 1))
	i=$((i + 1))
done
echo "kills: $kills processes, $((kills - ended)) killed before their end, $broken of the following runs without a token"

# A token's header, and its payload's claims as they are and in base64: of
# neither is there a trace in the folder.
./m2m token >token
payload=$(cut -d . -f 2 token)
found=0
for word in eyJ "$(cut -c 1-40 token)" "$(echo "$payload" | cut -c 41-80)" "$TENANT_ID" "$CLIENT_ID" "$CLIENT_SECRET" Data.Read; do
	if grep -rqaF -e "$word" -e "$(printf %s "$word" | base64 | cut -c 1-12)" "$M2M_CACHE_DIR"; then found=$((found + 1)); fi
done
echo "cache folder: $(find "$M2M_CACHE_DIR" -type f | wc -l) files, modes $(find "$M2M_CACHE_DIR" -type f -printf '%m\n' | sort -u | tr '\n' ' ')in $(find "$M2M_CACHE_DIR" -mindepth 1 -type d -printf '%m ')folders, $found of 7 secrets or claims found in it"
