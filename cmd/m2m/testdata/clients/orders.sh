# orders.sh DIR FILE COMMAND...: starts an API that prints its address, and runs
# m2m test with the file against it.
dir=$1 file=$2
shift 2
rm -f "$dir/address"
"$@" >"$dir/address" 2>"$dir/log" &
api=$!
trap 'kill $api' EXIT
until [ -s "$dir/address" ]; do
	kill -0 $api 2>/dev/null || { cat "$dir/log" >&2; exit 77; }
	sleep 0.05
done
m2m test --api-url "$(cat "$dir/address")" -o tap "$file"
