#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A time limit that nobody foresaw (the deadline is unknown, no signal): Slurm's TERM saves, and the script still requeues.
# shellcheck source-path=SCRIPTDIR/.. source=job.sh
. "$(dirname "$0")/../job.sh"

echo 'export SLURM_JOB_END_TIME=4102444800' >>"$WORK/env.sh"
export INTR_INJECT="slow:ms=800"
kill_wait 15
job=$(submit train-multi --time=1 --signal=CONT@1)
wait_for 150 "restart" restarted "$job" 1
log_says "$job" "requeued at step"
log_says "$job" "stopped by SIGTERM"
wait_end "$job"
expect "exit code" 0 "$(exit_code "$job")"
equals_unbroken "$run"
