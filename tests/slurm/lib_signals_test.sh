#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Signals to the job script: which reach the launcher, in each phase, often, and that its code is never taken for a signal's.
# STORMS: storms over a launcher's end (1).
# shellcheck disable=SC2016 # expanded by the fakes
# shellcheck source-path=SCRIPTDIR source=checks.sh
. "$(dirname "$0")/checks.sh"

# During the run. The fake holds until the test says go, then leaves with 65: no signal may be taken for that.
during() { # NAME LAUNCHER HEARD CODE SIGNAL…
  local name=$1 launcher=$2 heard=$3 code=$4 script=train.sbatch
  shift 4
  [ "$launcher" = srun ] || script=train-mpirun.sbatch
  begin FAKE_DOES="[ $code != 0 ] || record 0 done; hold; leave $code"
  start $script
  until_there "$box/ready"
  while [ $# -gt 0 ]; do
    kill "-$1" "$pid"
    sleep 0.05
    shift
  done
  [ -z "$heard" ] || until_there "$box/$launcher.signals"
  sleep 0.1
  : >"$box/go"
  wait "$pid"
  same "$name: code of $launcher" "$code" "$?"
  same "$name: what $launcher heard" "$heard" "$(signals "$launcher")"
  same "$name: one start" 1 "$(started "$launcher")"
}
during "USR2" srun USR2 65 USR2
during "USR1" srun USR2 65 USR1
during "TERM" srun '' 65 TERM
during "TERM twice" srun '' 65 TERM TERM
during "USR2 twice" srun USR2 65 USR2 USR2
during "TERM, USR2" srun USR2 65 TERM USR2
during "USR2, TERM" srun USR2 65 USR2 TERM
during "CONT, TERM, CONT" srun '' 65 CONT TERM CONT
during "USR2, success after it" srun USR2 0 USR2
during "TERM, success after it" srun '' 0 TERM
during "USR2" mpirun USR2 65 USR2
during "USR1" mpirun USR2 65 USR1
during "TERM" mpirun USR2 65 TERM
during "TERM twice" mpirun USR2 65 TERM TERM
during "USR2, TERM" mpirun USR2 65 USR2 TERM

storm() { # COUNT
  local turn
  for ((turn = 0; turn < $1; ++turn)); do
    case $((turn % 3)) in 0) kill -TERM "$pid" ;; 1) kill -USR2 "$pid" ;; *) kill -USR1 "$pid" ;; esac
    sleep 0.002
  done 2>/dev/null
}
for launcher in srun mpirun; do
  script=train.sbatch
  [ $launcher = srun ] || script=train-mpirun.sbatch
  begin FAKE_DOES='hold; leave 77'
  start $script
  until_there "$box/ready"
  storm 50
  sleep 0.1
  : >"$box/go"
  wait "$pid"
  same "storm of 50: code of $launcher" 77 "$?"
  same "storm of 50: what $launcher heard" USR2 "$(signals $launcher)"
  # Until the end and beyond; with a record, see below.
  for ((turn = 0; turn < ${STORMS:-1}; ++turn)); do
    begin FAKE_DOES='record 77 nan; hold; leave 77'
    start $script
    until_there "$box/ready"
    storm 25
    : >"$box/go"
    storm 25
    wait "$pid"
    same "storm of 50 over the end: code of $launcher" 77 "$?"
  done
done

# A launcher that leaves on the signal itself, as real ones do: its end and the signal come together.
for turn in {1..4}; do
  begin FAKE_DOES='trap "record 75 deadline; leave 75" USR2; hold; exit 1'
  start train.sbatch
  until_there "$box/ready"
  kill -USR2 "$pid"
  ((turn % 2)) || kill -USR1 "$pid"
  wait "$pid"
  same "leaves on USR2, turn $turn: code" "75 1" "$? $(requeues)"
done
# bash (5.2.15) can lose a code when both come within a millisecond: wait says -1 then, for good. The program's record has it;
# without one the launcher's unknown code is 76, never a success and never the signal's own number.
for turn in {1..4}; do
  begin FAKE_DOES='record 65 data; trap "" USR2; kill -USR2 $PPID; exit 65'
  job train.sbatch
  same "signal and end at once, turn $turn: code" 65 "$status"
  begin FAKE_DOES='trap "" USR2; kill -USR2 $PPID; exit 65'
  job train.sbatch
  like "signal and end at once, no record, turn $turn: code" '@(65|76)' "$status"
