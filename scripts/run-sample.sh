#!/bin/sh
# Backs up a sample store, lists what the backup holds and what it left out, verifies it, and restores it into an empty store.
set -eu
cd "$(dirname "$0")/.."

store=target/sample-store
backup=target/sample-backup
restored=target/sample-restored
# Some documents of the sample store are broken on purpose, which is what this exit code tells.
incomplete=3

# Says a command, then runs it.
run() {
	printf '\n$ %s\n' "$*"
	"$@"
}

run target/release/sample-store "$store" --licenses 24 --seed 1 --replace

status=0
run target/release/license-backup backup --store "$store" --to "$backup" --overwrite || status=$?
if [ "$status" -ne "$incomplete" ]; then
	echo "error: the backup ended with exit code $status; the broken documents of the sample store call for $incomplete" >&2
	exit 1
fi
echo "(exit code $status, as it should be: the backup is complete but for documents that are broken on purpose)"

run target/release/license-backup list --from "$backup"
run target/release/license-backup verify --from "$backup"

rm -rf "$restored"
mkdir "$restored"
run target/release/license-backup restore --from "$backup" --store "$restored"
