#!/bin/sh
# Checks the library and the program for Windows and macOS, without linking them. For macOS, C code of
# dependencies is not compiled, since that needs Apple's SDK: a compiler that does nothing and an
# archiver that creates empty archives replace its tools.
set -eu
cd "$(dirname "$0")/.."
. scripts/windows-toolchain.sh

# check TARGET: the library with all features, and the program.
check() {
	cargo clippy --locked --target "$1" --package license-backup --all-features --lib -- --deny warnings
	cargo clippy --locked --target "$1" --package license-backup-cli -- --deny warnings
}
check "$windows_target"

archiver=$PWD/target/empty-archiver
cat >"$archiver" <<'END'
#!/bin/sh
printf '!<arch>\n' >"$2"
END
chmod +x "$archiver"
export CC_x86_64_apple_darwin=true AR_x86_64_apple_darwin="$archiver"
check "$macos_target"
