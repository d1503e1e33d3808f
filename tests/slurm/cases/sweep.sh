#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Six runs of a table, one of them wrong: five finish, one fails alone, the table of results says so; again, nothing is done twice.
# shellcheck source-path=SCRIPTDIR/.. source=job.sh
. "$(dirname "$0")/../job.sh"

export INTR_SWEEP=$WORK/sweep INTR_EXTRA=''
mkdir -p "$INTR_SWEEP"
{
  printf '# runs\nname\tmax-steps\tlr\tseed\tlerning\r\n'
  printf 'first\t20\t1e-3\t42\t\r\n\n'
  printf 'second\t20\t2e-3\t42\t\n# a comment\nthird\t20\t\t7\t\nwrong\t20\t1e-3\t1\t3\nfifth\t20\t1e-3\t2\nsixth\t24\t1e-3\t3\t\n'
} >"$INTR_SWEEP/sweep.tsv"
read -r -a words <<<"$(sed 's/--lr [^ ]*//; s/--max-steps [^ ]*//' <<<"${training_words[*]}")"
array=$(submit sweep --array=1-6%3 -- "${words[@]}")
collect=$(submit sweep --dependency="afterany:$array")
wait_end "$collect" 300
cat "$INTR_SWEEP/sweep.csv"
expect "runs that are done" 5 "$(grep -c ',done,' "$INTR_SWEEP/sweep.csv")"
expect "the wrong one" 1 "$(grep -c '^4,"wrong",.*,exit 2,' "$INTR_SWEEP/sweep.csv")"
expect "folders" "1-first 2-second 3-third 4-wrong 5-fifth 6-sixth" "$(find "$INTR_SWEEP" -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort | paste -sd' ')"
before=$(cat "$INTR_SWEEP"/*/metrics.jsonl | wc -l)
array=$(submit sweep --array=1-3,7 -- "${words[@]}")
collect=$(submit sweep --dependency="afterany:$array")
wait_end "$collect"
expect "records after the same array again" "$before" "$(cat "$INTR_SWEEP"/*/metrics.jsonl | wc -l)"
expect "exit code beyond the end of the table" 2 "$(on_cluster scontrol show job "${array}_7" | sed -n 's/.*ExitCode=\([0-9]*\):.*/\1/p' | head -n 1)"
