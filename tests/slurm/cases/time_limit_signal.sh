#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The usual end of a job: the signal that the script asks for comes before the time limit; saved, requeued, finished.
# shellcheck source-path=SCRIPTDIR/.. source=job.sh
. "$(dirname "$0")/../job.sh"

export INTR_INJECT="slow:ms=350,attempt=any"
job=$(submit train-multi --time=2 --signal=USR2@90)
wait_end "$job" 400
expect "exit code" 0 "$(exit_code "$job")"
(($(restarts "$job") >= 1)) || fail "the job never came back"
log_says "$job" "ended with 75 (stop-signal)"
equals_unbroken "$run"
