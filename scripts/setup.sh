#!/bin/sh
# Installs the tools that the build needs; with the argument `tests`, those of the tests and the
# benchmark; with `bench-fleet`, `browser`, `deny`, `fuzz`, `lint`, `package`, `profile`,
# `test-browser`, `test-fleet`, `test-package` or `test-windows`, those of this target of the Makefile;
# with `windows`, those that build the program for Windows; with `python`, those of the tests of the
# package for Python. Prints a line for each tool. Without the right to install Debian packages, it
# prints the command to run, and stops.
set -eu
cd "$(dirname "$0")/.."
. scripts/wasm-toolchain.sh
. scripts/windows-toolchain.sh

# The missing Debian packages.
packages=
log=target/setup.log

has() { command -v "$1" >/dev/null 2>&1; }
fail() {
	echo "error: $*" >&2
	exit 1
}

# add_target TARGET: asks rustup for the standard library of the target, unless it is installed. The
# timeout ends a download that hangs.
add_target() {
	[ ! -d "$(rustc --print target-libdir --target "$1")" ] || return 0
	has rustup || return 1
	echo "setup: asking rustup for the target $1"
	timeout 300 rustup target add "$1" >"$log" 2>&1
}

# require_target TARGET
require_target() { add_target "$1" || fail "the standard library of $1 is missing; to see why, run: rustup target add $1"; }

# The compilers of the program for Windows.
find_missing_for_windows() { has "$windows_cc" || packages="$packages gcc-mingw-w64-x86-64"; }

find_missing() {
	has cc || packages="$packages gcc libc6-dev"
	has wasm-ld || packages="$packages lld-22"
	has_own_target || has_debian_sources || add_target "$wasm_target" || packages="$packages rustc-web rust-web-src"
}

install_missing() {
	[ -n "$packages" ] || return 0
	has apt-get || fail "these programs are missing, install them (the names of the Debian packages):$packages"
	install="apt-get update && apt-get install --yes --no-install-recommends --no-remove$packages"
	if [ "$(id -u)" -eq 0 ]; then
		as_root=
	elif ! has sudo; then
		fail "installing packages needs root; run this, then start again: su -c '$install'"
	elif sudo -n true 2>/dev/null; then
		as_root="sudo -n"
	else
		fail "installing packages needs root; run this, then start again: sudo sh -c '$install'"
	fi
	echo "setup: installing from Debian:$packages"
	$as_root env DEBIAN_FRONTEND=noninteractive sh -c "$install" >"$log" 2>&1 || {
		tail -n 20 "$log" >&2
		fail "installing failed; to see why, run: $install"
	}
}

say_compiler() {
	if has_own_target; then
		echo "setup: compiler of the components: $(rustc --version)"
	elif has_debian_sources; then
		echo "setup: compiler of the components: Debian's $("$debian_rustc" --version | cut -d ' ' -f 1,2)"
	else
		fail "Debian's compiler is too old; if rustup can download, run this, then start again:" \
			"rustup target add $wasm_target"
	fi
}

# install_tool ROOT PACKAGE@VERSION [OPTION...]: compiles and installs it below ROOT, unless it is
# installed. Without an option that names a profile, it is not optimized, because compiling it takes
# longer than running it.
install_tool() {
	root=$1
	shift
	echo "setup: $1 in $root (compiled if missing)"
	case " $* " in
		*" --profile "*) ;;
		*) set -- "$@" --profile dev ;;
	esac
	env -u CARGO_TARGET_DIR CARGO_PROFILE_DEV_DEBUG=false cargo install --quiet --locked --root "$root" "$@"
}

setup_linker() {
	has wasm-component-ld || install_tool "$tools_dir" wasm-component-ld@0.5.31
	echo "setup: components are linked by $(command -v wasm-component-ld)"
}

