#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A node dies with everything on it: Slurm requeues the job, which goes on from its last checkpoint when there is a node again.
# shellcheck source-path=SCRIPTDIR/.. source=job.sh
. "$(dirname "$0")/../job.sh"

export INTR_INJECT="slow:ms=200"
job=$(submit train-multi)
wait_for "$guard" "checkpoint" has_saved 30
"$CLUSTER" fail-node "$DIR" n2
echo "ok: node n2 failed at step $(steps)"
node_is_down() { [[ $(on_cluster sinfo -h -n n2 -p low -o %t) == *down* ]]; }
wait_for 120 "notice of the dead node" node_is_down
"$CLUSTER" start-node "$DIR" n2
wait_end "$job" 300
expect "exit code" 0 "$(exit_code "$job")"
(($(restarts "$job") >= 1)) || fail "the job never came back"
equals_unbroken "$run"
