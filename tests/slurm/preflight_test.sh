#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tests jobs/slurm/preflight.sh and preflight.sbatch without Slurm: a fake srun runs the part of each node here, and fake programs
# read from files of the case what is wrong with which node. In words of the command, %node% stands for the node's name.
#     tests/slurm/preflight_test.sh [CASE…]
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
jobs=${INTR_TEST_JOBS:-$here/../../jobs/slurm}
top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
failed=0

# --- fakes ---------------------------------------------------------------------------------------------------------------------

fake() { # NAME: from standard input
  { echo '#!/usr/bin/env bash'; cat; } >"$top/bin/$1"
  chmod +x "$top/bin/$1"
}

make_fakes() {
  mkdir "$top/bin" "$top/empty"
  fake launcher <<'END'
# srun and mpirun: all words up to the first without a dash are options.
printf '%s\n' "$(basename "$0") $*" >>"$FAKE/launched"
tasks=1
while [[ $1 == -* ]]; do
  case $1 in
    --nodelist=*) nodes=${1#*=} ;;
    --ntasks-per-node=*) tasks=${1#*=} ;;
    --host) nodes=$(sed 's/:[0-9]*//g' <<<"$2"); shift ;;
    --map-by | --bind-to | -x) shift ;;
  esac
  shift
