# shellcheck shell=sh
# Finds the compiler and linkers for wasm32-unknown-unknown. Sourced by setup.sh and
# build-component.sh.

# shellcheck disable=SC2034 # used by the scripts that source this file
wasm_target=wasm32-unknown-unknown
# The absolute path, because rustup's compiler usually precedes Debian's on PATH.
debian_rustc=/usr/bin/rustc
# The directory of tools that neither Debian nor rustup provides; `make clean` removes it.
tools_dir=target/tools

# The first choice: the current compiler, with the standard library that rustup installs.
has_own_target() {
	[ -d "$(rustc --print target-libdir --target "$wasm_target")" ]
}

# The second choice, if rustup cannot download: Debian's compiler, if it is recent enough. It has no
# standard library for this target, so cargo compiles that from its sources.
has_debian_sources() {
	[ -x "$debian_rustc" ] || return 1
	[ -f "$("$debian_rustc" --print sysroot)/lib/rustlib/src/rust/library/Cargo.lock" ] || return 1
	required=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
	found=$("$debian_rustc" --version | cut -d ' ' -f 2)
	[ "$(printf '%s\n' "$required" "$found" | sort -V | head -n 1)" = "$required" ]
}

# Appends the directories of the linkers to PATH, so that the user's own choice comes first.
add_linkers_to_path() {
	host=$(rustc -vV | sed -n 's/^host: //p')
	shipped=$(rustc --print sysroot)/lib/rustlib/$host/bin
	# Only this directory of Debian's lld-22 contains `wasm-ld` without a version in its name.
	PATH=$PATH:$shipped:$shipped/gcc-ld:$PWD/$tools_dir/bin:/usr/lib/llvm-22/bin
}
