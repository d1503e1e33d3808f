#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One of four ranks is killed (mpirun).
# shellcheck source-path=SCRIPTDIR/.. source=job.sh
. "$(dirname "$0")/../job.sh"

export INTR_INJECT="slow:ms=100"
job=$(submit train-mpirun --ntasks-per-node=2)
wait_for "$guard" "checkpoint" has_saved 20
mapfile -t ranks < <(processes intr-train)
expect "ranks" 4 "${#ranks[@]}"
kill -KILL "${ranks[RANDOM % 4]}"
wait_end "$job"
expect "exit code" 0 "$(exit_code "$job")"
expect "code of the attempt" 76 "$(cut -f 2 "$run/requeue.tsv" | head -n 1)"
expect "restarts" 1 "$(restarts "$job")"
equals_unbroken "$run"
