#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A second job on one run directory is refused with the first one's name; the first is not disturbed.
# shellcheck source-path=SCRIPTDIR/.. source=job.sh
. "$(dirname "$0")/../job.sh"

export INTR_INJECT="slow:ms=300"
job=$(submit train-multi)
wait_for "$guard" "steps" at_step 5
second=$(submit train-multi)
wait_end "$second"
expect "exit code of the second" 78 "$(exit_code "$second")"
expect "restarts of the second" 0 "$(restarts "$second")"
log_says "$second" "job $job"
wait_end "$job"
expect "exit code" 0 "$(exit_code "$job")"
equals_unbroken "$run"
