# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2034 # the tests read what is set here
# What the tests of jobs/slurm share: a sandbox for each case with fakes for Slurm's commands, and two ways to compare. Sourced.
# PATH holds the fakes and the few tools that the scripts may use, so a Slurm that is installed here is never asked.
# JOBS=FOLDER tests other scripts than this project's, such as a copy that was broken on purpose.

set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
jobs=$(cd "${JOBS:-$here/../../jobs/slurm}" && pwd)
sandbox=$(mktemp -d)
passed=0 failed=0
trap 'rm -rf "$sandbox"' EXIT

mkdir "$sandbox/tools"
for tool in awk bash cat chmod cp cut date df dirname env find grep head hostname kill ln ls mkdir mktemp mv nproc paste printf \
  readlink rm sed seq sh sleep sort stat sync tac tail tee timeout touch tr uname uniq wc; do
  ! file=$(command -v "$tool") || [ "${file#/}" = "$file" ] || ln -s "$file" "$sandbox/tools/$tool"
done

same() { # NAME EXPECTED GOT
  if [ "$2" = "$3" ]; then
    passed=$((passed + 1))
    echo "pass $1"
  else
    failed=$((failed + 1))
    echo "FAIL $1: expected '$2', got '$3'"
  fi
}

like() { # NAME PATTERN GOT: PATTERN as of [[ == ]]
  # shellcheck disable=SC2053 # a pattern is meant
  if [[ $3 == $2 ]]; then
    passed=$((passed + 1))
    echo "pass $1"
  else
    failed=$((failed + 1))
    echo "FAIL $1: expected something like '$2', got '$3'"
  fi
}

finish() { # the last call of a test
  echo "$passed passed, $failed failed: ${0##*/}"
  [ "$failed" = 0 ]
}

# A case of its own: box (its folder), run (a run directory), and the variables that a job of Slurm has.
begin() { # [VARIABLE=VALUE…]
  box=$(mktemp -d "$sandbox/box.XXXXXX") # made, not counted: a case may begin in a shell of its own
  run=$box/run
  mkdir "$box/bin"
  for fake in srun mpirun scontrol squeue sinfo intr-train intr-pack intr-eval intr-attend intr-score intr-render intr-bench; do
    case $fake in mpirun) file=srun ;; intr-*) file=program ;; *) file=$fake ;; esac
    ln -s "$here/fakes/$file" "$box/bin/$fake"
  done
  cp "$jobs/env.sh.example" "$box/env.sh"
  settings=(PATH="$box/bin:$sandbox/tools" HOME="$box" TMPDIR="$box" FAKE="$box" FAKE_RUN="$run" FAKE_LEFT=10:00
    INTR_JOBS="$jobs" INTR_ENV="$box/env.sh" INTR_DATA="$box/set" INTR_RUN="$run" INTR_RETRY_S=0 INTR_MIN_FREE_MB=0
    SLURM_JOB_ID=100 SLURM_JOB_NAME=test SLURM_JOB_NODELIST=n1 SLURM_NTASKS=2 SLURM_NTASKS_PER_NODE=2 "$@")
}
with() { settings+=("$@"); } # later ones win
without() { # VARIABLE
  local one kept=()
  for one in "${settings[@]}"; do [ "${one%%=*}" = "$1" ] || kept+=("$one"); done
  settings=("${kept[@]}")
}

job() { # SCRIPT WORD…: runs it; its code is in status, its output in box/log and box/err
  local script=$1
  shift
  (cd "$box" && exec timeout -k 1 20 env -i "${settings[@]}" bash "$jobs/$script" "$@") >"$box/log" 2>"$box/err" </dev/null
  status=$?
}

start() { # SCRIPT WORD…: the same in the background; pid is the script's
  local script=$1
  shift
  (cd "$box" && exec env -i "${settings[@]}" bash "$jobs/$script" "$@") >"$box/log" 2>"$box/err" </dev/null &
  pid=$!
}

until_there() { # FILE: at most 20 s
  local turn
  for turn in {1..1000}; do
    [ ! -e "$1" ] || return 0
    sleep 0.02
  done
  echo "FAIL waiting for ${1##*/}: not there after $((turn / 50)) s"
  failed=$((failed + 1))
  finish # the rest would wait as long for nothing
  exit 1
}

in_lib() { # COMMANDS: prints what they print after lib.sh was sourced and a job of intr-train begun; errors are in box/err
  # shellcheck disable=SC2016 # expanded there
  (cd "$box" && exec env -i "${settings[@]}" bash -c 'set -uo pipefail; jobs=$INTR_JOBS; . "$jobs/lib.sh"; intr_settings
    intr_begin intr-train "$INTR_RUN" >>"$FAKE/log"; eval "$1"' in_lib "$1") 2>"$box/err" </dev/null
}

last() { tail -n 1 "$box/log"; }
lines() { awk -v with="$1" '$0 ~ with {++count} END {print count + 0}' "${@:2}" /dev/null 2>/dev/null; }
requeues() { if [ -e "$box/scontrol.calls" ]; then lines ^requeue "$box/scontrol.calls"; else echo 0; fi; }
started() { # LAUNCHER: how often
  if [ -e "$box/$1.calls" ]; then lines . "$box/$1.calls"; else echo 0; fi
}
signals() { # LAUNCHER: which it got, each once
  sort -u "$box/$1.signals" 2>/dev/null | paste -sd, -
}

# Lines of requeue.tsv: CODE CAUSE BEFORE AFTER.
attempt() { mkdir -p "$run" && printf '9%s_0\t%s\t%s\t%s\t%s\t2026-01-01T00:00:00\n' "$RANDOM" "$@" >>"$run/requeue.tsv"; }
attempts() { # COUNT CODE CAUSE BEFORE AFTER
  local turn
  for ((turn = 0; turn < $1; ++turn)); do attempt "${@:2}"; done
}
checkpoint() { # STEP TAG
  mkdir -p "$run/checkpoints"
  printf '%s\t1\tckpt-%s.h5\t4096\tabc\t%s\t0.5\n' "$1" "$1" "$2" >>"$run/checkpoints/MANIFEST"
}
