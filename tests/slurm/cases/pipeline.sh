#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From packing to the gallery by jobs that wait for each other, as jobs/slurm/README.md shows them.
# shellcheck source-path=SCRIPTDIR/.. source=job.sh
. "$(dirname "$0")/../job.sh"

export INTR_DATA=$WORK/set
pack=$(submit pack --nodes=2 -- --limit train=64,val=640)
train=$(submit train-multi --dependency="afterok:$pack")
eval=$(submit eval --dependency="afterok:$train")
dump=$(submit attend-array --array=0-2 --nodes=1 --dependency="afterok:$train" -- --threads 1)
merge=$(submit attend-merge --dependency="afterany:$dump")
render=$(submit render --dependency="afterok:$merge")
score=$(submit score --dependency="afterok:$merge,afterany:$render")
model=$(submit score-model --nodes=2 --dependency="afterok:$merge,afterany:$score" -- --threads 1 --samples 8 --randomization-samples 2)
for job in "$pack" "$train" "$eval" "$merge" "$render" "$score" "$model"; do
  wait_end "$job" 300
  expect "exit code of $(job_field "$job" JobName)" 0 "$(exit_code "$job")"
  [[ $(last_line "$job") == "intr: exit 0: finished"* ]] || fail "the last line is '$(last_line "$job")'"
done
[[ -s $run/eval-val.json && -s $run/eval-val.csv ]] || fail "no result of the evaluation"
[[ -s $run/scores/report.html && -s $run/scores/summary.json ]] || fail "no scores"
[[ -s $run/scores/model.json && -s $run/scores/model-samples.csv ]] || fail "no scores of the network"
for part in maps model; do grep -q "<!-- part $part " "$run/scores/report.html" || fail "the report has no part on $part"; done
[[ -s $run/gallery/index.html ]] || fail "no gallery"
grep -q "href=\"../gallery/index.html" "$run/scores/report.html" || fail "the report does not link to the gallery"
[[ $(find "$run/gallery" -name 'chunk-*.js' | wc -l) -ge 1 ]] || fail "no pictures in the gallery"
equals_unbroken "$run"
