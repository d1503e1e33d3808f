#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Slurm's controller goes away and comes back during a run, and the job can still be requeued by its script.
# shellcheck source-path=SCRIPTDIR/.. source=job.sh
. "$(dirname "$0")/../job.sh"

export INTR_INJECT="slow:ms=300"
job=$(submit train-multi)
wait_for "$guard" "steps" at_step 20
"$CLUSTER" restart-head "$DIR"
wait_for "$guard" "more steps" at_step 40
on_cluster scancel -s USR2 "$job"
wait_end "$job"
expect "exit code" 0 "$(exit_code "$job")"
expect "restarts" 1 "$(restarts "$job")"
equals_unbroken "$run"
