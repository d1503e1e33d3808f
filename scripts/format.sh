#!/usr/bin/env bash
# Formats all C++ files in place; with --check prints what would change, and the command that fixes it, and fails.
set -euo pipefail
cd "$(dirname "$0")/.."
formatter=$(command -v clang-format-16) || { echo "clang-format-16 is missing. Next: scripts/setup.sh --dev" >&2; exit 78; }
mapfile -t files < <(git ls-files '*.cpp' '*.h' '*.inl')
if [[ ${1:-} != --check ]]; then
  exec "$formatter" -i "${files[@]}"
fi
status=0
for file in "${files[@]}"; do
  diff -u --label "$file" --label "$file, formatted" "$file" <("$formatter" "$file") || status=1
done
((status == 0)) || echo "Next: scripts/format.sh" >&2
exit $status
