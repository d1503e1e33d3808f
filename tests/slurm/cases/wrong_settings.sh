#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Mistakes end at once with a sentence, each with its own code, and are never requeued.
# shellcheck source-path=SCRIPTDIR/.. source=job.sh
. "$(dirname "$0")/../job.sh"

check() { # WHAT CODE TEXT JOB
  wait_end "$4"
  expect "$1: exit code" "$2" "$(exit_code "$4")"
  expect "$1: restarts" 0 "$(restarts "$4")"
  log_says "$4" "$3"
}
unknown=$(submit train-multi -- --lerning-rate 3)
missing=$(INTR_DATA=$WORK/nowhere submit train-multi)
value=$(INTR_RUN=$WORK/run2 submit train-multi -- --momentum 2 --dropout 7)
singletons=$(INTR_RUN=$WORK/run3 INTR_MPI=none submit train-multi)
no_run=$(INTR_RUN=$WORK/run4 submit eval)
mkdir -p "$WORK/run5/checkpoints"
cp "$SHARED/unbroken/checkpoints/"{MANIFEST,ckpt-*.h5} "$WORK/run5/checkpoints/"
for file in "$WORK/run5/checkpoints/"*.h5; do truncate -s 100000 "$file"; done
damaged=$(INTR_RUN=$WORK/run5 submit train-multi)
check "unknown option" 2 "unknown option" "$unknown"
check "no data" 65 "nowhere" "$missing"
check "impossible value" 2 "Next:" "$value"
check "MPI of another kind" 78 "mpi=list" "$singletons"
check "evaluation of no run" 65 "run4" "$no_run"
check "damaged checkpoints" 65 "ckpt-" "$damaged"
