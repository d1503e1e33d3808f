#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# How often a run comes back: what counts as stuck, how long the pauses are, where it ends and how it begins anew.
# shellcheck disable=SC2016 # expanded by the fakes
# shellcheck source-path=SCRIPTDIR source=checks.sh
. "$(dirname "$0")/checks.sh"

goes_on() { # NAME PAUSE: the job ends with 76 and is requeued with that pause
  job train.sbatch
  same "$1: code" 76 "$status"
  same "$1: calls" "requeue 100,update JobId=100 StartTime=now+$2" "$(paste -sd, "$box/scontrol.calls" 2>/dev/null)"
  same "$1: no STUCK" no "$([ -e "$run/STUCK" ] && echo yes || echo no)"
}
ends() { # NAME
  job train.sbatch
  same "$1: code" 76 "$status"
  same "$1: not requeued" 0 "$(requeues)"
  same "$1: STUCK" yes "$([ -e "$run/STUCK" ] && echo yes || echo no)"
  like "$1: last line" "intr: exit 76:*Next:*rm $run/STUCK*submit again*" "$(last)"
}

# The pause doubles; the fifth attempt in a row is the last one. With a higher bound the pause stays at 160.
pause=10
for count in 0 1 2 3; do
  begin FAKE_DOES='exit 76'
  attempts $count 76 hang 20 20
  goes_on "$count stuck before" $pause
  pause=$((pause * 2))
done
begin FAKE_DOES='exit 76'
attempts 4 76 hang 20 20
ends "4 stuck before"
begin FAKE_DOES='exit 76'
attempts 5 76 hang 20 20
ends "5 stuck before"
for count in 4 5 9; do
  begin FAKE_DOES='exit 76' INTR_MAX_STUCK=99
  attempts $count 76 hang 20 20
  goes_on "$count stuck before, bound 99" 160
done
begin FAKE_DOES='exit 76' INTR_MAX_STUCK=2
attempts 1 76 hang 0 0
ends "bound 2"
begin FAKE_DOES='exit 76' INTR_PAUSE=3
attempts 2 76 hang 0 0
goes_on "pause of 3" 12
begin FAKE_DOES='exit 75'
attempts 4 75 stop-signal 20 20
ends "75 without progress counts, too"

# What breaks the row, and what does not.
begin FAKE_DOES='exit 76'
attempts 4 76 hang 20 20
attempt 76 hang 20 40
attempts 2 76 hang 40 40
goes_on "progress between" 40
begin FAKE_DOES='exit 76'
attempts 4 76 hang 20 20
attempt 65 data 20 20
goes_on "another ending between" 10
begin FAKE_DOES='exit 76'
attempts 4 76 hang 20 20
attempt 78 config 20 20
ends "a second job that was refused between"
begin FAKE_DOES='exit 76'
attempts 4 76 hang 20 20
attempts 3 75 taken 20 20
ends "taken attempts in between do not break the row"
begin FAKE_DOES='exit 76'
attempts 2 76 hang 20 20
attempts 9 75 taken 20 20
goes_on "taken attempts do not count" 40
begin FAKE_DOES='exit 76'
attempts 4 76 hang 20 20
attempt 75 taken 20 40
goes_on "a taken attempt with progress breaks the row" 10
begin FAKE_DOES='tell TERM; exit 75'
attempts 4 76 hang 20 20
job train.sbatch
same "preempted after 4 stuck: no STUCK" no "$([ -e "$run/STUCK" ] && echo yes || echo no)"
begin FAKE_DOES='checkpoint 60 -; exit 76'
checkpoint 20 -
attempts 4 76 hang 20 20
goes_on "progress of this attempt" 10
same "progress of this attempt: line" "20 60" "$(tail -n 1 "$run/requeue.tsv" | cut -f 4,5 | tr "\t" " ")"
begin FAKE_DOES='checkpoint 60 suspect; exit 76'
checkpoint 20 -
attempts 4 76 hang 20 20
ends "a suspect checkpoint is no progress"
begin FAKE_DOES='checkpoint 60 last,suspect; exit 76'
attempts 4 76 hang 20 20
ends "suspect among other tags"
like "the reason names the step" "5 attempts in a row*step 0*" "$(head -n 1 "$run/STUCK")"
begin FAKE_DOES='printf "60\t1\tckpt-60.h5\t40" >>"$FAKE_RUN/checkpoints/MANIFEST"; exit 76'
checkpoint 20 -
attempts 4 76 hang 20 20
ends "a torn line of MANIFEST is no progress"
begin FAKE_DOES='checkpoint 95 -; exit 76'
checkpoint 100 -
checkpoint 90 -
attempts 4 76 hang 100 100
ends "an older step that was written later is no progress"
begin FAKE_DOES=': >"$FAKE_RUN/part-2.h5"; exit 76'
mkdir -p "$run"
: >"$run/part-1.h5"
attempts 4 76 hang 1 1
goes_on "a finished file is progress where there are no checkpoints" 10
begin FAKE_DOES=': >"$FAKE_RUN/.part-2.h5.tmp"; : >"$FAKE_RUN/.part-3.h5"; exit 76'
attempts 4 76 hang 0 0
ends "files that are not finished are no progress"
begin FAKE_DOES=': >"$FAKE_RUN/part-2.h5"; exit 76'
mkdir "$box/real"
ln -s real "$run"
attempts 4 76 hang 0 0
goes_on "a finished file where the folder is a link" 10

