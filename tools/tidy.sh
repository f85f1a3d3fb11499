#!/usr/bin/env bash
# clang-tidy over the given files, or over all of src/ and tests/. Needs a configured release build.
#   tools/tidy.sh [FILE...]     tools/tidy.sh --changed   only what the last commit and the working
#                                                         tree changed
set -euo pipefail
cd "$(dirname "$0")/.."

cmake --preset release >/dev/null
if [[ "${1:-}" == --changed ]]; then
  since=HEAD~1
  git rev-parse -q --verify "$since" >/dev/null || since=HEAD
  mapfile -t files < <(git diff --name-only --diff-filter=d "$since" -- 'src/*.cc' 'tests/*.cc')
elif [[ $# -gt 0 ]]; then
  files=("$@")
else
  mapfile -t files < <(git ls-files 'src/*.cc' 'tests/*.cc')
fi
# The fuzzers are built by clang in a build of their own.
mapfile -t files < <(printf '%s\n' "${files[@]}" | grep -v -e '_fuzz\.cc$' -e '^tests/fuzz/' -e '^$')
[[ ${#files[@]} -eq 0 ]] && { echo "tidy: nothing to look at"; exit 0; }
printf '%s\n' "${files[@]}" | xargs -P "$(nproc)" -n 2 clang-tidy -p build/release --quiet 2>/dev/null ||
  { echo "tidy: see above; each finding names its check in [brackets]" >&2; exit 1; }
echo "tidy: ${#files[@]} files, nothing found"
