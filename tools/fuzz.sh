#!/usr/bin/env bash
# Builds every fuzzer; lets each run its inputs of tests/fuzz/corpus again, and then search from
# them for SECONDS. The first finding ends it, with the input's path and how to run that again.
#   tools/fuzz.sh [SECONDS]          searches on from what earlier runs kept in build/fuzz/corpus
#   FUZZ_SEED=N tools/fuzz.sh 3      forgets those: the same search each time, as far as it comes
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
seed=${FUZZ_SEED:-$SRANDOM}
findings=build/fuzz/findings

# run NAME ARGUMENT...   its output goes to a file, and is shown if it fails
run() {
  local name=$1 program="build/fuzz/bin/$1_fuzz" log="$findings/$1.log" input
  shift
  "$program" -timeout=25 -rss_limit_mb=2048 -artifact_prefix="$findings/" "$@" >"$log" 2>&1 && return
  tail -n 60 "$log" >&2
  input=$(sed -nE 's/^Running: //p; s/.*Test unit written to //p' "$log" | tail -n 1)
  echo "fuzz: $name failed (all it said: $log); to see it again:" >&2
  echo "  $program ${input:-$*}" >&2
  exit 1
}

cmake --preset fuzz >/dev/null
mapfile -t targets < <(ninja -C build/fuzz -t targets all | grep -oE '^bin/[a-z0-9_]+_fuzz' | sort -u)
[[ ${#targets[@]} -gt 0 ]] || { echo "fuzz: no fuzz target was found" >&2; exit 1; }
ninja -C build/fuzz -j "${JOBS:-$(nproc)}" "${targets[@]}"
mkdir -p "$findings"
for target in "${targets[@]}"; do
  name=$(basename "$target" _fuzz)
  case $name in
    http_beast | http_llhttp) inputs=tests/fuzz/corpus/http_head ;;  # they read the same form
    *) inputs=tests/fuzz/corpus/$name ;;
  esac
  kept=build/fuzz/corpus/$name
  if [[ -n ${FUZZ_SEED:-} ]]; then
    kept=build/fuzz/seeded/$name
    rm -rf "$kept"
  fi
  mkdir -p "$kept"
  run "$name" "$inputs"/*
  run "$name" -max_total_time="$seconds" -seed="$seed" -print_final_stats=1 "$kept" "$inputs"
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$findings/$name.log")
  echo "fuzz: $name: nothing found in $runs runs of ${seconds} s, seed $seed"
done
