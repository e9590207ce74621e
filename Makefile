# Everything runs with the Rust toolchain and make alone.
.DEFAULT_GOAL := help
.PHONY: help incident test results

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

incident: ## Replay the incident of 2013: all variants, charts and report
	cargo run --release -- run incident-2013

test: ## Check everything that has to hold
	@if cargo fmt --version >/dev/null 2>&1; then cargo fmt --check; \
	else echo "rustfmt is not installed: formatting is not checked"; fi
	@if cargo clippy --version >/dev/null 2>&1; then cargo clippy --quiet --all-targets -- -D warnings; \
	else echo "clippy is not installed: lints are not checked"; fi
	cargo test --quiet

results: ## Simulate every scenario that comes with pileup, into results/
	cargo run --release -- run scenarios/*.json