done

# What stands for slow work before the ranks: until the test says go, 10 s at most.
hold=': >"$FAKE/ready"; for turn in {1..500}; do [ ! -e "$FAKE/go" ] || break; sleep 0.02; done'

# Before anything runs: not started at all.
for signal in USR2 USR1 TERM; do
  for launcher in srun mpirun; do
    script=train.sbatch
    [ $launcher = srun ] || script=train-mpirun.sbatch
    begin FAKE_VERSION="$hold"
    start $script
    until_there "$box/ready"
    kill -$signal "$pid"
    : >"$box/go"
    wait "$pid"
    same "$signal before the start: code" 75 "$?"
    same "$signal before the start: $launcher is not started" 0 "$(started "$launcher")"
    case $signal in TERM) expected=0 ;; *) expected=1 ;; esac
    same "$signal before the start: requeues" $expected "$(requeues)"
  done
done
begin FAKE_REASON=TimeLimit FAKE_VERSION='kill -TERM $PPID; sleep 0.05'
job train.sbatch
same "TERM of the time limit before the start" "75 0 1" "$status $(started srun) $(requeues)"

# While env.sh is read: modules take seconds on some file systems.
for signal in USR2 TERM; do
  begin
  printf '%s\n' "$hold" >>"$box/env.sh"
  start train.sbatch
  until_there "$box/ready"
  kill -$signal "$pid"
  : >"$box/go"
  wait "$pid"
  same "$signal while env.sh is read: code" 75 "$?"
  same "$signal while env.sh is read: no ranks" 0 "$(started srun)"
  like "$signal while env.sh is read: last line" "intr: exit 75:*" "$(last)"
done

# Between the last look and the start: such a signal must still reach the launcher.
for signal in USR2 TERM; do
  begin FAKE_DOES='hold; leave 65' INTR_LAUNCHER=mpirun
  # What it hears lets it go; where it is not started nobody waits.
  (for turn in {1..400}; do [ -e "$box/mpirun.signals" ] || [ -s "$box/got" ] || sleep 0.02; done; : >"$box/go") &
  timer=$!
  in_lib "signal=$signal"'; intr_say() { case $* in mpirun*) kill -$signal $$ ;; esac; }; intr_ranks intr-train; echo "$intr_status"' >"$box/got"
  wait $timer
  if [ "$(started mpirun)" = 0 ]; then
    same "$signal between look and start: not started" 75 "$(<"$box/got")"
  else
    same "$signal between look and start: heard" USR2 "$(signals mpirun)"
  fi
done

# During preflight.
begin INTR_PREFLIGHT=1 INTR_JOBS="$sandbox/jobs"
cp -r "$jobs" "$sandbox/jobs"
printf '%s\n' 'kill -USR2 $PPID; sleep 5' >"$sandbox/jobs/preflight.sh"
job train.sbatch
same "USR2 during preflight: requeued, not started" "75 0 1" "$status $(started srun) $(requeues)"
printf '%s\n' 'kill -TERM $PPID; sleep 0.1; exit 78' >"$sandbox/jobs/preflight.sh"
begin INTR_PREFLIGHT=1 INTR_JOBS="$sandbox/jobs"
job train.sbatch
same "TERM during preflight: not requeued, not started" "75 0 0" "$status $(started srun) $(requeues)"
printf '%s\n' 'exit 78' >"$sandbox/jobs/preflight.sh"
begin INTR_PREFLIGHT=1 INTR_JOBS="$sandbox/jobs"
job train.sbatch
same "bad nodes in preflight: not started" "78 0 0" "$status $(started srun) $(requeues)"
printf '%s\n' 'exit 0' >"$sandbox/jobs/preflight.sh"
begin INTR_PREFLIGHT=1 INTR_JOBS="$sandbox/jobs" FAKE_DOES='exit 65'
job train.sbatch
same "good nodes in preflight: started" "65 1 0" "$status $(started srun) $(requeues)"
finish