# The wasmtime command line in the version that the host is locked to: the one on PATH, or else one
# in a cache outside of the checkout, because compiling it takes minutes. The tests use the link in
# $tools_dir. Its compiler is optimized less, because compiling that takes longer than running it.
setup_wasmtime() {
	version=$(sed -n '/^name = "wasmtime"$/{n;s/^version = "\(.*\)"$/\1/p;}' Cargo.lock)
	mkdir -p "$tools_dir/bin"
	rm -f "$tools_dir/bin/wasmtime"
	wasmtime=$(command -v wasmtime) || wasmtime=
	if ! is_wasmtime "$wasmtime" "$version"; then
		cache=${XDG_CACHE_HOME:-$HOME/.cache}/license-backup/wasmtime-$version
		wasmtime=$cache/bin/wasmtime
		is_wasmtime "$wasmtime" "$version" || install_tool "$cache" "wasmtime-cli@$version" \
			--no-default-features --features run,compile,component-model --profile release \
			--config profile.release.package.cranelift-codegen.opt-level=1
	fi
	ln -s "$wasmtime" "$tools_dir/bin/wasmtime"
	echo "setup: wasmtime $version: $wasmtime"
}

# install_npm PACKAGE@VERSION...: npm, and the Node that runs it. npm silently skips optional packages
# that require a newer Node, and Debian's is too old for some.
install_npm() {
	npm_dir=$tools_dir/npm
	echo "setup: npm in $npm_dir (installed if missing)"
	[ -x "$npm_dir/node_modules/.bin/npm" ] ||
		npm install --prefix "$npm_dir" --no-audit --no-fund "$@" >"$log" 2>&1 || {
		tail -n 20 "$log" >&2
		fail "installing npm failed; to see why, run: npm install --prefix $npm_dir $*"
	}
}

# setup_npm EXAMPLE: installs the packages of an example, Node included, unless the versions of its
# lock file are installed.
setup_npm() {
	example=examples/$1
	installed=$example/node_modules/.package-lock.json
	echo "setup: packages of $example, as in its package-lock.json (installed if missing)"
	if [ -z "$(find "$installed" -newer "$example/package-lock.json" 2>/dev/null)" ]; then
		install_npm node@24.9.0 npm@11.6.0
		PATH=$PWD/$npm_dir/node_modules/.bin:$PATH npm ci --prefix "$example" --no-audit --no-fund >"$log" 2>&1 || {
			tail -n 20 "$log" >&2
			fail "installing failed; to see why, run: npm ci --prefix $example"
		}
		touch "$installed"
	fi
}

# Python with its module for environments, which is a package of its own on Debian.
find_missing_for_python() {
	has python3 || packages="$packages python3"
	python3 -c 'import ensurepip, venv' 2>/dev/null || packages="$packages python3-venv"
}

# setup_python DIRECTORY LOCK: an environment with the packages of the lock file, unless its versions
# are installed. Nothing is installed that is not in the lock file, and nothing is compiled.
setup_python() {
	environment=$1
	lock=$2
	echo "setup: packages for Python in $environment, as in $lock (installed if missing)"
	if ! cmp -s "$lock" "$environment/installed.txt"; then
		{
			python3 -m venv --clear "$environment" &&
				"$environment/bin/pip" install --require-hashes --only-binary :all: --requirement "$lock"
		} >"$log" 2>&1 || {
			tail -n 20 "$log" >&2
			fail "installing failed; to see why, run: $environment/bin/pip install --require-hashes --requirement $lock"
		}
		cp "$lock" "$environment/installed.txt"
	fi
}

# A Slurm cluster for scripts/slurm-cluster.sh. On a machine with systemd, Debian starts munge, which
# listens on a socket of its own; Slurm does not start without a configuration.
find_missing_for_slurm() {
	PATH="$PATH:/usr/sbin"
	has slurmctld || packages="$packages slurmctld"
	has slurmd || packages="$packages slurmd"
	has sbatch || packages="$packages slurm-client"
	has munged || packages="$packages munge"
}

# The example for Python and the checker of its types.
setup_example_python() { setup_python target/python examples/python/requirements-test.txt; }

