# shellcheck shell=sh
# Sourced by setup.sh and build-component.sh: what this machine has for compiling to wasm32-unknown-unknown.

# shellcheck disable=SC2034 # It is for those who source this.
wasm_target=wasm32-unknown-unknown
# Debian's compiler by its path: on PATH the one of rustup usually comes first.
debian_rustc=/usr/bin/rustc
# Where what Debian and rustup do not have is installed; `make clean` takes it along.
tools_dir=target/tools

# Whether a compiler has the sources of its standard library, of which the components get a build of their own: one that
# carries no texts of panics, which nobody would ever see.
has_sources() {
	[ -f "$("$1" --print sysroot)/lib/rustlib/src/rust/library/Cargo.lock" ]
}

# The first way: the compiler in use.
has_own_sources() {
	has_sources rustc
}

# The second way: Debian's compiler, if it is recent enough.
has_debian_sources() {
	[ -x "$debian_rustc" ] && has_sources "$debian_rustc" || return 1
	required=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
	found=$("$debian_rustc" --version | cut -d ' ' -f 2)
	[ "$(printf '%s\n' "$required" "$found" | sort -V | head -n 1)" = "$required" ]
}

# Puts the places where the linkers may be at the end of PATH: what the user chose to have there comes first.
add_linkers_to_path() {
	host=$(rustc -vV | sed -n 's/^host: //p')
	shipped=$(rustc --print sysroot)/lib/rustlib/$host/bin
	# Debian's lld-22 has `wasm-ld` without a version in this directory alone.
	PATH=$PATH:$shipped:$shipped/gcc-ld:$PWD/$tools_dir/bin:/usr/lib/llvm-22/bin
}
