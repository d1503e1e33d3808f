#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Preempted again and again (TIMES, 3): saved each time, comes back by itself, and ends as if nothing had happened.
# shellcheck source-path=SCRIPTDIR/.. source=job.sh
. "$(dirname "$0")/../job.sh"

times=${TIMES:-3}
# Preempted before its ranks are there, a job goes on for the 15 s of grace: so long must many preemptions last.
export INTR_INJECT="slow:ms=$((times > 3 ? 2500 : 150)),attempt=any"
job=$(submit train-multi --time=60)
for ((i = 1; i <= times; ++i)); do
  wait_for "$guard" "new steps" at_step $((120 * i / (times + 2)))
  on_cluster sbatch --parsable --partition=high --nodes=2 --exclusive --output=/dev/null --wrap "sleep 1" >/dev/null
  wait_for 60 "preemption" state_is "$job" "PENDING"
  echo "ok: preempted at step $(saved_step)"
  wait_for 90 "restart" restarted "$job" "$i"
done
wait_end "$job"
expect "exit code" 0 "$(exit_code "$job")"
expect "restarts" "$times" "$(restarts "$job")"
[[ ! -e $run/STUCK ]] || fail "preemption was taken for a fault"
equals_unbroken "$run"