done
echo "module: something else on standard output"
if [[ $nodes == *,* && -e $FAKE/launch-fails && $* == *--node* ]]; then echo "error: Task launch failed"; exit 1; fi
for node in ${nodes//,/ }; do
  for ((task = 0; task < tasks; ++task)); do
    (
      [[ ! -e $FAKE/dead-$node ]] || exit 1
      [[ ! -e $FAKE/late-$node ]] || sleep 3
      SLURMD_NODENAME=$node FAKE_NODES=$nodes "${@//%node%/$node}" | if [[ -e $FAKE/broken-$node ]]; then head -n 1; else cat; fi
      exit "${PIPESTATUS[0]}"
    ) &
    pids+=($!)
  done
done
code=0
for pid in "${pids[@]}"; do wait "$pid" || code=$?; done
exit "$code"
END
  cp "$top/bin/launcher" "$top/bin/srun"
  mv "$top/bin/launcher" "$top/bin/mpirun"
  fake scontrol <<'END'
[[ "$1 $2" == "show hostnames" ]] && tr , '\n' <<<"$3"
END
  fake squeue <<'END'
echo 4:30
END
  fake date <<'END'
if [[ -e $FAKE/clock-${SLURMD_NODENAME:-} ]]; then exec /bin/date -d "$(<"$FAKE/clock-$SLURMD_NODENAME")" "$@"; fi
exec /bin/date "$@"
END
  fake nvidia-smi <<'END'
errors=$FAKE/gpus-${SLURMD_NODENAME:-} # a number a GPU
[[ -e $errors ]] || errors=$FAKE/gpus
if grep -q hangs "$errors"; then exit 124; fi # as timeout would
tr ' ' '\n' <"$errors"
END
  fake df <<'END'
if [[ $* == *shm && -e $FAKE/shm-${SLURMD_NODENAME:-} ]]; then printf 'head\nshm 64 1 %s 1%% /dev/shm\n' "$(<"$FAKE/shm-$SLURMD_NODENAME")"; else exec /bin/df "$@"; fi
END
  fake ldd <<'END'
file=$FAKE/lib-${SLURMD_NODENAME:-}/libmpi.so.40
[[ -e $file ]] || file=$FAKE/lib/libmpi.so.40
printf '\tlibm.so.6 => /lib/libm.so.6 (0x1)\n\tlibmpi.so.40 => %s (0x2)\n' "$file"
END
  fake cksum <<'END'
if [[ -e $FAKE/flips-${SLURMD_NODENAME:-} ]]; then echo "1 67108864"; else exec /usr/bin/cksum; fi
END
  fake intr-bench <<'END'
version=1.0
[[ ! -e $FAKE/version-${SLURMD_NODENAME:-} ]] || version=$(<"$FAKE/version-$SLURMD_NODENAME")
if [[ $1 == --version ]]; then
  [[ $version != none ]] || { echo "error while loading shared libraries"; exit 127; }
  printf 'intr %s\ncompiler 12\n' "$version"
  exit 0
fi
while [[ $# -gt 1 ]]; do [[ $1 != --json ]] || json=$2; shift; done
speed=10
[[ ! -e $FAKE/pair-$FAKE_NODES ]] || . "$FAKE/pair-$FAKE_NODES"
[[ $SLURMD_NODENAME != "${FAKE_NODES%%,*}" ]] ||
  printf '{"sizes": [\n{\n"bytes": 1024,\n"algbw_gb_s": 99\n},\n{\n"bytes": 67108864,\n"x": 3,\n"algbw_gb_s": %s,\n"bare_algbw_gb_s": 88\n}]}\n' "$speed" >"$json"
END
}

# --- running -------------------------------------------------------------------------------------------------------------------

begin() { # CASE NODE,NODE…
  name=$1
  export FAKE=$top/$name
  mkdir -p "$FAKE/lib"
  : >"$FAKE/lib/libmpi.so.40.30.4"
  echo 0 0 >"$FAKE/gpus"
  ln -s libmpi.so.40.30.4 "$FAKE/lib/libmpi.so.40"
  run=$FAKE/run
  settings=(INTR_BIN="$top/bin" INTR_RUN="$run" INTR_ENV="$top/env.sh" INTR_STAGE="$FAKE/stage-%node%" SLURM_JOB_NODELIST="$2" SLURM_JOB_ID=7)
}

start() { # COMMAND WORD…: its output in $log, its code in $code
  log=$FAKE/log
  (cd "$FAKE" && env -u INTR_DRY_RUN -u INTR_LAUNCHER -u INTR_CONTAINER -u SLURM_NTASKS PATH="$top/bin:$PATH" "${settings[@]}" "$@") >"$log" 2>&1
  code=$?
}
preflight() { start bash "$jobs/preflight.sh" "$run"; }

wrong() {
  echo "FAIL $name: got $*"
  failed=$((failed + 1)) ok=''
}
code_is() { [ "$code" = "$1" ] || wrong "code $code, not $1: $(tail -n 3 "$log")"; }
says() { grep -qF -- "$1" "$log" || wrong "no '$1' in: $(cat "$log")"; }
says_not() { ! grep -qF -- "$1" "$log" || wrong "'$1' in: $(cat "$log")"; }
last_line() { tail -n 1 "$log" | grep -qF -- "$1" || wrong "last line '$(tail -n 1 "$log")', not '$1'"; }
excluded() { # the names in exclude.txt, joined by commas; none: no file
  local names=none
  [ ! -e "$run/exclude.txt" ] || names=$(awk '{print $1}' "$run/exclude.txt" | paste -sd, -)
  [ "$names" = "$1" ] || wrong "excluded $names, not $1: $(cat "$log")"
}
because() { # NODE TEXT, in exclude.txt
  grep -qE "^$1"$'\t'"preflight: .*$2" "$run/exclude.txt" || wrong "no '$2' for $1 in: $(cat "$run/exclude.txt" 2>&1)"
}
fact() { # NODE COLUMN PATTERN, in preflight.tsv
  local value
  value=$(awk -F '\t' -v node="$1" -v column="$2" 'NR == 1 {for (i = 1; i <= NF; ++i) if ($i == column) c = i} $1 == node {print $c}' "$run/preflight.tsv")
  [[ $value =~ ^($3)$ ]] || wrong "$2 of $1 is '$value', not '$3'"
}
nothing_left() {
  local left
  left=$(find "$FAKE" -name '.preflight.*')
  [ -z "$left" ] || wrong "left behind: $left"
}
pairs_tried() { # as in "n1,n2 n3,n4"
  local pairs
  pairs=$(grep ' comm ' "$FAKE/launched" | sed 's/.*--nodelist=\([^ ]*\) .*/\1/' | sort | paste -sd ' ' -)
  [ "$pairs" = "$1" ] || wrong "pairs '$pairs', not '$1'"
}

# --- cases: each with something that is wrong, and what must come out --------------------------------------------------------------

case_all_good() {
  preflight
  code_is 0
  excluded none
  last_line "4 of 4 nodes can be used, 0 with a warning"
  pairs_tried "n1,n2 n3,n4"
  fact n1 state good
  fact n4 gpus 2
  fact n4 ecc_errors 0
  fact n4 memory_mb '[0-9]+'
  fact n2 run_s '[0-9]+\.[0-9]+'
  fact n2 stage_s '[0-9]+\.[0-9]+'
  fact n3 clock_s '[+-]0\.[0-9]'
  fact n3 pair_gb_s 10.00
  fact n4 program 'intr 1\.0'
  fact n4 libraries 'compiler 12, libmpi\.so\.40\.30\.4'
  [ "$(wc -l <"$run/preflight.tsv")" = 5 ] || wrong "$(wc -l <"$run/preflight.tsv") lines in preflight.tsv, not 5"
  [ "$(awk -F '\t' '{print NF}' "$run/preflight.tsv" | sort -u)" = 13 ] || wrong "lines of other lengths in preflight.tsv"
}
case_unwritable_stage() {
  : >"$FAKE/stage-n2" # a file; root may write everywhere else
  preflight
  code_is 78
  excluded n2
  because n2 "stage folder: .*Not a directory"
  last_line "1 of 4 nodes are bad"
  last_line "sbatch --exclude=n2 …"
  fact n2 stage_s error
  pairs_tried "n1,n3 n4,n1" # the bad one starts no ranks; n4 is the odd one then
}
case_stage_unwritable_everywhere() {
  settings+=(INTR_STAGE=/proc/stage)
  preflight
  code_is 78
  excluded none
  says "may be a setting"
}
case_unwritable_run() {
  settings+=(INTR_RUN=/proc/run)
  run=/proc/run
  preflight
  code_is 78
  says "cannot write in /proc/run"
}
case_other_bytes() {
  : >"$FAKE/flips-n4"
  preflight
  code_is 78
  excluded n4
  because n4 "run directory: read back other bytes"
}
case_clock() {
  echo "5 seconds" >"$FAKE/clock-n3"
  echo "-4 seconds" >"$FAKE/clock-n2"
  : >"$FAKE/late-n4" # answers three seconds after the others, which is no fault of its clock
  preflight
  code_is 0
  excluded none
  fact n3 state warning
  fact n3 clock_s '\+[45]\.[0-9]'
  fact n3 what 'clock [45]\.[0-9] s ahead of that of n1'
  fact n2 what 'clock [34]\.[0-9] s behind that of n1'
  fact n4 state good
  last_line "2 with a warning"
}
case_slow_pair_of_three() {
  echo speed=4.9 >"$FAKE/pair-n3,n4"
  preflight
  code_is 78
  excluded n3,n4
  because n3 "sum of 64 MiB with n4 at 4.90 GB/s, the median is 10.00"
  last_line "--exclude=n3,n4 …"
}
case_half_is_enough() {
  echo speed=5.1 >"$FAKE/pair-n3,n4"
  preflight
  code_is 0
  excluded none
}
case_slow_pair_of_two() {
  echo speed=1 >"$FAKE/pair-n3,n4"
  preflight
  code_is 0
  excluded none
  fact n3 pair_gb_s 1.00
}
case_odd_node() {
  echo speed=1 >"$FAKE/pair-n5,n1"
  preflight
  code_is 78
  pairs_tried "n1,n2 n3,n4 n5,n1"
  excluded n5 # n1 was fast with n2
}
case_version() {
  echo 1.1 >"$FAKE/version-n3"
  preflight
  code_is 78
  excluded n3
  because n3 "version intr 1.1, most have intr 1.0"
}
case_version_of_two() {
  echo 1.1 >"$FAKE/version-n2"
  preflight
  code_is 78
  excluded none # nobody knows which is right
  says "version intr 1.1 on n2, intr 1.0 on others"
}
case_library() {
  mkdir "$FAKE/lib-n2"
  : >"$FAKE/lib-n2/libmpi.so.40"
  preflight
  code_is 78
  excluded n2
  because n2 "libraries compiler 12, libmpi.so.40, most have"
}
case_no_program() {
  echo none >"$FAKE/version-n1"
  preflight
  code_is 78
  excluded n1
  because n1 "error while loading shared libraries"
}
case_gpus() {
  echo 0 >"$FAKE/gpus-n1"
  echo 0 3 >"$FAKE/gpus-n2"
  echo hangs >"$FAKE/gpus-n3"
  echo "[N/A] [N/A]" >"$FAKE/gpus-n5"
  preflight
  code_is 78
  excluded n1,n2,n3
  because n1 "number of GPUs 1, most have 2"
  because n2 "3 uncorrected memory errors"
  because n3 "nvidia-smi does not answer"
  fact n5 ecc_errors -
}
case_fewer_gpus_of_two() {
  echo 0 >"$FAKE/gpus-n1"
  preflight
  code_is 78
  excluded n1
}
case_shm() {
  echo 10 >"$FAKE/shm-n2"
  preflight
  code_is 0
  fact n2 what '10 MiB free in /dev/shm'
}
case_missing_node() {
  : >"$FAKE/dead-n3"
  preflight
  code_is 78
  excluded n3
  because n3 "does not answer"
  fact n3 gpus -
  pairs_tried "n1,n2 n4,n1"
}
case_missing_node_takes_launch_along() {
  : >"$FAKE/dead-n3"
  : >"$FAKE/launch-fails"
  preflight
  code_is 78
  excluded n3
}
case_no_node_answers() {
  : >"$FAKE/dead-n1"
  : >"$FAKE/dead-n2"
  preflight
  code_is 78
  excluded none
  says "no node answered"
}
case_only_node_does_not_answer() {
  : >"$FAKE/dead-n1"
  preflight
  code_is 78
  excluded none
}
case_broken_off() {
  : >"$FAKE/broken-n2"
  preflight
  code_is 78
  excluded n2
  because n2 "did not come to the end"
}
case_mismatch() {
  for pair in n1,n2 n3,n4; do
    echo 'echo "error: intr-bench: Slurm started 2 tasks but MPI sees one rank: the MPI library and srun do not match. Next: something"; exit 78' >"$FAKE/pair-$pair"
  done
  preflight
  code_is 78
  excluded none
  says "two ranks on n3 and n4 do not find each other"
  says "srun --mpi=list"
  says_not "Next: something"
}
case_pair_fails() {
  echo 'echo "error: no route to host"; exit 76' >"$FAKE/pair-n3,n4"
  preflight
  code_is 78
  excluded n3,n4
  because n4 "two ranks with n3: error: no route to host"
}
case_all_pairs_fail() {
  echo 'echo "error: no route to host"; exit 76' >"$FAKE/pair-n1,n2"
  preflight
  code_is 78
  excluded none
  says "set INTR_IFACE"
}
case_slow_network() { # a line of progress, but no end in time
  echo 'echo "comm: 5/10 rounds, 0.1/s"; exit 124' >"$FAKE/pair-n1,n2"
  preflight
  code_is 0
  excluded none
  fact n2 state warning
  fact n2 what 'sum of 64 MiB with n1: no end within [0-9]+ s'
}
case_slow_pair_without_end() {
  echo 'echo "comm: 5/10 rounds, 0.1/s"; exit 124' >"$FAKE/pair-n1,n2"
  preflight
  code_is 78
  excluded n1,n2
}
case_hanging_network() {
  echo 'exit 124' >"$FAKE/pair-n1,n2"
  preflight
  code_is 78
  excluded none
  says "two ranks on n1 and n2: no end within"
}
case_one_node_two_tasks() {
  settings+=(SLURM_NTASKS=2)
  preflight
  code_is 0
  pairs_tried n1
  fact n1 pair_gb_s 10.00
  echo 'echo "error: broken"; exit 70' >"$FAKE/pair-n1"
  preflight
  code_is 78
  says "two ranks on n1: error: broken."
}
case_one_node_one_task() {
  preflight
  code_is 0
  ! grep -q ' comm ' "$FAKE/launched" || wrong "ranks for one task"
}
case_twice() {
  : >"$FAKE/stage-n2"
  : >"$FAKE/stage-n3"
  mkdir "$run"
  printf 'n9\nn3' >"$run/exclude.txt" # as intr-train writes it, torn
  preflight
  excluded n9,n3,n2
  preflight
  code_is 78
  excluded n9,n3,n2
  last_line "--exclude=n9,n3,n2 …"
}
case_mpirun() {
  settings+=(INTR_LAUNCHER=mpirun)
  : >"$FAKE/stage-n2"
  preflight
  code_is 78
  excluded n2
  grep -qF "mpirun --host n1:1,n3:1 --map-by ppr:1:node" "$FAKE/launched" || wrong "$(cat "$FAKE/launched")"
  ! grep -q ^srun "$FAKE/launched" || wrong "srun beside mpirun"
}
case_stopped() {
  echo 'exec sleep 20' >"$FAKE/pair-n1,n2"
  settings+=(PREFLIGHT="$jobs/preflight.sh")
  SECONDS=0
  # shellcheck disable=SC2016 # for the inner shell
  start bash -c 'bash "$PREFLIGHT" "$INTR_RUN" & pid=$!; until grep -q " comm " "$FAKE/launched" 2>/dev/null; do sleep 0.1; done; kill -USR2 $pid; wait $pid'
  code_is 75
  [ "$SECONDS" -lt 12 ] || wrong "an end after $SECONDS s"
}
case_dry_run() {
  settings=(INTR_RUN="$run" INTR_ENV="$top/env.sh" INTR_DRY_RUN=1 INTR_BIN=/opt/intr)
  start bash "$jobs/preflight.sbatch"
  code_is 0
  says "srun --nodes=2"
  says "/opt/intr/intr-bench comm --largest 64MiB"
  [ ! -e "$run" ] || wrong "a folder from a dry run"
  [ ! -e "$FAKE/launched" ] || wrong "a launch in a dry run"
}
case_sbatch() {
  start bash "$jobs/preflight.sbatch"
  code_is 0
  last_line "intr: exit 0: finished. Next: sbatch train-multi.sbatch"
  says "job 7"
  settings+=(INTR_STAGE="$FAKE/other-%node%")
  : >"$FAKE/other-n2"
  : >"$run/STUCK" # bad nodes are looked for just then
  start bash "$jobs/preflight.sbatch"
  code_is 78
  excluded n2
  last_line "intr: exit 78: "
}
case_nothing_set() {
  settings+=(INTR_RUN=)
  start bash "$jobs/preflight.sbatch"
  code_is 2
  says "INTR_RUN is not set"
  settings+=(SLURM_JOB_NODELIST=)
  preflight
  code_is 2
  says "sbatch --nodes=N preflight.sbatch"
  start bash "$jobs/preflight.sh"
  code_is 2
}
case_names_with_spaces() {
  run="$FAKE/a run"
  settings+=(INTR_RUN="$run" INTR_STAGE="$FAKE/a stage-%node%")
  preflight
  code_is 0
  fact n2 stage_s '[0-9.]+'
  fact n2 pair_gb_s 10.00
}

cases="all_good:n1,n2,n3,n4 unwritable_stage:n1,n2,n3,n4 stage_unwritable_everywhere:n1,n2 unwritable_run:n1,n2 other_bytes:n1,n4
  clock:n1,n2,n3,n4 slow_pair_of_three:n1,n2,n3,n4,n5,n6 half_is_enough:n1,n2,n3,n4,n5,n6 slow_pair_of_two:n1,n2,n3,n4
  odd_node:n1,n2,n3,n4,n5 version:n1,n2,n3 version_of_two:n1,n2 library:n1,n2,n3 no_program:n1,n2,n3 gpus:n1,n2,n3,n4,n5
  fewer_gpus_of_two:n1,n2 shm:n1,n2 missing_node:n1,n2,n3,n4 missing_node_takes_launch_along:n1,n2,n3 no_node_answers:n1,n2
  only_node_does_not_answer:n1   broken_off:n1,n2,n3 mismatch:n1,n2,n3,n4 pair_fails:n1,n2,n3,n4 all_pairs_fail:n1,n2 slow_network:n1,n2
  slow_pair_without_end:n1,n2,n3,n4,n5,n6 hanging_network:n1,n2 one_node_two_tasks:n1 one_node_one_task:n1
  twice:n1,n2,n3,n4 mpirun:n1,n2,n3 stopped:n1,n2 dry_run:- sbatch:n1,n2,n3 nothing_set:n1 names_with_spaces:n1,n2"

make_fakes
echo "export INTR_MIN_FREE_MB=1" >"$top/env.sh"
for entry in $cases; do
  [ $# = 0 ] || [[ " $* " == *" ${entry%:*} "* ]] || continue
  begin "${entry%:*}" "${entry#*:}"
  ok=yes
  "case_$name"
  nothing_left
  [ -z "$ok" ] || echo "pass $name"
done
[ "$failed" = 0 ] || echo "$failed checks failed"
[ "$failed" = 0 ]
