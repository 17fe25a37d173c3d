#!/bin/sh
# Builds the components from scratch in a directory with another name. Fails unless they equal those
# in target/components byte for byte.
set -eu
cd "$(dirname "$0")/.."

work=target/reproduce
rm -rf "$work"
trap 'rm -rf "$work"' EXIT
copy="$work/another directory, with a longer name"
mkdir -p "$copy"
# A copy of the tracked files.
git ls-files -z | tar --create --null --files-from=- | tar --extract --directory "$copy"
echo "reproduce: building in $copy"
env -u CARGO_TARGET_DIR "$copy/scripts/build-component.sh" >"$work/log" 2>&1 || {
	tail -n 20 "$work/log" >&2
	exit 1
}
for component in license-backup license-backup-command; do
	cmp "target/components/$component.wasm" "$copy/target/components/$component.wasm"
done
echo "reproduce: the build equals target/components:"
(cd target/components && sha256sum license-backup.wasm license-backup-command.wasm)
