#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Where nothing is requeued: a chain of jobs, each of which goes on where the last one stopped; the rest leave at once.
# shellcheck source-path=SCRIPTDIR/.. source=job.sh
. "$(dirname "$0")/../job.sh"

export INTR_INJECT="slow:ms=120,attempt=any" SBATCH_MEM_PER_NODE=500
on_cluster env -C "$WORK" INTR_ENV="$WORK/env.sh" INTR_JOBS="$jobs_folder" CHAIN_SBATCH="--mem=500 --cpus-per-task=1 --ntasks-per-node=1 --time=10" \
  bash "$jobs_folder/chain.sh" 4 "$jobs_folder/train-multi.sbatch" | tee "$WORK/chain.txt"
read -r -a ids <<<"$(sed -n 's/^intr: 4 jobs: //p' "$WORK/chain.txt")"
expect "links" 4 "${#ids[@]}"
wait_for "$guard" "steps" at_step 20
on_cluster scancel -s USR2 "${ids[0]}"
wait_end "${ids[0]}"
expect "exit code of link 1" 75 "$(exit_code "${ids[0]}")"
wait_for "$guard" "steps" at_step 50
kill -KILL "$(processes intr-train n2)"
wait_end "${ids[1]}"
expect "exit code of link 2" 76 "$(exit_code "${ids[1]}")"
wait_end "${ids[2]}"
expect "exit code of link 3" 0 "$(exit_code "${ids[2]}")"
wait_end "${ids[3]}"
expect "exit code of link 4" 0 "$(exit_code "${ids[3]}")"
log_says "${ids[3]}" "Nothing to do"
equals_unbroken "$run"
