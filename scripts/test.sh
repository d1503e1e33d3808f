#!/usr/bin/env bash
# Installs what is missing, builds everything and runs all tests. Arguments go to ctest: scripts/test.sh -R data
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup.sh --tests
cmake --preset cpu-release >build.log 2>&1 || { cat build.log; exit 1; }
rm -f build.log
cmake --build --preset cpu-release -j "$(nproc)"
ctest --preset cpu-release -j "$(nproc)" "$@"
