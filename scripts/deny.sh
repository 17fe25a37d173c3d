#!/bin/sh
# Checks the dependencies against deny.toml: licenses, sources, duplicates, and advisories if their
# database can be downloaded.
set -eu
cd "$(dirname "$0")/.."

cargo deny --locked check licenses bans sources
if cargo deny --locked fetch db >target/deny.log 2>&1; then
	cargo deny --locked check --disable-fetch advisories
else
	echo "deny: skipped the advisories, because their database cannot be downloaded; see target/deny.log"
fi
