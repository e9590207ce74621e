#!/usr/bin/env bash
# Fetches the peers through their own package managers into target/peers, builds them, and runs the comparison.
set -eu
cd "$(dirname "$0")/../.."
place=target/peers
command -v python3 >/dev/null || { echo "python3 is not installed: SimPy and Ciw can't be run"; exit 1; }

if [ ! -x $place/python/bin/python ]; then python3 -m venv $place/python; fi
$place/python/bin/pip install --quiet --disable-pip-version-check -r benches/peers/requirements.txt
cargo build --release --manifest-path benches/peers/nexosim/Cargo.toml --target-dir $place/nexosim
ours=$(cargo bench --bench runs --no-run --message-format=json |
    sed -n 's/.*"name":"runs".*"executable":"\([^"]*\)".*/\1/p')
$place/python/bin/python benches/peers/run.py "$ours" $place/nexosim/release/nexosim-peer $place/python/bin/python "$@"
