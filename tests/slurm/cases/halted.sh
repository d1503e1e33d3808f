#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# touch RUN/HALT stops a run for good; other numbers of ranks go on with it to the same end.
# shellcheck source-path=SCRIPTDIR/.. source=job.sh
. "$(dirname "$0")/../job.sh"

export INTR_INJECT="slow:ms=150"
job=$(submit train-multi --ntasks-per-node=2)
wait_for "$guard" "steps" at_step 10
touch "$run/HALT"
wait_end "$job"
expect "exit code" 75 "$(exit_code "$job")"
expect "restarts" 0 "$(restarts "$job")"
log_says "$job" "rm $run/HALT"
rm "$run/HALT"
job=$(submit train)
wait_end "$job"
expect "exit code on one rank" 0 "$(exit_code "$job")"
equals_unbroken "$run"
expect "status" "done" "$(bash "$jobs_folder/status.sh" "$run" | awk 'NR == 2 {print $2}')"
