#!/bin/sh
# Measures search beside its peer. TROUSSEAU_BENCH_DATA names the folder of the data.
set -eu
: "${TROUSSEAU_BENCH_DATA:?must name the folder of the benchmark data}"
here=$(cd "$(dirname "$0")" && pwd)
target="$here/../../target"
venv="$target/tools/bench-retrieval"
out="$target/bench/retrieval"
mkdir -p "$target/tools" "$out"
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
fi
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
if [ ! -d "$out/fiches" ]; then
    "$venv/bin/python" -m zipfile -e "$TROUSSEAU_BENCH_DATA/retrieval/service-public-fr/fiches_txt_2020.zip" "$out/fiches"
fi
cargo build --release --manifest-path "$here/../Cargo.toml" --bin bench-retrieval
"$target/release/bench-retrieval" "$TROUSSEAU_BENCH_DATA" "$out" "$out/fiches/flat_txts"
echo
"$venv/bin/python" "$here/peer.py" "$TROUSSEAU_BENCH_DATA" "$out"
echo
"$venv/bin/python" "$here/compare.py" "$out"
