#!/bin/sh
# Backs up a sample store, lists the licenses and the skipped files of the backup, verifies it, and
# restores it into an empty store.
set -eu
cd "$(dirname "$0")/.."

store=target/sample-store
backup=target/sample-backup
restored=target/sample-restored
# The exit code of the backup: some documents of the sample store are malformed on purpose.
incomplete=3

# Prints a command, then runs it.
run() {
	printf '\n$ %s\n' "$*"
	"$@"
}

run target/release/sample-store "$store" --licenses 24 --seed 1 --replace

status=0
run target/release/license-backup backup --store "$store" --to "$backup" --overwrite || status=$?
if [ "$status" -ne "$incomplete" ]; then
	echo "error: the backup exited with $status; expected $incomplete because of the malformed documents" >&2
	exit 1
fi
echo "(exit code $status, as expected: the sample store contains malformed documents on purpose)"

run target/release/license-backup list --from "$backup"
run target/release/license-backup verify --from "$backup"

rm -rf "$restored"
mkdir "$restored"
run target/release/license-backup restore --from "$backup" --store "$restored"
