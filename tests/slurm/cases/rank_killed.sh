#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One of four ranks is killed (srun): the job ends and comes back. Prints the seconds to the first new step, without the queue (wanted: 15).
# shellcheck source-path=SCRIPTDIR/.. source=job.sh
. "$(dirname "$0")/../job.sh"

export INTR_INJECT="slow:ms=100"
job=$(submit train-multi --ntasks-per-node=2)
wait_for "$guard" "checkpoint" has_saved 30
mapfile -t ranks < <(processes intr-train)
expect "ranks" 4 "${#ranks[@]}"
kill -KILL "${ranks[RANDOM % 4]}"
killed=$(date +%s.%N)
first=$(steps)
left() { [[ -s $run/requeue.tsv ]]; }
wait_for 60 "end of the attempt" left
ended=$(date +%s.%N)
expect "code of the attempt" 76 "$(cut -f 2 "$run/requeue.tsv" | head -n 1)"
wait_for 120 "restart" restarted "$job" 1
started=$(date +%s.%N)
# The restart takes back the steps behind its checkpoint, then does them again.
resumed() { grep -q '"kind":"resume"' "$run/events.jsonl"; }
wait_for 60 "start of the ranks" resumed
before=$(saved_step)
wait_for 60 "new step" at_step $((before + 1))
now=$(date +%s.%N)
seconds=$(awk -v a="$killed" -v b="$ended" -v c="$started" -v d="$now" 'BEGIN {printf "%.1f", b - a + d - c}')
echo "figure: killed at step $first; to the end of the attempt $(awk -v a="$killed" -v b="$ended" 'BEGIN {printf "%.1f", b - a}') s, to the first new step $seconds s without the queue"
awk -v s="$seconds" -v most="${RESTART_LIMIT:-60}" 'BEGIN {exit !(s <= most)}' || fail "the first new step came after $seconds s"
wait_end "$job"
expect "exit code" 0 "$(exit_code "$job")"
equals_unbroken "$run"
