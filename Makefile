# What one types; how it is done is in scripts/. `make` lists the targets.
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup setup-tests component build run recording test soak fuzz bench profile lint deny package test-package reproduce vendor-wit \
	clean

# The places that scripts and tests rely on are below target/, whatever the caller has set.
export CARGO_TARGET_DIR := $(CURDIR)/target
# The same packages in every call, so that cargo selects the same features and compiles wasmtime once.
PACKAGES := --release --package license-backup --package license-backup-cli --package license-backup-report \
	--package license-backup-tests --package license-backup-sample --package license-backup-bench

# What is built names no place of this machine. Where there is no compiler, scripts/setup.sh is the one to say so.
PATH_FLAGS := $(shell scripts/path-flags.sh 2>/dev/null)
build test soak bench profile lint package test-package: export CARGO_ENCODED_RUSTFLAGS := $(PATH_FLAGS)

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what building needs and this machine lacks
	@scripts/setup.sh

setup-tests: setup ## Install what the tests and the benchmark need besides
	@scripts/setup.sh tests

component: setup ## Build the components into target/components
	scripts/build-component.sh

build: component ## Build the components, then the program: target/release/license-backup
	cargo build --locked $(PACKAGES) --lib --bins --examples

run: build ## Back up a sample store, list and verify the backup, and restore it
	@scripts/run-sample.sh

recording: build ## Draw the program's output as docs/backup.svg, which the README shows
	scripts/record.py

test soak fuzz bench profile deny: export PATH := $(CURDIR)/target/tools/bin:$(PATH)
soak: export LICENSE_BACKUP_SOAK := 1
test: ## Run all tests
soak: ## Run all tests at full size, each saying what it has done: hundreds of kills, cancellations, races
test soak: setup-tests build
	cargo test --locked --package license-backup-core --package license-backup-command --package license-backup-metadata
	cargo test --locked $(PACKAGES)

# How many seconds each fuzz target runs.
TIME := 60

fuzz: ## Fuzz the license formats, publications, the archive, paths and the round trip; TIME=600 for so many seconds each
	@scripts/setup.sh fuzz
	scripts/fuzz.sh $(TIME)

# The number of licenses of the larger store, and how many times each program is run.
SIZE := 100000
ROUNDS := 5
RESULTS := tools/bench/results$(if $(filter 100000,$(SIZE)),,-$(SIZE)).json

bench: setup-tests build ## Measure against tar, zip and others; SIZE=1000000 ROUNDS=7 for another store and more rounds
	target/release/license-backup-bench run --licenses 1000 --licenses $(SIZE) --rounds $(ROUNDS) --to $(RESULTS)
	@[ $(RESULTS) != tools/bench/results.json ] || target/release/license-backup-bench publish

profile: setup-tests build ## Say where the time of a backup goes
	@scripts/setup.sh profile
	scripts/build-component.sh --named
	scripts/profile.sh $(SIZE) | tee tools/bench/profile.md

lint: component ## Check formatting, scripts, vendored WIT, clippy and documentation
	@scripts/setup.sh lint
	cargo fmt --all --check
	scripts/vendor-wit.sh --check
	shellcheck --external-sources scripts/*.sh tests/*.sh .ci/run
	cargo clippy --locked --release --workspace --all-targets -- --deny warnings
	RUSTDOCFLAGS='--deny warnings' cargo doc --locked --release --workspace --no-deps

deny: ## Look through the licenses, sources, duplicates and known faults of the dependencies
	@scripts/setup.sh deny
	scripts/deny.sh

package: build ## Build what a release needs into target/dist
	@scripts/setup.sh package
	scripts/package.sh

test-package: package ## Look through the release, push it to a registry on this machine, and pull it
	@scripts/setup.sh test-package
	cargo test --locked $(PACKAGES) --test end_to_end -- --ignored

reproduce: component ## Build the components twice more from nothing, and compare them byte for byte
	scripts/reproduce.sh

vendor-wit: ## Copy WASI's WIT into wit/deps from the locked wasmtime-wasi
	scripts/vendor-wit.sh

clean: ## Remove everything that was built here; the wasmtime command line stays in its cache
	rm -rf target
