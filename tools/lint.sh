#!/usr/bin/env bash
# Formatting, layering and static checks. Says what to do about each finding.
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t sources < <(git ls-files 'src/*.cc' 'src/*.h' 'tests/*.cc' 'tests/*.h')
if ! clang-format --dry-run -Werror "${sources[@]}" 2>/tmp/warmgate-format.$$; then
  grep -oE '^[^:]+:[0-9]+' /tmp/warmgate-format.$$ | sort -u | head -20
  echo "lint: not formatted; run: make format" >&2
  rm -f /tmp/warmgate-format.$$
  exit 1
fi
rm -f /tmp/warmgate-format.$$

/usr/bin/python3 tools/check_includes.py
/usr/bin/python3 tools/check_visits.py
echo "lint: ${#sources[@]} files are formatted, the rooms keep their order"
