#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A small version of step.sh for CI: steps and evaluation of one small size against the tuned form. Fails below half of what
# docs/performance.md asks for, which noise does not reach: it finds a fast path that is off, not a few percent. A minute.
#
#     scripts/bench/small.sh [BIN]        (build/cpu-release/bin)
#
# PYTHON is the command of a Python with torch, torchvision and numpy (python3).
set -euo pipefail
[[ ${1:-} != -h && ${1:-} != --help ]] || { sed -n '3,9s/^# \{0,1\}//p' "$0"; exit 2; }
cd "$(dirname "$0")/../.."
bin=${1:-build/cpu-release/bin} python=${PYTHON:-python3} threads=$(nproc)
batches=(--size 224x288 --batch-size 2 --threads "$threads")
compare() { # MODE PROGRAM RATIO
  echo "== $1, at least $3"
  python3 scripts/bench/rounds.py --rounds 3 --at-least "$3" \
    tuned="$python scripts/bench/baseline_step.py $1 tuned ${batches[*]}" intr="$bin/intr-bench $2 --serve ${batches[*]}"
}
compare train step 0.55
compare eval eval 0.6
