#!/bin/sh
# Puts what a release needs into target/dist: the components, the WIT package, an archive of the program with its pages and
# completions, the crates, of the program and each component a software bill of materials (CycloneDX) and the terms of what is
# compiled in, and SHA256SUMS. `make build` builds what goes into it.
set -eu
cd "$(dirname "$0")/.."

tools=$PWD/target/tools/bin
dist=$PWD/target/dist
program=$PWD/target/release/license-backup
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
triple=$(rustc -vV | sed -n 's/^host: //p')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -rf "$dist"
mkdir -p "$dist"

[ -z "$(git status --porcelain)" ] || echo "package: something here is not committed: not for publishing" >&2
# The time that everything gets is that of the commit.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH

# The tracked files as they are here: what writes files beside the sources writes them there.
copy=$work/license-backup
mkdir "$copy"
git ls-files -z | tar --create --null --files-from=- | tar --extract --directory "$copy"

echo "package: components and WIT"
cp target/components/license-backup.wasm target/components/license-backup-command.wasm "$dist"
target/release/license-backup-metadata wit "$dist/license-backup-management.wasm" license-backup:management \
	"The interface of components that back up, verify, restore and list licenses"

echo "package: bills of materials"
# bills TRIPLE: has one made of each program and component of the workspace as compiled for it, beside its manifest.
bills() {
	"$tools/cargo-cyclonedx" cyclonedx --quiet --manifest-path "$copy/Cargo.toml" --target "$1" --describe binaries \
		--format json --spec-version 1.5
}
# bill FILE NAME: takes one of them.
bill() { sed "s|file://$copy|file:///license-backup|" "$copy/$1" >"$dist/$2.cdx.json"; }
bills "$triple"
bill host/license-backup_bin.cdx.json "license-backup-$version-$triple"
bills wasm32-unknown-unknown
bill guest/component/license_backup_component_cdylib.cdx.json license-backup.wasm
bill guest/command/license_backup_command_cdylib.cdx.json license-backup-command.wasm

echo "package: licenses"
# licenses DIRECTORY TRIPLE FILE: writes the terms of all that the package in DIRECTORY has in it, as compiled for TRIPLE.
licenses() {
	"$tools/cargo-about" about generate --locked --offline --fail --manifest-path "$1/Cargo.toml" --target "$2" \
		--config scripts/about.toml --output-file "$3" scripts/about.hbs
}
# Those of the standard library, which is compiled into everything, come with the compiler.
cp "$(rustc --print sysroot)/share/doc/rust/COPYRIGHT-library.html" "$dist/rust-standard-library.html"
licenses guest/component wasm32-unknown-unknown "$dist/license-backup.wasm.third-party.txt"
# The crate has these beside the component, also where this script is not run.
in_crate=host/component/license-backup.wasm.third-party.txt
cmp "$dist/license-backup.wasm.third-party.txt" "$in_crate" || {
	echo "error: copy target/dist/license-backup.wasm.third-party.txt to $in_crate, commit it, and start again" >&2
	exit 1
}
licenses guest/command wasm32-unknown-unknown "$dist/license-backup-command.wasm.third-party.txt"
licenses host "$triple" "$work/license-backup.third-party.txt"

echo "package: archive of the program"
# As below /usr/local.
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
# The documents, and what they point to.
(cd "$copy" && cp -r --parents ./*.md LICENSE-* tools/bench/*.md tools/bench/*.svg docs examples host/examples wit "$doc")
cp "$work/license-backup.third-party.txt" "$dist/license-backup.wasm.third-party.txt" "$dist/rust-standard-library.html" "$doc"
chmod -R u=rwX,go=rX "$root"
tar --create --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" --directory "$work" \
	"$(basename "$root")" | gzip --no-name --best >"$dist/$(basename "$root").tar.gz"

echo "package: crates, compiled from what is in them"
# The component is in none of the commits, which cargo takes for a change.
cargo package --locked --allow-dirty --quiet --package license-backup-core --package license-backup
cp "target/package/license-backup-core-$version.crate" "target/package/license-backup-$version.crate" "$dist"

cd "$dist"
sha256sum -- * >"$work/SHA256SUMS"
mv "$work/SHA256SUMS" .
echo "package: in target/dist, as SHA256SUMS has it:"
cat SHA256SUMS
