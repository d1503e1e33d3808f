#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the cases of faults again and again in random order, with larger counts than CI: twenty preemptions of one job, storms of a
# hundred signals, ranks that die at random moments. Ends at the first failure, with its log, or when the time is over.
#     INTR_BIN=… soak.sh [--hours H] [--seed S]        (1 hour; a seed from the clock, printed)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
hours=1 seed=$(date +%s)
while (($#)); do
  case $1 in
    --hours) hours=${2:-} ;;
    --seed) seed=${2:-} ;;
    *) echo "soak.sh: no option '$1'. Next: soak.sh [--hours H] [--seed S]" >&2; exit 2 ;;
  esac
  shift 2 || { echo "soak.sh: a value is missing. Next: soak.sh [--hours H] [--seed S]" >&2; exit 2; }
done
end=$(awk -v h="$hours" -v now="$(date +%s)" 'BEGIN {if (h + 0 <= 0) exit 1; printf "%d", now + 3600 * h}') ||
  { echo "soak.sh: --hours is '$hours'. Next: a number above 0" >&2; exit 2; }
cases=(rank_killed rank_killed rank_killed_mpirun rank_killed_mpirun preempted node_failed network_cut rank_suspended disk_full cancelled
  signals second_job no_progress dump_array sweep time_limit_signal time_limit_deadline time_limit_term
  network_slow controller_restarted)
RANDOM=$((seed % 32768))
export TIMES=20 STORM=100
declare -A passed=()
report() {
  local name text=''
  for name in $(printf '%s\n' "${!passed[@]}" | sort); do text+=" $name ${passed[$name]}"; done
  echo "soak: seed $seed, passed:${text:- nothing}"
}
said=$(mktemp)
trap 'report; rm -f "$said"' EXIT
echo "soak: seed $seed, until $(date -d "@$end" '+%F %T')"
while (($(date +%s) < end)); do
  round=()
  while ((${#round[@]} < 4)); do round+=("${cases[RANDOM % ${#cases[@]}]}"); done
  mapfile -t round < <(printf '%s\n' "${round[@]}" | sort -u) # a case has one cluster
  status=0
  SEED=$RANDOM "$here/run_cases.sh" --jobs 3 "${round[@]}" | tee "$said" || status=$?
  while read -r name; do passed[$name]=$((${passed[$name]:-0} + 1)); done < <(sed -n 's/^pass \([a-z_]*\) .*/\1/p' "$said")
  ((status == 0)) || exit "$status"
done
