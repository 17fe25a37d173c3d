#!/bin/sh
# Builds the page of examples/browser into target/browser: copies its files, and translates the
# component to JavaScript. The WebAssembly is embedded as base64, so that the page fetches nothing.
set -eu
cd "$(dirname "$0")/.."

page=target/browser
component=target/components/license-backup.wasm
# The functions of wasi:filesystem that wait for the browser.
waiting="create-directory-at open-at read remove-directory-at rename-at stat stat-at sync unlink-file-at write"

set -- 'wasi:filesystem/types#[method]directory-entry-stream.read-directory-entry'
for function in $waiting; do
	set -- "$@" "wasi:filesystem/types#[method]descriptor.$function"
done
rm -rf "$page"
mkdir -p "$page"
cp -R examples/browser/page/. "$page"
PATH="$PWD/examples/browser/node_modules/.bin:$PATH" jco transpile "$component" --name license-backup \
	--out-dir "$page/component" --no-typescript --base64-cutoff 16777216 --quiet \
	--no-wasi-shim --map 'wasi:filesystem/*=../filesystem/wasi.js#*' --async-mode jspi --async-imports "$@"
rm -rf "$page/component/interfaces" "$page/component/license-backup.d.ts"
echo "the page is in $page; serve this directory with any web server"
