#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tests run_cases.sh with small cases in a copy of this folder: what it prints, its status, its order, and that no cluster is left
# after a failure, a time-out, an interrupt or its death.
#
#     tests/slurm/run_cases_test.sh      (some 40 s; leaves with 77 where no cluster can start)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
reason=$("$here/cluster.sh" probe) || {
  echo "skipped 5 tests: $reason"
  [[ ${INTR_REQUIRE_SLURM:-0} != 1 ]] || exit 1
  exit 77
}
work=$(realpath "$(mktemp -d)")
trap 'rm -rf "$work"' EXIT
export TMPDIR=$work/tmp
unset INTR_SLURM_ARTIFACTS INTR_BIN
mkdir -p "$TMPDIR" "$work/tests/slurm/cases" "$work/artifacts"
cp "$here"/{cluster,cluster_processes,slurm_conf,run_cases}.sh "$work/tests/slurm/"
sed -i 's/^case_limit=540/case_limit=15/' "$work/tests/slurm/run_cases.sh"
driver=$work/tests/slurm/run_cases.sh
fail() {
  echo "run_cases_test: $*" >&2
  exit 1
}
case_is() { # NAME TEXT
  printf '%s\n' "$2" >"$work/tests/slurm/cases/$1.sh"
}
run() { # STATUS ARGUMENTS…
  local want=$1 status=0
  shift
  out=$("$driver" "$@" 2>&1) || status=$?
  [[ $status == "$want" ]] || fail "'$*' left with $status, not $want: $out"
}
has() { # TEXT…
  local text
  for text in "$@"; do [[ $'\n'$out$'\n' == *"$text"* ]] || fail "no '$text' in: $out"; done
}
gone() { # within a few seconds
  local tries
  for ((tries = 0; tries < 100; ++tries)); do
    [[ -n $(ls "$TMPDIR") ]] || return 0
    sleep 0.2
  done
  fail "$1 leaves $(ls -d "$TMPDIR"/*)"
}

# shellcheck disable=SC2016  # for the cases
{
  case_is good 'touch "$SHARED/good-ran"; [[ $WORK == "$DIR/shared/$CASE" ]] && "$CLUSTER" run "$DIR" srun -n2 hostname'
  case_is bad 'echo a reason; echo x >"$WORK/kept"; exit 3'
  case_is absent 'echo first; echo no such thing here; exit 77'
  case_is long 'sleep 60'
  case_is last '[[ -e $SHARED/good-ran ]]'
  case_is waiting 'touch "$SHARED/../../waits"; sleep 60'
}

INTR_SLURM_ARTIFACTS=$work/artifacts run 1 --jobs 1 good last bad absent
has $'\npass good (' $'\npass last (' $'\nFAIL bad (' 'end of slurmctld.log' $'\na reason\n' "run_cases.sh bad"$'\n' \
  $'\nskip absent: no such thing here\n' $'\nslurm: 2 passed, 1 failed, 1 skipped of 4\n'
[[ -e $work/artifacts/bad/bad/kept && -e $work/artifacts/bad/log/slurmctld.log ]] || fail "no artifacts of the failed case"
gone "a failure"
run 77 absent
has $'\nslurm: 0 passed, 0 failed, 1 skipped of 1\n'
run 0 --jobs 1 good absent last
run 1 long good
has $'\nFAIL long (' 'long was ended after 15 s' $'\nslurm: 1 passed, 1 failed, 0 skipped of 2\n'
gone "a time-out"
echo "ok: pass, fail, skip, artifacts, time limit ($SECONDS s)"

run 2
run 2 nothing
run 2 --jobs 0 good
has 'Next: '
echo "ok: wrong calls ($SECONDS s)"

echo 'echo broken; exit 4' >"$work/tests/slurm/setup.sh"
run 1 good absent
has 'FAIL all 2 cases: setup.sh left with 4' $'\nbroken\n'
# shellcheck disable=SC2016
echo 'touch "$1/good-ran"' >"$work/tests/slurm/setup.sh"
run 0 last
gone "setup.sh"
echo "ok: setup.sh ($SECONDS s)"

for signal in TERM KILL; do
  rm -f "$TMPDIR/waits"
  "$driver" waiting &
  script=$!
  until [[ -e $TMPDIR/waits ]]; do
    kill -0 $script || fail "run_cases.sh ended before it was killed"
    sleep 0.1
  done
  rm "$TMPDIR/waits"
  kill -$signal $script
  wait $script 2>/dev/null && fail "$signal: left with 0"
  gone "run_cases.sh, ended by $signal,"
  echo "ok: ended by $signal, nothing is left ($SECONDS s)"
done
