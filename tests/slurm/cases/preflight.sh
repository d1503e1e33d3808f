#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Nodes are checked before they are used: two good ones pass, one without its staging folder is named and training does not begin.
# shellcheck source-path=SCRIPTDIR/.. source=job.sh
. "$(dirname "$0")/../job.sh"

job=$(submit preflight)
wait_end "$job"
expect "exit code" 0 "$(exit_code "$job")"
expect "nodes in the table" "n1 n2" "$(grep -o '^n[12]' "$run/preflight.tsv" | sort -u | paste -sd' ')"
[[ ! -e $run/exclude.txt ]] || fail "nodes are excluded: $(cat "$run/exclude.txt")"
"$CLUSTER" on "$DIR" n2 touch /tmp/stage # a file where the staging folder should be
"$CLUSTER" on "$DIR" n1 mkdir -p /tmp/stage
job=$(INTR_STAGE=/tmp/stage INTR_PREFLIGHT=1 submit train-multi)
wait_end "$job"
expect "exit code with a bad node" 78 "$(exit_code "$job")"
log_says "$job" "--exclude=n2"
[[ ! -e $run/checkpoints ]] || fail "it trained all the same"
