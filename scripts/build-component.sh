#!/bin/sh
# Builds the components into target/components. Cargo decides what to rebuild. A component with the
# same bytes is not written again, so that its dependents are not rebuilt either. With --named, the
# components are written into target/components/named and keep the names of their functions, for
# profiles.
set -eu
cd "$(dirname "$0")/.."
. scripts/wasm-toolchain.sh

# Each component: the package, its file in target/components, and its description. The last one is
# for tests of the host.
components='
license-backup-component license-backup Backs up, verifies, restores and lists licenses: to embed
license-backup-command license-backup-command Backs up, verifies, restores and lists licenses: to run
license-backup-malicious malicious Misbehaves on purpose, to test hosts
'
components_dir=target/components
target_dir=target/guest
profile=guest
strip=symbols
if [ "${1-}" = --named ]; then
	components_dir=$components_dir/named
	target_dir=$target_dir-named
	strip=none
fi

# Any of these would override the flags and directories below.
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_RUSTFLAGS CARGO_BUILD_TARGET CARGO_TARGET_DIR

# The tool that writes the metadata of a component. It is compiled before the settings for wasm
# below.
cargo build --quiet --locked --package license-backup-metadata --target-dir target

add_linkers_to_path
set -- --locked --profile "$profile" --target "$wasm_target" --target-dir "$target_dir"
if has_own_target; then
	:
elif has_debian_sources; then
	set -- "$@" -Z build-std=std,panic_abort
	export RUSTC="$debian_rustc" RUSTC_BOOTSTRAP=1
else
	echo "error: no compiler for $wasm_target here; run \`make setup\`" >&2
	exit 1
fi
# Cargo does not apply the `strip` of a profile to a package with its own opt-level, hence the flag.
CARGO_ENCODED_RUSTFLAGS=$(scripts/path-flags.sh -Ctarget-feature=+simd128 "-Cstrip=$strip")
export CARGO_ENCODED_RUSTFLAGS

packages=$(echo "$components" | sed -n 's/^\([^ ]*\) .*$/--package \1/p')
# shellcheck disable=SC2086 # a list of words
cargo build "$@" $packages

mkdir -p "$components_dir"
echo "$components" | while read -r package name description; do
	[ -n "$package" ] || continue
	built=$target_dir/$wasm_target/$profile/$(echo "$package" | tr - _).wasm
	component=$components_dir/$name.wasm
	target/debug/license-backup-metadata "$built" "$component.new" "$name" "$description"
	if cmp -s "$component.new" "$component"; then
		rm "$component.new"
	else
		# A rename is atomic: a build script or a test that reads the file sees the old or the new
		# one.
		mv "$component.new" "$component"
	fi
done
