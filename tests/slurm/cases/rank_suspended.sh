#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A rank that hangs is named, the job ends with 76 and comes back.
# shellcheck source-path=SCRIPTDIR/.. source=job.sh
. "$(dirname "$0")/../job.sh"

# Not beside a save (steps 40, 48, 50), when others wait longer for a rank.
export INTR_INJECT="slow:ms=400"
job=$(submit train-multi -- --hang-limit 5)
wait_for "$guard" "a step" at_step 2
rank=$(processes intr-train n2)
wait_for "$guard" "steps" at_step 41
kill -STOP "$rank"
left() { [[ -s $run/requeue.tsv ]]; }
began=$SECONDS
wait_for 60 "end of the attempt" left
echo "ok: noticed after $((SECONDS - began)) s"
expect "code and cause of the attempt" "76 hang" "$(head -n 1 "$run/requeue.tsv" | cut -f 2,3 | tr '\t' ' ')"
log_says "$job" "rank 1"
wait_end "$job"
expect "exit code" 0 "$(exit_code "$job")"
equals_unbroken "$run"