# A registry to push to. Debian's package is unpacked, not installed, because installing it starts a
# registry for the whole network. Package lists are downloaded into a separate directory, because
# only root can update those of the system.
setup_registry() {
	registry=$tools_dir/bin/docker-registry
	echo "setup: Debian's docker-registry in $registry (downloaded if missing)"
	[ ! -x "$registry" ] || return 0
	has apt-get || fail "apt-get is missing, which downloads Debian's docker-registry; install the program there by hand"
	unpacked=target/docker-registry
	mkdir -p "$unpacked/lists/partial" "$unpacked/cache/archives/partial"
	(
		cd "$unpacked"
		set -- -qq -o Dir::State::Lists="$PWD/lists" -o Dir::Cache="$PWD/cache"
		apt-get "$@" update && apt-get "$@" download docker-registry && dpkg-deb --extract docker-registry_*.deb .
	) >"$log" 2>&1 || {
		tail -n 20 "$log" >&2
		fail "downloading failed; to see why, run: apt-get download docker-registry"
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

has cargo || fail "cargo is missing; install Rust's stable toolchain, then start again: https://rustup.rs"
mkdir -p target
add_linkers_to_path
if [ "${1-}" = tests ]; then
	# zip, rsync and restic are compared by the benchmark.
	for tool in unzip zip rsync restic; do has "$tool" || packages="$packages $tool"; done
	find_missing_for_python
	has bsdtar || packages="$packages libarchive-tools"
	has age || packages="$packages age"
	has npm || packages="$packages nodejs npm"
	has ssh || packages="$packages openssh-client"
	# It is not on the PATH of every user.
	[ -x /usr/sbin/sshd ] || packages="$packages openssh-server"
	# Some tests mount an exFAT file system, which only root can do.
	if [ "$(id -u)" -eq 0 ]; then
		has mkfs.exfat || packages="$packages exfatprogs"
		has mount.exfat-fuse || packages="$packages exfat-fuse"
	fi
	install_missing
	# Debian's b3sum does not support the escape of a carriage return in a name.
	install_tool "$tools_dir" b3sum@1.8.7
	setup_wasmtime
	setup_npm node
	setup_example_python
	# The S3 service of the tests.
	setup_python "$tools_dir/moto" tests/servers/requirements.txt
elif [ "${1-}" = python ]; then
	find_missing_for_python
	install_missing
	setup_example_python
elif [ "${1-}" = test-fleet ]; then
	find_missing_for_python
	find_missing_for_slurm
	install_missing
	setup_python target/kubernetes examples/kubernetes/requirements-test.txt
elif [ "${1-}" = bench-fleet ]; then
	find_missing_for_slurm
	has mount.fuse3 || packages="$packages fuse3"
	[ -e /usr/include/fuse3/fuse.h ] || packages="$packages libfuse3-dev"
	install_missing
elif [ "${1-}" = browser ] || [ "${1-}" = test-browser ]; then
	has npm || packages="$packages nodejs npm"
	if [ "$1" = test-browser ]; then
		# The font is that of the screenshots.
		has chromium || packages="$packages chromium fonts-dejavu-core"
	fi
	install_missing
	setup_npm browser
elif [ "${1-}" = deny ]; then
	install_tool "$tools_dir" cargo-deny@0.20.2
elif [ "${1-}" = lint ]; then
	has shellcheck || packages="$packages shellcheck"
	find_missing_for_windows
	install_missing
	require_target "$windows_target"
	require_target "$macos_target"
elif [ "${1-}" = windows ]; then
	find_missing_for_windows
	install_missing
	require_target "$windows_target"
elif [ "${1-}" = test-windows ]; then
	has wine64 || packages="$packages wine64"
	install_missing
elif [ "${1-}" = package ]; then
	has zip || packages="$packages zip"
	install_missing
	install_tool "$tools_dir" cargo-cyclonedx@0.5.9
	# It compares texts for minutes if it is not optimized.
	install_tool "$tools_dir" cargo-about@0.9.3 --features cli --profile release --config profile.release.opt-level=1
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
