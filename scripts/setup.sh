#!/bin/sh
# Sees to it that this machine has what building needs, with the argument `tests` what the tests and the benchmark need too,
# or with `deny`, `fuzz`, `lint`, `package`, `profile` or `test-package` what these targets of the Makefile need; says what it uses
# in a line each. Where it lacks the right to install something it names the one command to run, and stops.
set -eu
cd "$(dirname "$0")/.."
. scripts/wasm-toolchain.sh

# What is missing, as packages of Debian.
packages=
log=target/setup.log

has() { command -v "$1" >/dev/null 2>&1; }
fail() {
	echo "error: $*" >&2
	exit 1
}

# Asks rustup for the sources. It fails at once where rustup cannot download; where it hangs, it is ended.
add_sources() {
	has rustup || return 1
	echo "setup: asking rustup for rust-src"
	timeout 300 rustup component add rust-src >"$log" 2>&1 && has_own_sources
}

find_missing() {
	has cc || packages="$packages gcc libc6-dev"
	has wasm-ld || packages="$packages lld-22"
	has_own_sources || has_debian_sources || add_sources || packages="$packages rustc-web rust-web-src"
}

install_missing() {
	[ -n "$packages" ] || return 0
	has apt-get || fail "this machine lacks what Debian has in these packages, install it:$packages"
	install="apt-get update && apt-get install --yes --no-install-recommends --no-remove$packages"
	if [ "$(id -u)" -eq 0 ]; then
		as_root=
	elif ! has sudo; then
		fail "this needs root, run it and start again: su -c '$install'"
	elif sudo -n true 2>/dev/null; then
		as_root="sudo -n"
	else
		fail "this needs root, run it and start again: sudo sh -c '$install'"
	fi
	echo "setup: installing from Debian:$packages"
	$as_root env DEBIAN_FRONTEND=noninteractive sh -c "$install" >"$log" 2>&1 || {
		tail -n 20 "$log" >&2
		fail "installing failed, this shows why: $install"
	}
}

say_compiler() {
	if has_own_sources; then
		echo "setup: components are compiled by $(rustc --version)"
	elif has_debian_sources; then
		echo "setup: components are compiled by Debian's $("$debian_rustc" --version | cut -d ' ' -f 1,2)"
	else
		fail "Debian's compiler is too old here; where rustup can download, run this and start again:" \
			"rustup component add rust-src"
	fi
}

# install_tool ROOT PACKAGE@VERSION [OPTION...]: from its sources below ROOT, unless it is there.
install_tool() {
	root=$1
	shift
	echo "setup: $1 in $root, compiling it if it is not there"
	env -u CARGO_TARGET_DIR cargo install --quiet --locked --root "$root" "$@"
}

setup_linker() {
	has wasm-component-ld || install_tool "$tools_dir" wasm-component-ld@0.5.31
	echo "setup: components are linked by $(command -v wasm-component-ld)"
}

# The wasmtime command line of the version that the host is locked to: the one on PATH, or else one that is kept outside of the
# checkout, since compiling it takes minutes. The tests find it in $tools_dir.
setup_wasmtime() {
	version=$(sed -n '/^name = "wasmtime"$/{n;s/^version = "\(.*\)"$/\1/p;}' Cargo.lock)
	mkdir -p "$tools_dir/bin"
	rm -f "$tools_dir/bin/wasmtime"
	wasmtime=$(command -v wasmtime) || wasmtime=
	if ! is_wasmtime "$wasmtime" "$version"; then
		cache=${XDG_CACHE_HOME:-$HOME/.cache}/license-backup/wasmtime-$version
		wasmtime=$cache/bin/wasmtime
		is_wasmtime "$wasmtime" "$version" || install_tool "$cache" "wasmtime-cli@$version" \
			--no-default-features --features run,compile,component-model
	fi
	ln -s "$wasmtime" "$tools_dir/bin/wasmtime"
	echo "setup: the command component is tested with wasmtime $version, $wasmtime"
}

