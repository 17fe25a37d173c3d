# What one types; how it is done is in scripts/. `make` lists the targets.
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup setup-tests component build run test lint vendor-wit clean

# The places that scripts and tests rely on are below target/, whatever the caller has set.
export CARGO_TARGET_DIR := $(CURDIR)/target
# The same packages in every call, so that cargo selects the same features and compiles wasmtime once.
HOST := --release --package license-backup --package license-backup-tests

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what building needs and this machine lacks
	@scripts/setup.sh

setup-tests: setup ## Install what the tests need besides
	@scripts/setup.sh tests

component: setup ## Build the components into target/components
	scripts/build-component.sh

build: component ## Build the components, then the program: target/release/license-backup
	cargo build --locked $(HOST)

run: build ## Back up a sample store, list and verify the backup, and restore it
	@scripts/run-sample.sh

test: export PATH := $(CURDIR)/target/tools/bin:$(PATH)
test: setup-tests build ## Run all tests
	cargo test --locked --package license-backup-core --package license-backup-command
	cargo test --locked $(HOST)

lint: component ## Check formatting, scripts, vendored WIT, clippy and documentation
	cargo fmt --all --check
	scripts/vendor-wit.sh --check
	@if command -v shellcheck; then shellcheck --external-sources scripts/*.sh tests/*.sh .ci/run; fi
	cargo clippy --locked --release --workspace --all-targets -- --deny warnings
	RUSTDOCFLAGS='--deny warnings' cargo doc --locked --release --workspace --no-deps

vendor-wit: ## Copy WASI's WIT into wit/deps from the locked wasmtime-wasi
	scripts/vendor-wit.sh

clean: ## Remove everything that was built here; the wasmtime command line stays in its cache
	rm -rf target
