#!/bin/sh
# Checks the library and the program for Windows and macOS, without linking them. For macOS, C code of
# dependencies is not compiled, since that needs Apple's SDK.
set -eu
cd "$(dirname "$0")/.."
. scripts/windows-toolchain.sh

# check TARGET: the library with all features, and the program.
check() {
	cargo clippy --locked --target "$1" --package license-backup --all-features --lib -- --deny warnings
	cargo clippy --locked --target "$1" --package license-backup-cli -- --deny warnings
}
check "$windows_target"
CC=true AR=true check "$macos_target"