# What the example for Node needs, Node itself among it, unless it is there as its lock file has it.
setup_node() {
	installed=examples/node/node_modules/.package-lock.json
	echo "setup: the example for Node is tested with what its package-lock.json names, installing it if it is not there"
	if [ -z "$(find "$installed" -newer examples/node/package-lock.json 2>/dev/null)" ]; then
		npm ci --prefix examples/node --no-audit --no-fund >"$log" 2>&1 || {
			tail -n 20 "$log" >&2
			fail "installing failed, this shows why: npm ci --prefix examples/node"
		}
		touch "$installed"
	fi
}

# A registry to push to. Debian's package is unpacked and not installed: that would start a registry for the whole network. The
# lists are fetched too, into a directory of their own, since there may be none here, and only root may fetch those of the system.
setup_registry() {
	registry=$tools_dir/bin/docker-registry
	echo "setup: the release is pushed to and pulled from Debian's docker-registry, $registry"
	[ ! -x "$registry" ] || return 0
	has apt-get || fail "this machine has no apt-get to fetch Debian's docker-registry with; put the program there"
	unpacked=target/docker-registry
	mkdir -p "$unpacked/lists/partial" "$unpacked/cache/archives/partial"
	(
		cd "$unpacked"
		set -- -qq -o Dir::State::Lists="$PWD/lists" -o Dir::Cache="$PWD/cache"
		apt-get "$@" update && apt-get "$@" download docker-registry && dpkg-deb --extract docker-registry_*.deb .
	) >"$log" 2>&1 || {
		tail -n 20 "$log" >&2
		fail "downloading failed, this shows why: apt-get download docker-registry"
	}
	mv "$unpacked/usr/bin/docker-registry" "$registry"
	rm -rf "$unpacked"
}

# is_wasmtime PROGRAM VERSION
is_wasmtime() {
	case $("$1" --version 2>/dev/null) in
		"wasmtime $2" | "wasmtime $2 "*) true ;;
		*) false ;;
	esac
}

has cargo || fail "there is no cargo here; install Rust's stable toolchain and start again: https://rustup.rs"
mkdir -p target
add_linkers_to_path
if [ "${1-}" = tests ]; then
	# The last three of them are what the benchmark compares with.
	for tool in unzip python3 zip rsync restic; do has "$tool" || packages="$packages $tool"; done
	has bsdtar || packages="$packages libarchive-tools"
	has npm || packages="$packages nodejs npm"
	# Only root can mount the file system of another kind that some tests use.
	if [ "$(id -u)" -eq 0 ]; then
		has mkfs.exfat || packages="$packages exfatprogs"
		has mount.exfat-fuse || packages="$packages exfat-fuse"
	fi
	install_missing
	# Debian's b3sum is older than the escape for a carriage return in a name.
	install_tool "$tools_dir" b3sum@1.8.7
	setup_wasmtime
	setup_node
elif [ "${1-}" = deny ]; then
	install_tool "$tools_dir" cargo-deny@0.20.2
elif [ "${1-}" = lint ]; then
	has shellcheck || packages="$packages shellcheck"
	install_missing
elif [ "${1-}" = package ]; then
	install_tool "$tools_dir" cargo-cyclonedx@0.5.9
	install_tool "$tools_dir" cargo-about@0.9.3 --features cli
elif [ "${1-}" = test-package ]; then
	install_tool "$tools_dir" wkg@0.16.1
	setup_registry
elif [ "${1-}" = profile ]; then
	has perf || packages="$packages linux-perf"
	install_missing
elif [ "${1-}" = fuzz ]; then
	# libFuzzer is C++.
	has c++ || packages="$packages g++"
	install_missing
	install_tool "$tools_dir" cargo-fuzz@0.13.2
else
	find_missing
	install_missing
	say_compiler
	setup_linker
fi
