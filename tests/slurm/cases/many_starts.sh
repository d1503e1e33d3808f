#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Ranks find each other at every start, with the settings of the job scripts, however busy their nodes are: four steps of four ranks
# start again and again beside each other. STARTS: times each (3). With SLURM_PMIX_FENCE=tree about one start in ten fails.
# shellcheck source-path=SCRIPTDIR/.. source=job.sh
. "$(dirname "$0")/../job.sh"

cat >"$WORK/starts.sbatch" <<'JOB'
#!/usr/bin/env bash
#SBATCH --ntasks-per-node=8
. "$INTR_JOBS/lib.sh"
intr_settings
export SOURCE_DATE_EPOCH=0
starts() { # LOOP
  local i
  for ((i = 0; i < STARTS; ++i)); do
    srun --exact --nodes=2 --ntasks=4 --kill-on-bad-exit=1 "--mpi=$INTR_MPI" "$INTR_BIN/intr-pack" pack "$INTR_SOURCE" \
      --out "$WORK/set-$1-$i" --limit train=8,val=8 --quiet >"$WORK/out-$1-$i" 2>&1
    echo "$? of start $i in loop $1" >>"$WORK/codes"
  done
}
for loop in 1 2 3 4; do starts "$loop" & done
wait
JOB
export STARTS=${STARTS:-3} WORK
job=$(on_cluster env -C "$WORK" INTR_ENV="$WORK/env.sh" INTR_JOBS="$jobs_folder" sbatch --parsable --nodes=2 --mem=4000 --cpus-per-task=1 \
  --time=20 --output=logs/starts-%j.out "$WORK/starts.sbatch")
wait_end "$job" 500
expect "exit code" 0 "$(exit_code "$job")"
expect "starts" $((4 * STARTS)) "$(grep -c . "$WORK/codes")"
bad=$(grep -v '^0 ' "$WORK/codes" | sort || true)
[[ -z $bad ]] || {
  tail -n 30 "$WORK"/out-*
  fail "$(wc -l <<<"$bad") starts failed: $bad"
}
[[ $(for set in "$WORK"/set-*; do sha256sum <"$set/dataset.json"; done | sort -u | wc -l) == 1 ]] || fail "the packed sets differ"
