#!/usr/bin/env bash
# Builds and runs every libFuzzer target for SECONDS each, from its corpus in tests/fuzz/corpus/.
# A finding is written to build/fuzz/findings and its path printed.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}

cmake --preset fuzz >/dev/null
mapfile -t targets < <(ninja -C build/fuzz -t targets all | grep -oE '^bin/[a-z0-9_]+_fuzz' | sort -u)
[[ ${#targets[@]} -gt 0 ]] || { echo "fuzz: no fuzz target was found" >&2; exit 1; }
ninja -C build/fuzz "${targets[@]}"
mkdir -p build/fuzz/findings
for target in "${targets[@]}"; do
  name=$(basename "$target" _fuzz)
  corpus="build/fuzz/corpus/$name"
  mkdir -p "$corpus"
  seeds=()
  seed=$name
  [[ $name == http_beast || $name == http_llhttp ]] && seed=http_head  # they read the same form
  [[ -d "tests/fuzz/corpus/$seed" ]] && seeds=("tests/fuzz/corpus/$seed")
  echo "fuzz: $name for ${seconds}s"
  "build/fuzz/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix=build/fuzz/findings/ -print_final_stats=1 "$corpus" "${seeds[@]}" \
    2>&1 | grep -E 'stat::number_of_executed|ERROR|SUMMARY|Test unit written' || true
  [[ ${PIPESTATUS[0]} -eq 0 ]] || { echo "fuzz: $name failed; see build/fuzz/findings" >&2; exit 1; }
done
