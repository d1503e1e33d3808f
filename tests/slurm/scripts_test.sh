#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every script in jobs/slurm, whichever there are: form, header, dry run, missing settings, names with spaces. What a script needs
# stands in the table below; a new one that is not in it is tested as one that needs a data set and a run.
# shellcheck disable=SC2016 # expanded elsewhere, or on purpose not at all
# shellcheck source-path=SCRIPTDIR source=checks.sh
. "$(dirname "$0")/checks.sh"
cd "$jobs" || exit 1
shopt -s nullglob

# SCRIPT: settings it cannot do without | its words | program that its command starts
table() {
  case $1 in
    pack.sbatch) echo 'INTR_SOURCE INTR_DATA||intr-pack' ;;
    train.sbatch | train-multi.sbatch | train-mpirun.sbatch) echo 'INTR_DATA INTR_RUN||intr-train' ;;
    eval.sbatch) echo 'INTR_DATA INTR_RUN||intr-eval' ;;
    attend.sbatch | attend-array.sbatch | attend-merge.sbatch) echo 'INTR_DATA INTR_RUN||intr-attend' ;;
    score.sbatch | score-model.sbatch) echo 'INTR_DATA INTR_RUN||intr-score' ;;
    render.sbatch) echo 'INTR_DATA INTR_RUN||intr-render' ;;
    sweep.sbatch) echo 'INTR_SWEEP INTR_DATA||intr-train' ;;
    bench-comm.sbatch) echo 'INTR_RUN||intr-bench' ;;
    preflight.sbatch) echo 'INTR_RUN||' ;;
    chain.sh) echo '|2 train.sbatch|' ;;
    lib.sh | container.sh | status.sh | preflight.sh) echo '||' ;;
    *) echo 'INTR_DATA INTR_RUN||' ;;
  esac
}
needs() { table "$1" | cut -d '|' -f 1; }
words() { table "$1" | cut -d '|' -f 2; }
program() { table "$1" | cut -d '|' -f 3; }

