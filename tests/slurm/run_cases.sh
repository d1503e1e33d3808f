#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs cases, each in a test cluster of its own, and takes the clusters down whatever happens.
#
#     run_cases.sh [--jobs N] [--keep] CASE…      CASE is the name of cases/CASE.sh
#
# Cases run side by side, N at a time (5). First `setup.sh SHARED` makes what they share, if it is there. Each case is
# `bash cases/CASE.sh` with
#     CLUSTER  path of cluster.sh           CASE    its name
#     DIR      its cluster's folder         WORK    DIR/shared/CASE, made for it and seen by all nodes
#     SHARED   what setup.sh made; nodes see it
# It passes with 0 and is skipped with 77 (its last line says why). --keep leaves the clusters of failed cases running.
#
# INTR_REQUIRE_SLURM=1    no cluster here is an error and no reason to skip
# INTR_SLURM_ARTIFACTS    folder that gets the logs and the work folder of failed cases
# INTR_BIN                folder of the programs; nodes see it even if it is below /tmp
#
# Leaves with 0, 1 if a case failed, 77 if all were skipped, 2 if it was called wrongly.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
export CLUSTER=$here/cluster.sh
case_limit=540 # seconds; a guard against hangs alone
((${TIMES:-0} <= 3)) || case_limit=2400 # the long counts of soak.sh

usage() {
  echo "run_cases.sh: $*. Next: run_cases.sh [--jobs N] [--keep] CASE…, with cases of $here/cases." >&2
  exit 2
}
jobs=5 keep=0
while [[ ${1:-} == --* ]]; do
  case $1 in
    --jobs)
      [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || usage "--jobs needs a number of at least 1"
      jobs=$2
      shift
      ;;
    --keep) keep=1 ;;
    *) usage "no option '$1'" ;;
  esac
  shift
done
[[ $# -ge 1 ]] || usage "no cases given"
for name in "$@"; do [[ -f $here/cases/$name.sh ]] || usage "no case '$name'"; done

status=0
reason=$("$CLUSTER" probe) || status=$?
if ((status != 0)); then
  echo "skipped $# tests: ${reason:-probe left with $status}"
  [[ ${INTR_REQUIRE_SLURM:-0} != 1 ]] || exit 1
  exit 77
fi

base=$(realpath "$(mktemp -d "${TMPDIR:-/tmp}/intr-slurm.XXXXXX")")
export SHARED=$base/shared
export CLUSTER_SHOW=$SHARED${CLUSTER_SHOW:+:$CLUSTER_SHOW}
if [[ -n ${INTR_BIN:-} ]]; then
  INTR_BIN=$(realpath "$INTR_BIN")
  export INTR_BIN CLUSTER_SHOW=$INTR_BIN:$CLUSTER_SHOW
fi
mkdir "$SHARED" "$base/logs" "$base/clusters"
declare -A case_of=() # by process id
declare -A began=()
passed=0 failed=0 skipped=0

# Clusters that are left, then everything; with --keep those of failed cases stay.
clean_up() {
  local dir kept=0
  for dir in "$base"/clusters/*/; do
    [[ -d $dir ]] || continue
    if ((keep)) && [[ -e $base/logs/$(basename "$dir").failed ]]; then
      echo "the cluster is left in ${dir%/}. Next: $CLUSTER down ${dir%/}"
      kept=1
    else
      "$CLUSTER" down "${dir%/}" || kept=1
    fi
  done
  ((kept)) || rm -rf "$base"
}

finish() {
  local status=$?
  trap - EXIT
  trap '' INT TERM # once is enough
  if ((${#case_of[@]} > 0)); then kill -TERM "${!case_of[@]}" 2>/dev/null || true; fi
  wait 2>/dev/null || true
  clean_up
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Killed with -9, as by CTest's time-out, this script cannot clean up: somebody else watches.
watch() {
  while kill -0 $$ 2>/dev/null; do sleep 2; done
  ((keep)) || clean_up
}

save_artifacts() { # CASE
  [[ -n ${INTR_SLURM_ARTIFACTS:-} ]] || return 0
  local into=$INTR_SLURM_ARTIFACTS/$1 dir=$base/clusters/$1
  mkdir -p "$into" && cp -a "$base/logs/$1.log" "$dir/log" "$dir/shared/$1" "$into/" || echo "artifacts of $1 could not be copied to $into"
}

start() { # CASE
  local dir=$base/clusters/$1
  mkdir "$dir"
  {
    "$CLUSTER" up "$dir" && mkdir -p "$dir/shared/$1" || exit
    DIR=$dir CASE=$1 WORK=$dir/shared/$1 exec timeout -k 20 "$case_limit" bash "$here/cases/$1.sh"
  } </dev/null >"$base/logs/$1.log" 2>&1 &
  case_of[$!]=$1
  began[$1]=$SECONDS
}

collect() { # one case, the first to end
  local pid name status=0 log took
  wait -n -p pid "${!case_of[@]}" || status=$?
  name=${case_of[$pid]}
  unset "case_of[$pid]"
  log=$base/logs/$name.log
  took=$((SECONDS - began[$name]))
  if ((status == 0)); then
    passed=$((passed + 1))
    echo "pass $name ($took s)"
    grep '^figure: ' "$log" | sed 's/^figure: /     /' || true
  elif ((status == 77)); then
    skipped=$((skipped + 1))
    echo "skip $name: $(tail -n 1 "$log")"
  else
    failed=$((failed + 1))
    touch "$base/logs/$name.failed"
    echo "FAIL $name ($took s), left with $status"
    if ((took >= case_limit)); then echo "$name was ended after $case_limit s, the limit of a case"; fi
    echo "---- end of slurmctld.log"
    tail -n 40 "$base/clusters/$name/log/slurmctld.log" || true
    echo "---- log of $name" # last: who shortens output keeps its end
    cat "$log"
    echo "---- again: ${INTR_BIN:+INTR_BIN=$INTR_BIN }$here/run_cases.sh $name"
    save_artifacts "$name"
    ((!keep)) || return 0
  fi
  "$CLUSTER" down "$base/clusters/$name" || echo "the cluster of $name could not be taken down"
}

(watch) </dev/null >/dev/null 2>&1 &
disown $!
if [[ -f $here/setup.sh ]]; then
  timeout -k 20 "$case_limit" bash "$here/setup.sh" "$SHARED" </dev/null >"$base/logs/setup.log" 2>&1 || {
    echo "FAIL all $# cases: setup.sh left with $?"
    cat "$base/logs/setup.log"
    exit 1
  }
fi
for name in "$@"; do
  start "$name"
  if ((${#case_of[@]} >= jobs)); then collect; fi
done
while ((${#case_of[@]} > 0)); do collect; done

echo "slurm: $passed passed, $failed failed, $skipped skipped of $#"
((failed == 0)) || exit 1
((skipped < $#)) || exit 77
