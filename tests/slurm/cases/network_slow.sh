#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A network of 20 Mbit/s makes a run slow, nothing else.
# shellcheck source-path=SCRIPTDIR/.. source=job.sh
. "$(dirname "$0")/../job.sh"

status=0
"$CLUSTER" slow "$DIR" n2 20mbit || status=$?
((status != 77)) || exit 77
job=$(submit train-multi -- --hang-limit 10)
wait_end "$job" 400
expect "exit code" 0 "$(exit_code "$job")"
expect "restarts" 0 "$(restarts "$job")"
equals_unbroken "$run"