# Lines that a full disk or a crash tore.
begin FAKE_DOES='exit 76'
attempts 4 76 hang 20 20
printf '9_9\t76\thang' >>"$run/requeue.tsv"
ends "torn last line: 4 before and this one"
begin FAKE_DOES='exit 76'
attempts 1 76 hang 20 20
printf '9_9\t76\tha\n\n\t\n9\n' >>"$run/requeue.tsv"
attempts 1 76 hang 20 20
goes_on "torn line between is passed over" 40
begin FAKE_DOES='exit 76'
mkdir -p "$run"
printf 'a\tb\tc\td\te\tf\n\x00\xff\x01' >"$run/requeue.tsv"
goes_on "rubbish" 10

# Attempts whose node died with the script.
begin FAKE_DOES='exit 76' SLURM_RESTART_COUNT=1
mkdir -p "$run"
goes_on "the attempt before left no line" 20
same "the attempt before left no line: one is added" "100_0 76 node 0 0" "$(head -n 1 "$run/requeue.tsv" | cut -f 1-5 | tr '\t' ' ')"
begin FAKE_DOES='exit 76' SLURM_RESTART_COUNT=11
mkdir -p "$run"
printf '100_1\t76\thang\t0\t0\tx\n100_10\t76\thang\t0\t5\tx\n' >"$run/requeue.tsv"
goes_on "the attempt before left its line" 10
same "the attempt before left its line: none is added" 3 "$(grep -c . "$run/requeue.tsv")"
begin FAKE_DOES='exit 76' SLURM_RESTART_COUNT=11
mkdir -p "$run"
printf '100_101\t76\thang\t0\t5\tx\n' >"$run/requeue.tsv"
goes_on "the line of an attempt whose name begins alike" 20
begin FAKE_DOES='record 0 done; exit 0' SLURM_RESTART_COUNT=5
attempts 4 76 node 20 20
checkpoint 20 -
ends "a job that takes its node down is not begun for ever"
same "a job that takes its node down: no ranks" 0 "$(started srun)"
begin FAKE_DOES='record 0 done; exit 0' SLURM_RESTART_COUNT=5
attempts 4 76 node 20 20
checkpoint 40 -
job train.sbatch
same "a lost attempt with progress: goes on" 0 "$status"
begin SLURM_RESTART_COUNT=1
mkdir -p "$run"
rm "$sandbox/tools/awk"
printf '%s\n' '#!/bin/sh' 'for file; do :; done' '[ -e "$file" ] || [ $# -lt 4 ] || { echo 0; exit 2; }' "exec $(command -v awk) \"\$@\"" >"$box/bin/awk"
chmod +x "$box/bin/awk" # gawk runs END even where the file is missing, and fails then
job train.sbatch
same "gawk and a missing file: one line" 2 "$(grep -c . "$run/requeue.tsv")"
ln -s "$(command -v awk)" "$sandbox/tools/awk"

