#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# For sites where jobs are not requeued: submits N jobs that follow each other. Each goes on where the last one stopped, and leaves
# at once when the run is finished or stuck.
#     ./chain.sh N SCRIPT [words for SCRIPT]        options of sbatch in SBATCH_… or CHAIN_SBATCH="--nodes=4 --time=08:00:00"
set -uo pipefail
for jobs in ${INTR_JOBS:+"$INTR_JOBS"} "$(dirname "$0")" .; do [ ! -r "$jobs/lib.sh" ] || break; done
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$jobs/lib.sh" || { echo "intr: no lib.sh here. Next: call it from jobs/slurm, or set INTR_JOBS to that folder" >&2; exit 2; }
case ${1:-} in
  -h | --help) sed -n '3,5s/^# \{0,1\}//p' "$0"; exit 0 ;;
  '' | 0* | *[!0-9]*) intr_fail 2 "chain.sh N SCRIPT: N is '${1:-}', not a number of jobs. Next: ./chain.sh 5 train.sbatch" ;;
esac
number=$1 script=${2:-}
[ -r "$script" ] || intr_fail 2 "cannot read the script '$script'. Next: ./chain.sh $number train.sbatch"
shift 2
intr_settings
trap - TERM USR1 USR2 # this is no job
read -r -a words <<<"${CHAIN_SBATCH:-}"
excluded=$(intr_excluded "${INTR_RUN:-.}")
[ -z "$excluded" ] || words+=("--exclude=$excluded")
[ -d logs ] || [ -n "$INTR_DRY_RUN" ] || intr_fail 2 "no folder logs/ here, where the jobs would write. Next: mkdir logs, or submit from the folder of the scripts"
export INTR_NO_REQUEUE=1 INTR_JOBS=$jobs
ids=()
for ((link = 1; link <= number; ++link)); do
  after=()
  ((link == 1)) || after=("--dependency=afterany:${ids[link - 2]}") # afterok would end the chain at the first 75
  command=(sbatch --parsable --no-requeue ${after[@]+"${after[@]}"} ${words[@]+"${words[@]}"} "$script" "$@")
  if [ -n "$INTR_DRY_RUN" ]; then
    ids+=("JOB$link")
    printf '%q ' "${command[@]}"
    echo
    continue
  fi
  id=$("${command[@]}") || {
    ((link == 1)) || intr_say "the first $((link - 1)) are in the queue; to take them out: scancel ${ids[*]}"
    intr_fail 78 "sbatch refused job $link of $number. Next: see its message above"
  }
  ids+=("${id%%;*}")
done
intr_say "$number jobs: ${ids[*]}"
intr_say "to stop them all: scancel ${ids[*]}"
