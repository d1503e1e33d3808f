#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One job of two nodes dumps attention and runs the network on it again; USR2 stops it in both, it comes back, and its files equal those of one rank without Slurm.
# shellcheck source-path=SCRIPTDIR/.. source=job.sh
. "$(dirname "$0")/../job.sh"

cp -r "$SHARED/unbroken" "$run"
words=(--threads 1 --device cpu --samples 40 --randomization-samples 4)
job=$(INTR_ATTEND=1 submit score-model --nodes=2 -- "${words[@]}")
pieces() { find "$run/scores/model" -maxdepth 1 -name 'piece-*.json' 2>/dev/null | wc -l; }
dumping() { [[ -n $(find "$run/dump" -maxdepth 1 -name 'plan.json' 2>/dev/null) ]]; }
has_pieces() { (($(pieces) >= $1)); }
wait_for "$guard" "dump" dumping
on_cluster scancel -s USR2 "$job"
wait_for 90 "restart" restarted "$job" 1
wait_for "$guard" "scores" has_pieces 5
on_cluster scancel -s USR2 "$job"
wait_for 90 "restart" restarted "$job" 2
first=$(pieces)
((first >= 5 && first < 40)) || fail "$first pieces are there after the stop"
echo "ok: came back with $first of 40 pieces"
wait_end "$job"
expect "exit code" 0 "$(exit_code "$job")"
log_says "$job" "ended with 75 (stop-signal)"
log_says "$job" "pieces over 2 ranks"
expect "last line" "intr: exit 0: finished. See $run/scores/report.html" "$(last_line "$job")"
export OMP_NUM_THREADS=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
"$INTR_BIN/intr-score" model "$run/dump" --model "$run" --data "$SHARED/set" --out "$WORK/alone" --quiet "${words[@]}" 2>"$WORK/score.log"
diff -r "$WORK/alone" "$run/scores" || fail "the scores differ from those of one rank"
echo "ok: the scores equal those of one rank that nobody stopped"
