# Everything runs with the Rust toolchain and make alone; only bench-peers needs Python, and instructions valgrind.
.DEFAULT_GOAL := help
.PHONY: help incident test validate results bench bench-peers growth instructions fuzz determinism mutants

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

incident: ## Replay the incident of 2013: all variants, charts and report
	cargo run --release -- run incident-2013

test: ## Check everything that has to hold
	@if cargo fmt --version >/dev/null 2>&1; then cargo fmt --check; \
	else echo "rustfmt is not installed: formatting is not checked"; fi
	@if cargo clippy --version >/dev/null 2>&1; then cargo clippy --quiet --all-targets -- -D warnings; \
	else echo "clippy is not installed: lints are not checked"; fi
	PROPTEST_RNG_SEED=$${PROPTEST_RNG_SEED:-20131209} cargo test --quiet
	benches/instructions.sh

validate: ## Hold it to theory, to published results and to bad days of the machine, and write VALIDATION.md; takes minutes
	VALIDATION=VALIDATION.md cargo test --quiet --profile instructions --test it -- --nocapture validation::the_document

results: ## Simulate every scenario that comes with pileup, into results/
	cargo run --release -- run scenarios/*.json

bench: ## Measure the parts and whole runs, and write the tables of PERFORMANCE.md
	cargo bench --bench parts --bench runs

bench-peers: ## Measure SimPy, Ciw and nexosim on the same work (fetches them)
	benches/peers/bench.sh

growth: ## Measure how costs grow, and draw it for PERFORMANCE.md
	cargo bench --bench runs -- growth

instructions: ## Count instructions per message with valgrind, against the recorded counts
	benches/instructions.sh

fuzz: ## Look for inputs that break it, for FUZZ_SECONDS (600); needs a C++ compiler, too
	nice fuzz/run

determinism: ## Every scenario on 1, 2 and 7 threads, debug and release, DETERMINISM_REPEATS (20) times
	DETERMINISM_REPEATS=$${DETERMINISM_REPEATS:-20} cargo test --quiet --test it results::results_come_out
	DETERMINISM_REPEATS=$${DETERMINISM_REPEATS:-20} cargo test --quiet --release --test it results::results_come_out

mutants: ## Test the tests: break policy/, model/ and metrics/ in MUTANTS (300) places; takes hours
	mutants/run
