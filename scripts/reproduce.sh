#!/bin/sh
# Builds the components twice from scratch, in directories with different names. Fails unless both
# builds equal target/components byte for byte.
set -eu
cd "$(dirname "$0")/.."

work=target/reproduce
rm -rf "$work"
trap 'rm -rf "$work"' EXIT
for name in one "another one, with a longer name"; do
	mkdir -p "$work/$name"
	# A copy of the tracked files.
	git ls-files -z | tar --create --null --files-from=- | tar --extract --directory "$work/$name"
	echo "reproduce: building in $work/$name"
	env -u CARGO_TARGET_DIR "$work/$name/scripts/build-component.sh" >"$work/log" 2>&1 || {
		tail -n 20 "$work/log" >&2
		exit 1
	}
	for component in license-backup license-backup-command; do
		cmp "target/components/$component.wasm" "$work/$name/target/components/$component.wasm"
	done
done
echo "reproduce: both builds equal target/components:"
(cd target/components && sha256sum license-backup.wasm license-backup-command.wasm)
