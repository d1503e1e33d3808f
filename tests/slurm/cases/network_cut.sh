#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The network between the nodes goes away: the ranks that hang are noticed, the job ends, and goes on when the network is back.
# shellcheck source-path=SCRIPTDIR/.. source=job.sh
. "$(dirname "$0")/../job.sh"

export INTR_INJECT="slow:ms=200"
job=$(submit train-multi -- --hang-limit 5)
wait_for "$guard" "checkpoint" has_saved 30
"$CLUSTER" cut "$DIR" n2
began=$SECONDS
has_left() { [[ -s $run/requeue.tsv ]] || ! state_is "$job" RUNNING; }
wait_for 120 "end of the attempt" has_left
echo "ok: noticed after $((SECONDS - began)) s at step $(steps)"
"$CLUSTER" join "$DIR" n2
wait_end "$job" 400
expect "exit code" 0 "$(exit_code "$job")"
(($(restarts "$job") >= 1)) || fail "the job never came back"
equals_unbroken "$run"
