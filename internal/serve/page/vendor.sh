#!/bin/sh
# Fetches the two files of Swagger UI that /docs serves, by version and digest.
# To update: change both lines (npm view swagger-ui-dist version dist.integrity),
# run it here, and look at /docs.
set -eu
version=5.35.0
sha512=U06rpMtW9V3XPGOBeamTUSr0Z09jMX4IJuANpE/EZbAhw0G8CgwrzU4YmXkn/h0wCDNsXdGarTNNHC3sU8yVUQ==

cd "$(dirname "$0")"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
curl -fsSL "https://registry.npmjs.org/swagger-ui-dist/-/swagger-ui-dist-$version.tgz" -o "$folder/package.tgz"
found=$(openssl dgst -sha512 -binary "$folder/package.tgz" | openssl base64 -A)
[ "$found" = "$sha512" ] || { echo "swagger-ui-dist $version has the digest $found" >&2; exit 1; }
tar -xzf "$folder/package.tgz" -C "$folder"
mkdir -p vendor
for file in swagger-ui-bundle.js swagger-ui.css; do
	gzip -9nc "$folder/package/$file" >"vendor/$file.gz"
done
cp "$folder/package/LICENSE" "$folder/package/NOTICE" vendor/
