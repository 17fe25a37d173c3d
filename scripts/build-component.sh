#!/bin/sh
# Builds the components and puts them into target/components. Cargo decides what there is to rebuild, and a component that
# came out the same is not written again, so that nothing built from it is rebuilt either. With --named they go into
# target/components/named and keep the names of their functions, for a profile.
set -eu
cd "$(dirname "$0")/.."
. scripts/wasm-toolchain.sh

# Each component: the package, the name of its file in target/components, and what it is. The last one is for the tests of
# the host.
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

# Any of these would replace the flags and the places named here.
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_RUSTFLAGS CARGO_BUILD_TARGET CARGO_TARGET_DIR

# Says in a component what it is. Compiled for this machine, before what follows is set for wasm.
cargo build --quiet --locked --release --package license-backup-metadata --target-dir target

# A package with an opt-level of its own loses the `strip` of its profile. A panic is a trap without a text: there is no stream
# to write one to. What is not stable about that is the switch alone.
flags=$(scripts/path-flags.sh -Ctarget-feature=+simd128 "-Cstrip=$strip" -Zunstable-options -Cpanic=immediate-abort)

set -- --locked --profile "$profile" --target "$wasm_target" --target-dir "$target_dir" \
	-Z build-std=std,panic_abort -Z build-std-features=optimize_for_size
export RUSTC_BOOTSTRAP=1 CARGO_ENCODED_RUSTFLAGS="$flags"

add_linkers_to_path
if ! has_own_sources; then
	if ! has_debian_sources; then
		echo "error: no compiler for $wasm_target here; run \`make setup\`" >&2
		exit 1
	fi
	export RUSTC="$debian_rustc"
fi

packages=$(echo "$components" | sed -n 's/^\([^ ]*\) .*$/--package \1/p')
# shellcheck disable=SC2086 # a list of words
cargo build "$@" $packages

mkdir -p "$components_dir"
echo "$components" | while read -r package name description; do
	[ -n "$package" ] || continue
	built=$target_dir/$wasm_target/$profile/$(echo "$package" | tr - _).wasm
	component=$components_dir/$name.wasm
	target/release/license-backup-metadata "$built" "$component.new" "$name" "$description"
	if cmp -s "$component.new" "$component"; then
		rm "$component.new"
	else
		# In one step: a build script or a test that reads it meanwhile finds the old one or the new one.
		mv "$component.new" "$component"
	fi
done
