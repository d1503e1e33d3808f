#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What cases need beside a cluster, made once without Slurm: SHARED/set, and SHARED/unbroken, a run that nothing disturbed.
#     INTR_BIN=… setup.sh SHARED
set -euo pipefail
SHARED=$1 WORK=$1/.setup
export SHARED WORK
mkdir -p "$WORK"
: >"$WORK/env.sh"
# shellcheck source-path=SCRIPTDIR source=job.sh
. "$(dirname "$0")/job.sh"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMP_NUM_THREADS=1
"$INTR_BIN/intr-pack" pack /usr/share/datasets/fashion-mnist --out "$SHARED/set" --limit train=64,val=640 --quiet
mpirun -n 2 --oversubscribe --bind-to none "$INTR_BIN/intr-train" --data "$SHARED/set" --out "$SHARED/unbroken" "${training_words[@]}"
