#!/bin/sh
# Copies the WASI packages that wit/ needs from the locked version of the wasmtime-wasi crate into
# wit/deps. With
# --check, it changes nothing and fails if they differ.
set -eu
cd "$(dirname "$0")/.."

# The worlds of `cli` refer to `random` and `sockets`; no component of this project imports them.
packages='cli clocks filesystem io random sockets'

host=$(rustc -vV | sed -n 's/^host: //p')
manifest=$(cargo metadata --locked --format-version 1 --filter-platform "$host" |
	grep -o '"manifest_path":"[^"]*/wasmtime-wasi-[0-9][^/"]*/Cargo.toml"' | cut -d '"' -f 4)
source=$(dirname "$manifest")/src/p2/wit/deps

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
for package in $packages; do cp "$source/$package.wit" "$fresh/"; done

if [ "${1-}" = --check ]; then
	diff -r wit/deps "$fresh" || {
		echo "error: wit/deps differs from $(basename "$(dirname "$manifest")"); run \`make vendor-wit\`" >&2
		exit 1
	}
else
	rm -rf wit/deps
	mkdir wit/deps
	cp "$fresh"/*.wit wit/deps/
fi
