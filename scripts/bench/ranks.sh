#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Times training steps of two ranks against PyTorch's DistributedDataParallel over Gloo, side by side.
#
#     scripts/bench/ranks.sh OUT [BIN] [ROUNDS]
#
#   OUT     folder for the results (OUT/*.json)
#   BIN     folder of the programs (build/cpu-release/bin)
#   ROUNDS  of the comparison (9)
#
# PYTHON names a Python with torch, torchvision and numpy. Needs two cores that nothing else uses.
set -euo pipefail
[[ $# -ge 1 && $1 != -h && $1 != --help ]] || { sed -n '3,11s/^# \{0,1\}//p' "$0"; exit 2; }
cd "$(dirname "$0")/../.."
out=$1 bin=${2:-build/cpu-release/bin} rounds=${3:-9} python=${PYTHON:-python3}
mkdir -p "$out"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
batches=(--size 480x640 --batch-size 2)
"$python" scripts/bench/rounds.py --rounds "$rounds" --out "$out/ranks.json" \
  ddp="$python scripts/bench/baseline_ddp.py --ranks 2 ${batches[*]}" \
  intr="mpirun -n 2 --bind-to core $bin/intr-bench step --threads 1 --serve ${batches[*]}"