# A case with every setting, in folders whose names are hard to pass on.
prepare() { # SCRIPT [VARIABLE=VALUE…]
  local odd
  begin "${@:2}"
  odd="$box/a  b \$x * 'q'"
  mkdir -p "$odd"
  with INTR_SOURCE="$odd/pictures" INTR_DATA="$odd/set" INTR_RUN="$odd/run" INTR_DUMP="$odd/dump" INTR_SWEEP="$odd/sweep" FAKE_RUN="$odd/run"
  if [ "$1" = sweep.sbatch ]; then
    mkdir -p "$odd/sweep"
    cp sweep.tsv.example "$odd/sweep/sweep.tsv"
    with SLURM_ARRAY_JOB_ID=90 SLURM_ARRAY_TASK_ID=1
  fi
}
value() { # VARIABLE: as it was set
  local one found=''
  for one in "${settings[@]}"; do [ "${one%%=*}" != "$1" ] || found=${one#*=}; done
  echo "$found"
}
no_commands() { rm "$box/bin/"*; } # neither Slurm's nor ours
has_word() { # WORD: whether a line of standard input begins with it; through the environment, since awk's -v reads escapes
  word=$1 awk 'index($0, ENVIRON["word"]) == 1 {found = 1} END {print found ? "yes" : "no"}'
}

all=(*.sbatch *.sh)
jobs_of_slurm=(*.sbatch)
same "there are scripts" yes "$([ ${#jobs_of_slurm[@]} -ge 3 ] && echo yes || echo no)"

# --- form -------------------------------------------------------------------------------------------------------------------

for script in "${all[@]}"; do
  same "$script: bash -n" '' "$(bash -n "$script" 2>&1)"
  same "$script: licence" 1 "$(head -n 3 "$script" | grep -c '^# SPDX-License-Identifier: Apache-2.0$')"
  # All that bash learnt after 4.2, which old clusters have.
  same "$script: nothing newer than bash 4.2" '' "$(grep -nE '\bwait -[nfp]|@[QEPAaKkUuLl]\}|(local|declare|typeset) -[a-zA-Z]*n|\[\[ -v|(mapfile|readarray).* -d|inherit_errexit|localvar_inherit|EPOCH(SECONDS|REALTIME)\b[^:]|SRANDOM|BASH_ARGV0|\$\{ |%\([^)]*\)T' "$script")"
  # There, an empty array is an unset one: set -u ends the script.
  names=$(grep -oE '\b[a-z_]+=\(\)' "$script" | sed 's/=()//' | sort -u)
  [ "$script" != preflight.sh ] || names='' # its arrays are filled before they are read
  for name in $names; do
    same "$script: array $name may be empty, bash 4.2 calls it unset" '' \
      "$(sed 's/\${\([a-z_]*\)\[@\]+"\${\1\[@\]}"}//g' "$script" | grep -nF '"${'"$name"'[@]}"')"
  done
  same "$script: no personal paths" '' "$(grep -nE '/(home|Users|root|work)/|/tmp/wt|~[a-z]' "$script")"
  same "$script: no set -e" '' "$(grep -nE '^[^#]*\bset -[a-z]*e' "$script")"
done
same "lib.sh: backquotes alone where traps are set" '' "$(sed -n '/^intr_need/,$p' lib.sh | grep -vE '^ *#' | grep -nE '[$<>][(]([^(]|$)')"
if command -v shellcheck >/dev/null; then
  same "shellcheck -x of all" '' "$(shellcheck -x "${all[@]}" 2>&1 | grep -vE '^ *$' | head -n 20)"
else
  echo "skipped ${#all[@]} checks: no shellcheck"
fi

# --- header -----------------------------------------------------------------------------------------------------------------

for script in "${jobs_of_slurm[@]}"; do
  for option in job-name nodes ntasks-per-node cpus-per-task mem time open-mode output; do
    same "$script: --$option" 1 "$(lines "^#SBATCH --$option=" "$script")"
  done
  same "$script: every #SBATCH has a comment on its line or above" '' \
    "$(awk '/^##?SBATCH/ {if (!/[^ ] +# ./ && before !~ /^# ./) print} {before = $0}' "$script")"
  same "$script: #SBATCH before the first command" '' "$(awk '!/^#/ && NF {begun = 1} begun && /^#SBATCH/' "$script")"
  same "$script: appends to its log" 1 "$(lines '^#SBATCH --open-mode=append' "$script")"
  like "$script: set -uo pipefail" '*set -uo pipefail*' "$(<"$script")"
  if grep -q '^intr_next' "$script"; then
    same "$script: comes back, so --requeue" 1 "$(lines '^#SBATCH --requeue' "$script")"
  fi
  if grep -q '^INTR_LAUNCHER=mpirun' "$script"; then signal='B:USR2@'; else signal='USR2@'; fi
  like "$script: signal, if any" "@(|#SBATCH --signal=${signal}[1-9]*)" "$(grep '^#SBATCH --signal' "$script")"
done

# --- dry run ----------------------------------------------------------------------------------------------------------------

for script in "${jobs_of_slurm[@]}" chain.sh; do
  [ -e "$script" ] || continue
  # shellcheck disable=SC2046 # words
  set -- $(words "$script")
  [ "$script" != chain.sh ] || set -- "$1" "$jobs/$2"

  prepare "$script" INTR_DRY_RUN=1
  no_commands
  job "$script" "$@" 'word with  spaces' '$y*'
  same "dry run of $script: code" 0 "$status"
  same "dry run of $script: stderr" '' "$(<"$box/err")"
  [ -z "$(program "$script")" ] || like "dry run of $script: command" "*$(program "$script") *" "$(<"$box/log")"
  same "dry run of $script: makes nothing" '' "$(find "$(value INTR_RUN)" "$(value INTR_DATA)" "$(value INTR_DUMP)" 2>/dev/null)"
  # The printed lines, read again by a shell, must give the same words.
  grep -E '^(srun|mpirun|sbatch|intr-)' "$box/log" | while read -r line; do eval "printf '%s\n' $line"; done >"$box/words"
  for name in $(needs "$script"); do
    same "dry run of $script: $name is one word" yes "$(has_word "$(value "$name")" <"$box/words")"
  done
  if grep -q '"\$@"' "$script"; then
    same "dry run of $script: its own words, as they are" 'word with  spaces,$y*' "$(grep -xFA 1 'word with  spaces' "$box/words" | head -n 2 | paste -sd,)"
  fi

  # Without what must be chosen: one line, 2, nothing made, nothing started; dry or not.
  for dry in '' 1; do
    # shellcheck disable=SC2046 # words
    set -- $(words "$script")
    [ "$script" != chain.sh ] || set -- "$1" "$jobs/$2"
    prepare "$script" INTR_DRY_RUN=$dry
    rm "$box/env.sh"
    job "$script" "$@"
    same "$script without env.sh${dry:+, dry}: code, lines of stderr and stdout" "2 1 0" "$status $(wc -l <"$box/err") $(wc -l <"$box/log")"
    like "$script without env.sh${dry:+, dry}: what to do" "*env.sh is missing. Next: cp *env.sh.example*" "$(<"$box/err")"
    for name in $(needs "$script"); do
      prepare "$script" INTR_DRY_RUN=$dry
      without "$name"
      job "$script" "$@"
      same "$script without $name${dry:+, dry}: code, lines of stderr and stdout" "2 1 0" "$status $(wc -l <"$box/err") $(wc -l <"$box/log")"
      like "$script without $name${dry:+, dry}: what to do" "*$name *Next:*" "$(<"$box/err")"
      same "$script without $name${dry:+, dry}: no ranks" "0 0" "$(started srun) $(started mpirun)"
    done
  done
done

# --- real words, where names have spaces ----------------------------------------------------------------------------------------

# The scripts lie in such a folder, too; found through INTR_JOBS, and as the folder where the job was submitted.
mkdir "$sandbox/my  jobs"
cp -r "$jobs/." "$sandbox/my  jobs"
for script in "${jobs_of_slurm[@]}"; do
  [ "$script" != preflight.sbatch ] || continue # has tests of its own
  for way in named here; do
    prepare "$script" INTR_JOBS="$sandbox/my  jobs" FAKE_LEFT=1:00:00 SLURM_PROCID=0 INTR_EXTRA='--lr 1e-3 --names *.csv'
    cp "$box/env.sh" "$sandbox/my  jobs/env.sh"
    without INTR_ENV
    cp "$script" "$box/slurm_script" # Slurm starts a copy in its spool folder
    if [ "$script" = attend-merge.sbatch ]; then mkdir -p "$(value INTR_DUMP)" && : >"$(value INTR_DUMP)/plan.json"; fi
    where=$box
    [ $way = named ] || { without INTR_JOBS && where="$sandbox/my  jobs"; }
    : >"$where/x.csv"
    (cd "$where" && exec timeout -k 1 20 env -i "${settings[@]}" bash "$box/slurm_script" 'word with  spaces') >"$box/log" 2>"$box/err" </dev/null
    same "$script, scripts $way: code" 0 "$?"
    same "$script, scripts $way: stderr" '' "$(<"$box/err")"
    like "$script, scripts $way: last line" "intr: exit 0: *" "$(last)"
    like "$script, scripts $way: first line" "intr: 20??-??-?? ??:??:?? job [0-9]* (test), restart 0, nodes n1, tasks 2" "$(head -n 1 "$box/log")"
    for name in $(needs "$script"); do
      same "$script, scripts $way: $name is one word" yes "$(cat "$box"/*.words | has_word "$(value "$name")")"
    done
    if [ "$(program "$script")" = intr-train ]; then
      same "$script, scripts $way: INTR_EXTRA" yes "$(cat "$box"/*.words | paste -sd ' ' | grep -q -- '--lr 1e-3 --names \*.csv$' && echo yes)"
    fi
    if [ -e "$box/srun.words" ]; then
      same "$script, scripts $way: a dead rank ends the others" 1 "$(grep -cxe --kill-on-bad-exit=1 "$box/srun.words")"
    elif [ -e "$box/mpirun.words" ]; then
      same "$script, scripts $way: mpirun passes the attempt on" "-x,INTR_ATTEMPT" "$(grep -xB 1 INTR_ATTEMPT "$box/mpirun.words" | paste -sd,)"
      same "$script, scripts $way: mpirun passes the deadline on" "-x,INTR_DEADLINE" "$(grep -xB 1 INTR_DEADLINE "$box/mpirun.words" | paste -sd,)"
      same "$script, scripts $way: no task number of the script's own" none "$(cut -d ' ' -f 3 "$box/mpirun.calls")"
    fi
  done
done

# env.sh as people write it: reading what is unset, with a fault, named without a folder, in a folder that PATH has another one for.
begin
printf '%s\n' 'export LD_LIBRARY_PATH=/opt/x:$LD_LIBRARY_PATH' >>"$box/env.sh"
job train.sbatch
same "env.sh reads an unset variable" 0 "$status"
begin
printf '%s\n' 'if true' >>"$box/env.sh"
job train.sbatch
same "env.sh with a fault: code" 2 "$status"
begin INTR_ENV=mine
printf '%s\n' 'exit 9' >"$box/bin/mine"
cp "$box/env.sh" "$box/mine"
job train.sbatch
same "INTR_ENV without a folder" 0 "$status"
begin INTR_IFACE=ib0
with FAKE_DOES='echo "$OMPI_MCA_btl_tcp_if_include $OMPI_MCA_oob_tcp_if_include $NCCL_SOCKET_IFNAME" >"$FAKE/iface"; record 0 done'
job train.sbatch
same "INTR_IFACE" "ib0 ib0 ib0" "$(<"$box/iface")"
begin
with FAKE_DOES='echo "$SLURM_PMIX_FENCE" >"$FAKE/fence"; record 0 done'
job train.sbatch
same "collectives of PMIx in a ring" ring "$(<"$box/fence")"
begin SLURM_PMIX_FENCE=tree
with FAKE_DOES='echo "$SLURM_PMIX_FENCE" >"$FAKE/fence"; record 0 done'
job train.sbatch
same "collectives of PMIx as the user wants" tree "$(<"$box/fence")"
begin INTR_EXTRA=$'--lr 1e-3\n --epochs 2'
job train.sbatch
same "INTR_EXTRA on two lines" "--lr,1e-3,--epochs,2" "$(tail -n 4 "$box/srun.words" | paste -sd,)"
begin FAKE_VERSION='echo "intr-train: no option --foo" >&2; exit 2'
job train.sbatch --foo
same "a word that the program does not know: code, starts" "2 0" "$status $(started srun)"
like "a word that the program does not know: message" "*no option --foo*" "$(<"$box/err")"

begin FAKE_VERSION='echo "intr-train: error while loading shared libraries: libmpi.so.40" >&2; exit 127'
job train.sbatch
same "a program that does not start: code, starts, requeues" "78 0 0" "$status $(started srun) $(requeues)"
like "a program that does not start: what to do" "*intr-train does not start on *modules*" "$(<"$box/log")"
begin FAKE_MPI='none cray_shasta pmi2'
job train.sbatch
same "srun without PMIx: code, starts, requeues" "78 0 0" "$status $(started srun) $(requeues)"
like "srun without PMIx: what to do" "*no --mpi=pmix. Next: set INTR_MPI to one of: none cray_shasta pmi2*INTR_LAUNCHER=mpirun*" "$(<"$box/log")"
begin SLURM_CPUS_PER_TASK=4 SRUN_CPUS_PER_TASK=4 FAKE_DOES='echo "${SRUN_CPUS_PER_TASK:-none}" >"$FAKE/daemons"; record 0 done; leave 0'
job train-mpirun.sbatch
same "mpirun: a rank's processors" ppr:2:node:pe=4 "$(grep ^ppr "$box/mpirun.words")"
same "mpirun: its daemons have all processors" none "$(<"$box/daemons")"

# --- what is missing of a dump ----------------------------------------------------------------------------------------------------

merge() { # EXPECTED: what the merge says of the dump
  with INTR_DUMP="$box/dump" FAKE_DOES='[ "$1" != status ] || exit 75'
  job attend-merge.sbatch
  same "merge, $1: code" 75 "$status"
  like "merge, $1" "*$2*" "$(<"$box/log")"
}
part() { # NUMBER CODE
  mkdir -p "$box/dump/jobs/part-$1-of-3"
  printf '9-%s_0\t%s\t-\t0\t1\t2026-01-01T00:00:00\n' "$1" "$2" >>"$box/dump/jobs/part-$1-of-3/requeue.tsv"
}
begin
merge "nothing there" "Next: sbatch attend.sbatch"
begin
mkdir -p "$box/dump" && : >"$box/dump/plan.json"
merge "one job that did not end" "Next: sbatch attend.sbatch"
part 0 0
part 2 76
merge "parts" "parts without a good end: 1,2 of 3. Next: INTR_PARTS=3 sbatch --array=1,2 attend-array.sbatch"
part 1 0
part 2 0
merge "damage" "all 3 parts ended well*Next: sbatch --array=0-2 attend-array.sbatch"
printf -- '-\t76\tstopped\t0\t0\t2026-01-01T00:00:00\n' >>"$box/dump/jobs/part-2-of-3/requeue.tsv"
: >"$box/dump/jobs/part-2-of-3/STUCK"
merge "a part that is stuck" "--array=2 attend-array.sbatch*remove them: $box/dump/jobs/part-2-of-3/STUCK"

# --- a dump and its scores in one job ------------------------------------------------------------------------------------------------

begin INTR_ATTEND=1 FAKE_DOES='echo "$*" >>"$FAKE/programs"; mkdir -p "$INTR_RUN/dump"; : >"$INTR_RUN/dump/piece-00000.h5"; record 0 done; leave 0'
job score-model.sbatch --samples 9
same "dump and scores: code, starts" "0 2" "$status $(started srun)"
same "dump and scores: what is started" "intr-attend,intr-score" "$(grep -o 'intr-attend\|intr-score' "$box/programs" | paste -sd,)"
same "dump and scores: words of the job go to the scores" "0 1" "$(head -n 1 "$box/programs" | grep -c -e --samples) $(tail -n 1 "$box/programs" | grep -c -e '--samples 9$')"
begin INTR_ATTEND=1 FAKE_DOES='record 65 data; leave 65'
job score-model.sbatch
same "a dump that fails is not scored: code, starts" "65 1" "$status $(started srun)"
# Pieces of both count as progress: a long dump is not stuck, nor are long scores.
for piece in dump/piece-00000.h5 scores/model/piece-00000.json; do
  begin INTR_ATTEND=1 INTR_MAX_STUCK=1 FAKE_DOES="mkdir -p \"\$INTR_RUN/${piece%/*}\"; : >\"\$INTR_RUN/$piece\"; record 75 stop-signal; leave 75"
  job score-model.sbatch
  same "stopped after $piece: code, starts, requeues" "75 1 1" "$status $(started srun) $(requeues)"
  like "stopped after $piece: last line" "*requeued at 1 finished files*" "$(last)"
done
begin INTR_MAX_STUCK=1 FAKE_DOES='mkdir -p "$INTR_RUN/scores/model"; : >"$INTR_RUN/scores/model/plan.json"; : >"$INTR_RUN/scores/model/.piece-00000.json.tmp-1"; record 75 stop-signal; leave 75'
job score-model.sbatch
same "stopped without a piece: code, requeues" "76 0" "$status $(requeues)"

# --- status -----------------------------------------------------------------------------------------------------------------------

overview() { # NAME WHAT FOLDER
  job status.sh "$3"
  like "status, $1" "*$2*" "$(tail -n 1 "$box/log" | tr -s ' ')"
}
begin
overview "no run" "no run - - - -" "$box/run"
mkdir -p "$run/checkpoints"
echo '{"max-steps": 0}' >"$run/config.json"
printf '  epochs        10 of 8 steps\n' >"$run/train.log"
printf '40\t5\tc.h5\t1\ta\t-\t-\n48\t6\td.h5\t1\ta\tsuspect\t-\n' >"$run/checkpoints/MANIFEST"
printf '{"time":1.5,"kind":"start"}\n{"time":%s,"kind":"save"}\n{"kind":"stop","ettr":0.915}\n' "$(date +%s)" >"$run/events.jsonl"
printf '7_0\t75\tdeadline\t0\t40\t2026-01-01T00:00:00\n' >"$run/requeue.tsv"
overview "stopped" "stopped (75) 40 of 80 * s ago 1 91.5 % submit again, unless*" "$run"
: >"$run/STUCK"
overview "stuck" " stuck *rm $run/STUCK*" "$run"
rm "$run/STUCK" && echo 80 >"$run/DONE"
overview "done" " done *eval.sbatch" "$run"

# --- container --------------------------------------------------------------------------------------------------------------

if [ -e container.sh ]; then
  prepare train.sbatch INTR_CONTAINER="$sandbox/my  image.sif" INTR_JOBS="$sandbox/my  jobs"
  with INTR_STAGE="$box/my stage" FAKE_DOES='until [ "${1##*/}" = container.sh ]; do shift; done; "$@"; record 0 done; leave 0'
  mkdir -p "$(value INTR_SOURCE)" "$(value INTR_DATA)"
  job train.sbatch
  same "container without its image" "78 1" "$status $(wc -l <"$box/err")"
  : >"$(value INTR_CONTAINER)"
  printf '%s\n' '#!/usr/bin/env bash' 'printf "%s\n" "$@" >"$FAKE/apptainer.words"' >"$box/bin/apptainer"
  chmod +x "$box/bin/apptainer"
  job train.sbatch
  same "container: code" 0 "$status"
  same "container: stderr" '' "$(<"$box/err")"
  for name in INTR_CONTAINER INTR_SOURCE INTR_DATA; do
    same "container: $name is one word" yes "$(has_word "$(value $name)" <"$box/apptainer.words")"
  done
  same "container: a file's folder is seen" yes "$(
    : >"$box/list.csv"
    with INTR_SOURCE="$box/list.csv"
    job container.sh intr-pack
    has_word "$box" <"$box/apptainer.words"
  )"
  with INTR_STAGE=/no-such-folder/stage
  job container.sh intr-train
  same "container: the root is never bound" '' "$(grep -x / "$box/apptainer.words")"
  begin INTR_CONTAINER=x.sif
  job container.sh intr-train
  same "container without apptainer" "78 1" "$status $(wc -l <"$box/err")"
fi
finish
