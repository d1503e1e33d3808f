#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# scancel -s USR2 and USR1: saved and requeued, also in a storm of signals, and in the first moments; under srun and mpirun.
# shellcheck source-path=SCRIPTDIR/.. source=job.sh
. "$(dirname "$0")/../job.sh"

export INTR_INJECT="slow:ms=120,attempt=any"
job=$(submit train-multi)
wait_for "$guard" "steps" at_step 20
for ((i = 0; i < ${STORM:-25}; ++i)); do on_cluster scancel -s USR2 "$job"; done
wait_for 90 "restart" restarted "$job" 1
wait_for "$guard" "steps" at_step 45
on_cluster scancel -s USR1 "$job"
wait_for 90 "restart" restarted "$job" 2
on_cluster scancel -s USR2 "$job" # before its first step
wait_end "$job"
expect "exit code" 0 "$(exit_code "$job")"
equals_unbroken "$run"
rm -r "$run"
job=$(submit train-mpirun)
wait_for "$guard" "steps" at_step 20
on_cluster scancel --batch -s USR2 "$job" # as --signal=B:USR2 does
wait_for 90 "restart" restarted "$job" 1
wait_end "$job"
expect "exit code under mpirun" 0 "$(exit_code "$job")"
equals_unbroken "$run"
