#!/bin/sh
# Looks through the dependencies as deny.toml says: their licenses, sources and duplicates, and the advisories on them where the
# database of these can be had.
set -eu
cd "$(dirname "$0")/.."

cargo deny --locked check licenses bans sources
if cargo deny --locked fetch db >target/deny.log 2>&1; then
	cargo deny --locked check --disable-fetch advisories
else
	echo "deny: the advisories were not looked at, since their database cannot be had here: target/deny.log"
fi
