#!/bin/sh
# Builds a release in target/dist: the components, the WIT package, an archive of the program with
# its manual pages and completions, one of the program for Windows, the crates, a bill of materials
# (CycloneDX) and the third-party licenses of the programs and of each component, and SHA256SUMS. Run
# `make build build-windows` first.
set -eu
cd "$(dirname "$0")/.."
. scripts/windows-toolchain.sh

tools=$PWD/target/tools/bin
dist=$PWD/target/dist
program=$PWD/target/release/license-backup
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
triple=$(rustc -vV | sed -n 's/^host: //p')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -rf "$dist"
mkdir -p "$dist"

[ -z "$(git status --porcelain)" ] || echo "package: the checkout has uncommitted changes; do not publish this release" >&2
# All files get the time of the commit.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH

# A copy of the tracked files, for tools that write beside the sources.
copy=$work/license-backup
mkdir "$copy"
git ls-files -z | tar --create --null --files-from=- | tar --extract --directory "$copy"

echo "package: components and WIT"
cp target/components/license-backup.wasm target/components/license-backup-command.wasm "$dist"
target/debug/license-backup-metadata wit "$dist/license-backup-management.wasm" license-backup:management \
	"The interface of components that back up, verify, restore and list licenses"

echo "package: bills of materials"
# bills TRIPLE: writes the bill of each program and component, as compiled for the triple, beside
# its manifest.
bills() {
	"$tools/cargo-cyclonedx" cyclonedx --quiet --manifest-path "$copy/Cargo.toml" --target "$1" --describe binaries \
		--format json --spec-version 1.5
}
# bill FILE NAME: copies one of them into the release.
bill() { sed "s|file://$copy|file:///license-backup|" "$copy/$1" >"$dist/$2.cdx.json"; }
bills "$triple"
bill host/cli/license-backup_bin.cdx.json "license-backup-$version-$triple"
bills "$windows_target"
bill host/cli/license-backup_bin.cdx.json "license-backup-$version-$windows_target"
bills wasm32-unknown-unknown
bill guest/component/license_backup_component_cdylib.cdx.json license-backup.wasm
bill guest/command/license_backup_command_cdylib.cdx.json license-backup-command.wasm

echo "package: licenses"
# licenses DIRECTORY TRIPLE FILE: writes the licenses of all crates in the package in DIRECTORY, as
# compiled for TRIPLE.
licenses() {
	"$tools/cargo-about" about generate --locked --offline --fail --manifest-path "$1/Cargo.toml" --target "$2" \
		--config scripts/about.toml --output-file "$3" scripts/about.hbs
}
# The licenses of the standard library come with the compiler.
cp "$(rustc --print sysroot)/share/doc/rust/COPYRIGHT-library.html" "$dist/rust-standard-library.html"
licenses guest/component wasm32-unknown-unknown "$dist/license-backup.wasm.third-party.txt"
# The crate contains a committed copy, which is there without running this script.
in_crate=host/component/license-backup.wasm.third-party.txt
cmp "$dist/license-backup.wasm.third-party.txt" "$in_crate" || {
	echo "error: $in_crate is out of date; copy target/dist/license-backup.wasm.third-party.txt to it and commit it" >&2
	exit 1
}
licenses guest/command wasm32-unknown-unknown "$dist/license-backup-command.wasm.third-party.txt"
licenses host/cli "$triple" "$work/license-backup.third-party.txt"
licenses host/cli "$windows_target" "$work/license-backup-windows.third-party.txt"

echo "package: archive of the program"
# The layout is that of /usr/local.
root=$work/license-backup-$version-$triple
share=$root/share
doc=$share/doc/license-backup
install -D --mode 755 "$program" "$root/bin/license-backup"
mkdir -p "$doc" "$share/man/man1" "$share/bash-completion/completions" "$share/zsh/site-functions" \
	"$share/fish/vendor_completions.d"
"$program" man "$share/man/man1"
"$program" completions bash >"$share/bash-completion/completions/license-backup"
"$program" completions zsh >"$share/zsh/site-functions/_license-backup"
"$program" completions fish >"$share/fish/vendor_completions.d/license-backup.fish"
# documents DIRECTORY TERMS: copies the documents, the files that they link to, and the terms of what
# is compiled into a program.
documents() {
	(cd "$copy" && cp -r --parents ./*.md LICENSE-* tools/bench/*.md tools/bench/*.svg docs examples host/examples wit "$1")
	cp "$dist/license-backup.wasm.third-party.txt" "$dist/rust-standard-library.html" "$1"
	cp "$work/$2" "$1/license-backup.third-party.txt"
}
documents "$doc" license-backup.third-party.txt
chmod -R u=rwX,go=rX "$root"
tar --create --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" --directory "$work" \
	"$(basename "$root")" | gzip --no-name --best >"$dist/$(basename "$root").tar.gz"

echo "package: archive of the program for Windows"
root=$work/license-backup-$version-$windows_target
mkdir -p "$root/doc"
cp "target/$windows_target/release/license-backup.exe" "$root"
"$program" completions powershell >"$root/license-backup.ps1"
documents "$root/doc" license-backup-windows.third-party.txt
chmod -R u=rwX,go=rX "$root"
find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
(
	cd "$work"
	find "$(basename "$root")" -type f | LC_ALL=C sort | TZ=UTC zip -9 -q -X "$dist/$(basename "$root").zip" -@
)

echo "package: crates, each compiled from its contents"
# The component is not committed, which cargo considers a change.
set -- license-backup-core license-backup-report license-backup license-backup-cli
# shellcheck disable=SC2046 # a list of options
cargo package --locked --allow-dirty --quiet $(printf -- '--package %s ' "$@")
for crate; do cp "target/package/$crate-$version.crate" "$dist"; done

cd "$dist"
sha256sum -- * >"$work/SHA256SUMS"
mv "$work/SHA256SUMS" .
echo "package: target/dist contains"
cat SHA256SUMS
