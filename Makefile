# Everything runs with the Rust toolchain and make alone.
.PHONY: incident test

incident: ## Replay the incident of 2013: all variants, charts and report
	cargo run --release --quiet -- run incident-2013

test: ## Everything that has to hold
	cargo test --quiet
