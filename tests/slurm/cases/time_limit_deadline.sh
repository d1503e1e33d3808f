#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A time limit without a signal: the program stops by INTR_DEADLINE, is requeued, and finishes.
# shellcheck source-path=SCRIPTDIR/.. source=job.sh
. "$(dirname "$0")/../job.sh"

export INTR_INJECT="slow:ms=500"
job=$(submit train-multi --time=2 --signal=CONT@1)
wait_end "$job" 400
expect "exit code" 0 "$(exit_code "$job")"
log_says "$job" "ended with 75 (deadline)"
expect "restarts" 1 "$(restarts "$job")"
equals_unbroken "$run"
