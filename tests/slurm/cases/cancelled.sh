#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# scancel saves and stops for good: the job does not come back. Submitted again, it goes on.
# shellcheck source-path=SCRIPTDIR/.. source=job.sh
. "$(dirname "$0")/../job.sh"

export INTR_INJECT="slow:ms=100"
kill_wait 15
job=$(submit train-multi)
wait_for "$guard" "steps" at_step 25
on_cluster scancel "$job"
wait_end "$job"
expect "state" CANCELLED "$(job_field "$job" JobState)"
(($(saved_step) >= 25)) || fail "saved at step $(saved_step), not where it stopped"
echo "ok: saved at step $(saved_step)"
for ((i = 0; i < 40; ++i)); do # requeued jobs are back after 12 s here
  state_is "$job" CANCELLED || fail "the job came back: $(job_field "$job" JobState)"
  sleep 1
done
next=$(submit train-mpirun)
wait_for "$guard" "more steps" at_step $(($(saved_step) + 15))
on_cluster scancel "$next" # under mpirun the script hands it on
wait_end "$next"
(($(saved_step) >= 40)) || fail "mpirun: saved at step $(saved_step)"
sleep 20
expect "state of the second" CANCELLED "$(job_field "$next" JobState)"
last=$(submit train-multi)
wait_end "$last"
expect "exit code" 0 "$(exit_code "$last")"
equals_unbroken "$run"
