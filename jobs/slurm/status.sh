#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One line a run: state, step of all steps, last save, attempts, useful time (ETTR), and what to do next.
#     ./status.sh RUN…          a sweep: ./status.sh SWEEP/*/
set -uo pipefail
case ${1:-} in
  -h | --help) sed -n '3,4s/^# \{0,1\}//p' "$0"; exit 0 ;;
  '') echo "intr: which run? Next: ./status.sh RUN…" >&2; exit 2 ;;
esac

for jobs in ${INTR_JOBS:+"$INTR_JOBS"} "$(dirname "$0")" .; do [ ! -r "$jobs/lib.sh" ] || break; done
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$jobs/lib.sh" || { echo "intr: no lib.sh here. Next: call it from jobs/slurm, or set INTR_JOBS to that folder" >&2; exit 2; }

# Steps of the whole run: the log names epochs and their steps, the configuration what ends it earlier.
all_steps() {
  local whole most
  whole=$(sed -n 's/^ *epochs  *\([0-9]*\) of \([0-9]*\) steps.*/\1 \2/p' "$1/train.log" 2>/dev/null | awk '{n = $1 * $2} END {print n + 0}')
  most=$(sed -n 's/.*"max-steps": *\([0-9]*\).*/\1/p' "$1/config.json" 2>/dev/null | head -n 1)
  if [ "${most:-0}" -gt 0 ] && { [ "$whole" = 0 ] || [ "$most" -lt "$whole" ]; }; then whole=$most; fi
  if [ "$whole" = 0 ]; then echo '?'; else echo "$whole"; fi
}

last_save() { # how long ago
  local save seconds
  save=$(grep '"kind":"save"' "$1/events.jsonl" 2>/dev/null | tail -n 1 | sed -n 's/^{"time":\([0-9]*\).*/\1/p')
  [ -n "$save" ] || { echo never; return; }
  seconds=$(($(date +%s) - save))
  if ((seconds < 120)); then echo "${seconds} s ago"
  elif ((seconds < 7200)); then echo "$((seconds / 60)) min ago"
  elif ((seconds < 172800)); then echo "$((seconds / 3600)) h ago"
  else echo "$((seconds / 86400)) days ago"; fi
}

# What Slurm says of the run's job: "RUNNING" and so on, or nothing.
job_state() { squeue -h -j "$1" -o %T 2>/dev/null | head -n 1; }

line() { # RUN
  local run=${1%/} state job='' next code='' slurm='' attempts ettr
  if [ ! -e "$run/config.json" ] && [ ! -e "$run/requeue.tsv" ]; then
    printf '%s\tno run\t-\t-\t-\t-\tsbatch train.sbatch, unless it waits (squeue --me)\n' "$run"
    return
  fi
  job=$(sed -n 's/.*"job":"\([^"]*\)".*/\1/p' "$run/run.lock" 2>/dev/null)
  # Attempts are called JOB_RESTART or ARRAY-TASK_RESTART.
  [ -n "$job" ] || job=$(awk -F '\t' 'NF == 6 && $1 != "-" {job = $1} END {sub(/_[0-9]+$/, "", job); sub(/-/, "_", job); print job}' "$run/requeue.tsv" 2>/dev/null)
  code=$(awk -F '\t' 'NF == 6 {code = $2} END {print code}' "$run/requeue.tsv" 2>/dev/null)
  [ -z "$job" ] || slurm=$(job_state "$job")
  if [ -e "$run/DONE" ]; then
    state="done" next="sbatch eval.sbatch"
  elif [ -e "$run/STUCK" ]; then
    state=stuck next="$(head -n 1 "$run/STUCK") Mend it, then rm $run/STUCK and submit"
  else
    case $slurm in
      RUNNING) state="running ($job)" next="nothing to do" ;;
      PENDING | REQUEUED | REQUEUE_HOLD | CONFIGURING | COMPLETING) state="waiting ($job)" next="nothing to do: it goes on by itself" ;;
      *)
        state=stopped next="submit again, unless a job of it waits (squeue --me)"
        [ -z "$code" ] || state="stopped ($code)"
        case $code in 2 | 65 | 70 | 77 | 78) next="see $(newest_log "$run"), then submit again" ;; esac
        ;;
    esac
    [ ! -e "$run/HALT" ] || next="rm $run/HALT, then submit again"
  fi
  attempts=$(grep -c '"kind":"\(start\|resume\)"' "$run/events.jsonl" 2>/dev/null)
  ettr=$(sed -n 's/.*"ettr":\([0-9.]*\).*/\1/p' "$run/events.jsonl" 2>/dev/null | tail -n 1)
  ettr=$(awk -v share="$ettr" 'BEGIN {if (share == "") print "-"; else printf "%.1f %%", 100 * share}')
  printf '%s\t%s\t%s of %s\t%s\t%s\t%s\t%s\n' "$run" "$state" "$(intr_result=$run intr_progress)" "$(all_steps "$run")" "$(last_save "$run")" \
    "${attempts:-0}" "$ettr" "$next"
}

newest_log() { # of the run's attempts: the record with the message
  local record
  record=$(find "$1/attempts" -maxdepth 1 -name '*.json' -printf '%T@ %p\n' 2>/dev/null | sort -n | tail -n 1 | cut -d' ' -f2-)
  echo "${record:-$1/train.log}"
}

{
  printf 'RUN\tSTATE\tSTEP\tLAST SAVE\tSTARTS\tUSEFUL\tNEXT\n'
  for run in "$@"; do line "$run"; done
} | awk -F '\t' '{row[NR] = $0; for (i = 1; i < NF; ++i) if (length($i) > width[i]) width[i] = length($i)}
  END {for (r = 1; r <= NR; ++r) {n = split(row[r], field, "\t"); for (i = 1; i < n; ++i) printf "%-" width[i] + 2 "s", field[i]; print field[n]}}'
