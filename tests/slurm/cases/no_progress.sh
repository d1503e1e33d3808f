#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A run that dies in each attempt before its first step is stopped, and says so; mended, it goes on.
# shellcheck source-path=SCRIPTDIR/.. source=job.sh
. "$(dirname "$0")/../job.sh"

export INTR_MAX_STUCK=2
job=$(INTR_INJECT="kill:step=1,attempt=any" submit train-multi)
wait_end "$job"
expect "exit code" 76 "$(exit_code "$job")"
expect "restarts" 1 "$(restarts "$job")"
[[ -s $run/STUCK ]] || fail "no STUCK"
log_says "$job" "rm $run/STUCK"
again=$(submit train-multi)
wait_end "$again"
expect "exit code while STUCK is there" 76 "$(exit_code "$again")"
expect "attempts" 2 "$(grep -c "^$job" "$run/requeue.tsv")"
rm "$run/STUCK"
again=$(submit train-multi)
wait_end "$again"
expect "exit code when it is mended" 0 "$(exit_code "$again")"
equals_unbroken "$run"