# In all; and anew after STUCK.
begin FAKE_DOES='exit 75' INTR_MAX_RESTARTS=20
attempts 18 75 deadline 0 20
job train.sbatch
same "19th of 20 attempts" 1 "$(requeues)"
begin FAKE_DOES='exit 75' INTR_MAX_RESTARTS=20
attempts 19 75 deadline 0 20
ends "20th of 20 attempts"
like "20th of 20 attempts: reason" "20 attempts*INTR_MAX_RESTARTS*" "$(<"$run/STUCK")"
rm "$run/STUCK" "$box/scontrol.calls" 2>/dev/null
job train.sbatch
same "20th of 20 attempts, rm STUCK: counts anew" 1 "$(requeues)"

begin FAKE_DOES='exit 76'
attempts 4 76 hang 20 20
for line in {1..9}; do echo "log line $line" >>"$run/train.log"; done
ends "stuck, with a log"
like "stuck: the log's end is quoted" "*5 attempts*log line 5*log line 9*" "$(<"$box/log")"
like "stuck: in STUCK, too" "*log line 9*" "$(<"$run/STUCK")"
rm "$box/srun.calls"
job train.sbatch
same "STUCK there: code" 76 "$status"
same "STUCK there: no ranks" 0 "$(started srun)"
same "STUCK there: not requeued" 0 "$(requeues)"
like "STUCK there: what to do" "intr: exit 76: *rm $run/STUCK*submit again*" "$(tail -n 1 "$box/log")"
rm "$run/STUCK"
goes_on "rm STUCK: counts anew" 10

begin
mkdir -p "$run"
: >"$run/STUCK"
job train.sbatch
same "an empty STUCK" 76 "$status"
begin
mkdir -p "$run"
touch "$run/DONE" "$run/STUCK"
job train.sbatch
same "DONE there, also beside STUCK: code, ranks" "0 0" "$status $(started srun)"
rm "$run/STUCK"
job train.sbatch
same "DONE there: code, ranks, requeues" "0 0 0" "$status $(started srun) $(requeues)"
begin FAKE_DOES='record 75 halt; exit 75'
mkdir -p "$run"
touch "$run/HALT"
job train.sbatch
same "HALT there: the program decides" "75 1 0" "$status $(started srun) $(requeues)"
begin
without INTR_DATA
mkdir -p "$run"
touch "$run/DONE"
job train.sbatch
same "DONE does not hide missing settings" 2 "$status"

# Room and rights where results go.
begin INTR_MIN_FREE_MB=999999999
job train.sbatch
same "too little room" "78 0" "$status $(started srun)"
same "too little room: one line" 1 "$(wc -l <"$box/err")"
begin INTR_MIN_FREE_MB=10
printf '%s\n' '#!/bin/sh' 'echo "Filesystem 1048576-blocks Used Available Capacity Mounted on"; echo "x - - - - /"' >"$box/bin/df"
chmod +x "$box/bin/df"
job train.sbatch
same "df that does not know" "0 1" "$status $(started srun)"
begin
: >"$run"
job train.sbatch
same "a file where the run should be" "78 0" "$status $(started srun)"
same "a file where the run should be: one line" 1 "$(wc -l <"$box/err")"
begin
rm "$box/bin/intr-train"
job train.sbatch
same "no program" "78 0" "$status $(started srun)"
like "no program: what to do" "*Next: set INTR_BIN*" "$(<"$box/err")"
finish
