#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An array dumps attention: one task's rank is killed, one task is cancelled. The merge job says what is missing; then all is whole and equal to a dump in one go.
# shellcheck source-path=SCRIPTDIR/.. source=job.sh
. "$(dirname "$0")/../job.sh"

export INTR_RUN=$SHARED/unbroken INTR_DUMP=$WORK/dump INTR_EXTRA=''
run=$INTR_RUN
words=(--threads 1 --device cpu --piece-samples 1 --batch-size 1)
array=$(submit attend-array --array=0-4 --nodes=1 --ntasks-per-node=1 --hold -- "${words[@]}")
on_cluster scancel "${array}_3"
merge=$(submit attend-merge --dependency="afterany:$array")
on_cluster scontrol release "$array"
pieces() { find "$INTR_DUMP" -maxdepth 1 -name 'piece-*.h5' 2>/dev/null | wc -l; }
has_pieces() { (($(pieces) >= 8)); }
wait_for "$guard" "pieces" has_pieces
kill -KILL "$(processes intr-attend | head -n 1)"
echo "ok: a task was killed with $(pieces) pieces there"
wait_end "$merge" 300
expect "exit code of the merge with a part missing" 75 "$(exit_code "$merge")"
log_says "$merge" "INTR_PARTS=5 sbatch --array=3 attend-array.sbatch"
grep -hq $'\t76\t' "$INTR_DUMP"/jobs/part-*/requeue.tsv || fail "no 76 of the killed task: $(cat "$INTR_DUMP"/jobs/part-*/requeue.tsv)"
third=$(INTR_PARTS=5 submit attend-array --array=3 --nodes=1 --ntasks-per-node=2 -- "${words[@]}")
twice=$(INTR_PARTS=5 submit attend-array --array=1,3 --nodes=1 --ntasks-per-node=1 -- "${words[@]}")
merge=$(submit attend-merge --dependency="afterany:$third:$twice")
wait_end "$merge"
expect "exit code of the merge" 0 "$(exit_code "$merge")"
export OMP_NUM_THREADS=1
"$INTR_BIN/intr-attend" --model "$INTR_RUN" --data "$SHARED/set" --out "$WORK/whole" --quiet "${words[@]}" 2>"$WORK/attend.log"
for dump in whole dump; do "$INTR_BIN/intr-attend" merge "$WORK/$dump" --into "$WORK/$dump.h5" >/dev/null 2>&1; done
cmp "$WORK/whole.h5" "$WORK/dump.h5" || fail "the merged files differ"
echo "ok: the merged file equals that of a dump in one go"
