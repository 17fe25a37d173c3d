#!/bin/sh
# Copies into wit/deps what wit/ needs of WASI: the packages as the locked version of the wasmtime-wasi crate has them.
# With --check it changes nothing, and fails if they differ.
set -eu
cd "$(dirname "$0")/.."

# The worlds of `cli` mention `random` and `sockets`; no component here imports them.
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
		echo "error: wit/deps is not what $(basename "$(dirname "$manifest")") has; run \`make vendor-wit\`" >&2
		exit 1
	}
else
	rm -rf wit/deps
	mkdir wit/deps
	cp "$fresh"/*.wit wit/deps/
fi
