#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A disk that fills up: training goes on, the last checkpoint stays whole, the job ends with 78 and is not requeued; with room it goes on.
# shellcheck source-path=SCRIPTDIR/.. source=job.sh
. "$(dirname "$0")/../job.sh"

"$CLUSTER" on "$DIR" n1 mkdir -p "$run"
"$CLUSTER" on "$DIR" n1 mount -t tmpfs -o size=80m tmpfs "$run"
in_run() { "$CLUSTER" on "$DIR" n1 "$@"; }
export INTR_INJECT="slow:ms=60"
job=$(submit train --nodelist=n1 --ntasks-per-node=2)
saved_there() { in_run grep -q '"kind":"save"' "$run/events.jsonl" 2>/dev/null; }
wait_for "$guard" "save" saved_there
in_run dd if=/dev/zero of="$run/filler" bs=1M status=none 2>/dev/null || true
wait_end "$job"
expect "exit code" 78 "$(exit_code "$job")"
expect "restarts" 0 "$(restarts "$job")"
[[ $(last_line "$job") == *"exit 78"* ]] || fail "the last line is '$(last_line "$job")'"
in_run rm "$run/filler"
job=$(submit train --nodelist=n1 --ntasks-per-node=2)
wait_end "$job"
expect "exit code with room" 0 "$(exit_code "$job")"
in_run cp -a "$run" "$WORK/copy"
equals_unbroken "$WORK/copy"
