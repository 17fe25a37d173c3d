# The commands of the project. `make` lists them; scripts/ implements them.
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup setup-tests component build build-bench run recording test test-python soak fuzz bench bench-fleet profile lint \
	deny browser test-browser bench-browser browser-screenshots build-windows test-windows test-fleet \
	package test-package reproduce vendor-wit clean

# Scripts and tests rely on this directory, so it overrides a setting of the caller.
export CARGO_TARGET_DIR := $(CURDIR)/target
# The program and the sample stores are optimized. The tests are not: they run the optimized program,
# and compiling them takes a fraction of the time.
PROGRAMS := --release --package license-backup-cli --package license-backup-sample
TESTS := --package license-backup --package license-backup-cli --package license-backup-command \
	--package license-backup-core --package license-backup-metadata --package license-backup-report \
	--package license-backup-sample --package license-backup-servers --package license-backup-tests \
	--package license-backup-bench \
	--features license-backup-core/serde,license-backup/age,license-backup/s3,license-backup/sftp

# Keeps paths of this machine out of the programs. If the compiler is missing, scripts/setup.sh
# reports it.
build build-bench build-windows profile: export CARGO_ENCODED_RUSTFLAGS := $(shell scripts/path-flags.sh 2>/dev/null)

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-19s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install missing tools and packages for the build
	@scripts/setup.sh

setup-tests: setup ## Install missing tools and packages for the tests and the benchmark
	@scripts/setup.sh tests

component: setup ## Build the components into target/components
	scripts/build-component.sh

build: component ## Build the components, then the program: target/release/license-backup
	cargo build --locked $(PROGRAMS)

# The programs that the benchmark and its tests run.
build-bench: build
	cargo build --locked $(PROGRAMS) --package license-backup-bench

run: build ## Back up a sample store, list and verify the backup, and restore it
	@scripts/run-sample.sh

recording: build ## Record the program in a terminal as docs/backup.svg, which the README shows
	scripts/record.py

test soak fuzz bench profile deny: export PATH := $(CURDIR)/target/tools/bin:$(PATH)
soak: export LICENSE_BACKUP_SOAK := 1
test: ## Run all tests
soak: ## Run all tests at full size: hundreds of kills, cancellations and races
# Most tests wait for a disk, a server or a process, so twice as many run as there are processors.
test: export RUST_TEST_THREADS := $(shell expr 2 '*' "$$(getconf _NPROCESSORS_ONLN)")
test soak: setup-tests build-bench
	cargo test --locked $(TESTS)

test-python: build ## Check the types of the package for Python, and run its tests
	@scripts/setup.sh python
	cd examples/python && $(CURDIR)/target/python/bin/python -m mypy
	cd examples/python && PYTHONDONTWRITEBYTECODE=1 $(CURDIR)/target/python/bin/python -m unittest

# The number of seconds for which each fuzz target runs.
TIME := 60

fuzz: ## Fuzz formats, publications, archive, paths and round trip; TIME=600 seconds each
	@scripts/setup.sh fuzz
	scripts/fuzz.sh $(TIME)

# The numbers of licenses of two stores, and the number of runs of each program.
SIZE := 100000
LARGEST := 1000000
ROUNDS := 5

bench: setup-tests build-bench ## Measure against tar, zip and others; SIZE=50000 licenses, ROUNDS=7 runs
	target/release/license-backup-bench run --licenses 1000 --licenses $(SIZE) --largest $(LARGEST) \
		--rounds $(ROUNDS) --to tools/bench/results.json
	target/release/license-backup-bench publish

# For the file system that answers slowly.
SLOW_FS := target/tools/bin/slow_fs

bench-fleet: build-bench ## Measure backups of many stores, with --jobs and on a Slurm cluster
	@scripts/setup.sh bench-fleet
	mkdir -p $(dir $(SLOW_FS))
	cc -O2 -Wall -Wextra -Werror -D_FILE_OFFSET_BITS=64 -I/usr/include/fuse3 -o $(SLOW_FS) tools/bench/slow_fs.c -lfuse3
	target/release/license-backup-bench fleet --to tools/bench/fleet.json
	target/release/license-backup-bench publish

profile: setup-tests build ## Measure where the time of a backup goes
	@scripts/setup.sh profile
	scripts/build-component.sh --named
	scripts/profile.sh $(SIZE) | tee tools/bench/profile.md

lint: component ## Check formatting, scripts, vendored WIT, clippy with and without features and for other systems, and documentation
	@scripts/setup.sh lint
	cargo fmt --all --check
	scripts/vendor-wit.sh --check
	shellcheck --external-sources scripts/*.sh tests/*.sh examples/slurm/submit examples/slurm/*.sbatch .ci/run
	cargo clippy --locked --workspace --all-targets -- --deny warnings
	cargo clippy --locked --package license-backup --lib -- --deny warnings
	scripts/check-platforms.sh
	RUSTDOCFLAGS='--deny warnings' cargo doc --locked --workspace --no-deps

deny: ## Check licenses, sources, duplicates and advisories of the dependencies
	@scripts/setup.sh deny
	scripts/deny.sh

# Node and the other programs of the page's packages.
test-browser bench-browser browser-screenshots: export PATH := $(CURDIR)/examples/browser/node_modules/.bin:$(PATH)

browser: component ## Build the page that runs the component in a browser: target/browser
	@scripts/setup.sh browser
	scripts/build-browser.sh

test-browser: build browser ## Run the tests of the page in Chromium
	@scripts/setup.sh test-browser
	node --test --test-concurrency=1 'examples/browser/test/*.test.js'

bench-browser: build browser ## Measure the page beside the program
	@scripts/setup.sh test-browser
	node examples/browser/test/bench.js

browser-screenshots: build browser ## Take the screenshots of the page in docs
	@scripts/setup.sh test-browser
	node examples/browser/test/screenshots.js

# Built once: the tests and the release use the same program.
build-windows: component ## Build the program for Windows: target/x86_64-pc-windows-gnu/release/license-backup.exe
	@scripts/setup.sh windows
	cargo build --locked --release --package license-backup-cli --target x86_64-pc-windows-gnu

test-windows: build build-windows ## Run the tests of the program for Windows under Wine
	@scripts/setup.sh test-windows
	scripts/test-windows.sh

# Each test has a cluster of its own, and waits most of the time until it notices a failure.
test-fleet: build ## Check the Kubernetes manifests, and back up many stores on a Slurm cluster whose parts fail
	@scripts/setup.sh test-fleet
	PYTHONDONTWRITEBYTECODE=1 target/kubernetes/bin/python examples/kubernetes/test_manifests.py
	cargo test --locked $(TESTS) --test end_to_end -- --ignored --test-threads 5 fleet::

package: build build-windows ## Build a release into target/dist
	@scripts/setup.sh package
	scripts/package.sh

test-package: package ## Check the release, push it to a local registry, and pull it
	@scripts/setup.sh test-package
	cargo test --locked $(TESTS) --test end_to_end -- --ignored package::

reproduce: component ## Build the components again from scratch, and compare them byte for byte
	scripts/reproduce.sh

vendor-wit: ## Copy WASI's WIT from the locked wasmtime-wasi into wit/deps
	scripts/vendor-wit.sh

clean: ## Remove everything that was built; the wasmtime command line remains in its cache
	rm -rf target
