#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What follows after each way in which an attempt can end: requeued or not, with which code, and what the last line tells.
# shellcheck disable=SC2016 # expanded by the fakes
# shellcheck source-path=SCRIPTDIR source=checks.sh
. "$(dirname "$0")/checks.sh"

row() { # NAME DOES CODE REQUEUES LAST_LINE [VARIABLE=VALUE…]
  begin FAKE_DOES="$2" "${@:6}"
  job train.sbatch
  same "$1: code" "$3" "$status"
  same "$1: requeues" "$4" "$(requeues)"
  like "$1: last line" "intr: exit $3: $5" "$(last)"
}
limit=FAKE_REASON=TimeLimit

row "0" 'record 0 done; exit 0' 0 0 "finished*"
row "0 without a record, but finished" ': >"$FAKE_RUN/DONE"; exit 0' 0 0 "finished*"
row "0 without a record" 'exit 0' 76 1 "requeued*"
row "75 deadline" 'record 75 deadline; exit 75' 75 1 "requeued at step 0, after attempt 100_0 ended with 75 (deadline)*"
row "75 stop signal, no TERM" 'record 75 stop-signal; exit 75' 75 1 "requeued*(stop-signal)*"
row "75 without a record, no TERM" 'exit 75' 75 1 "requeued*(stop-signal)*"
row "75 after USR2 to the script" 'tell USR2; record 75 stop-signal; exit 75' 75 1 "requeued*"
row "75, TERM of the time limit" 'tell TERM; record 75 stop-signal; exit 75' 75 1 "requeued*" $limit
row "75, USR2 then TERM of the time limit" 'tell USR2; tell TERM; record 75 stop-signal; exit 75' 75 1 "requeued*" $limit
row "75, TERM otherwise" 'tell TERM; record 75 stop-signal; exit 75' 75 0 "stopped by Slurm*submitted again*"
for reason in None Preempted Prolog PartitionTimeLimit AssociationTimeLimit TimeLimits; do
  row "75, TERM with $reason" 'tell TERM; record 75 stop-signal; exit 75' 75 0 "stopped by Slurm*" FAKE_REASON=$reason
done
row "75 deadline, but TERM otherwise" 'tell TERM; record 75 deadline; exit 75' 75 0 "stopped by Slurm*"
row "75 halt" 'record 75 halt; exit 75' 75 0 "stopped*HALT. Next: rm */HALT*submit again*"
row "75 halt, TERM of the time limit" 'tell TERM; record 75 halt; exit 75' 75 0 "*HALT*" $limit
row "76" 'record 76 peer-lost; exit 143' 76 1 "requeued*76 (peer-lost)*to start in 10 s*"
row "76 hang" 'record 76 hang; exit 143' 76 1 "requeued*76 (hang)*"
row "76 without a record" 'exit 143' 76 1 "requeued*76 (launcher)*"
row "139: a crash" 'exit 139' 76 1 "requeued*76 (crash)*"
row "76, TERM of the time limit" 'tell TERM; record 76 peer-lost; exit 143' 76 1 "requeued*" $limit
row "76, TERM otherwise" 'tell TERM; record 76 peer-lost; exit 143' 76 0 "stopped by Slurm*"
row "137 after TERM otherwise" 'tell TERM; exit 137' 76 0 "stopped by Slurm*"
row "2" 'record 2 usage "no option --foo"; exit 143' 2 0 "*Next:*"
row "65" 'record 65 data "shard 3 is damaged"; exit 143' 65 0 "*damaged*Next:*"
row "70" 'record 70 internal "bug"; exit 143' 70 0 "*Next: report*"
row "77" 'record 77 nan "loss is NaN"; exit 143' 77 0 "*diverged*Next:*"
row "78" 'record 78 setup "two ranks on one GPU"; exit 143' 78 0 "*Next:*"
for code in 2 65 70 77 78; do
  row "$code without a record" "exit $code" "$code" 0 "*Next:*"
  row "$code, TERM of the time limit" "tell TERM; record $code x 'why it ended'; exit 143" "$code" 0 "*" $limit
  like "$code: the record's message is in the log" "*why it ended*" "$(<"$box/log")"
done
row "0, TERM of the time limit" 'tell TERM; record 0 done; exit 0' 0 0 "finished*" $limit

# scontrol as it can be.
begin FAKE_DOES='exit 75'
rm "$box/bin/scontrol"
job train.sbatch
same "no scontrol: code" 75 "$status"
like "no scontrol: last line" "intr: exit 75:*submit again*" "$(last)"
begin FAKE_DOES='exit 76'
rm "$box/bin/scontrol"
job train.sbatch
same "no scontrol after 76: code" 76 "$status"
row "Slurm has put it back itself" 'exit 75' 75 1 "*Slurm itself brings it back*" FAKE_REQUEUE=1 FAKE_ANSWER="Job is pending execution"
row "scontrol refuses" 'exit 75' 75 3 "*refused*submit again*" FAKE_REQUEUE=1
same "scontrol refuses: no pause is asked for" 0 "$(grep -c ^update "$box/scontrol.calls")"
begin FAKE_DOES='exit 76'
rm "$box/bin/scontrol"
printf '%s\n' '#!/usr/bin/env bash' 'echo "$*" >>"$FAKE/scontrol.calls"' '[ "$(grep -c ^requeue "$FAKE/scontrol.calls")" = 3 ]' >"$box/bin/scontrol"
chmod +x "$box/bin/scontrol"
job train.sbatch
same "scontrol works at the third try" 3 "$(requeues)"
like "scontrol works at the third try: last line" "*requeued*" "$(last)"
row "a long answer of scontrol" 'tell TERM; exit 75' 75 1 "requeued*" $limit FAKE_SHOW_S=0.1
same "scontrol is asked about this job" "show job 100" "$(head -n 1 "$box/scontrol.calls")"

# Order: requeue, then the pause; TERM by the own requeue is not heard.
row "pause after 76" 'exit 76' 76 1 "*"
same "pause after 76: order" "requeue 100,update JobId=100 StartTime=now+10" "$(paste -sd, "$box/scontrol.calls")"
row "no pause after 75" 'exit 75' 75 1 "*"
same "no pause after 75: order" "requeue 100" "$(paste -sd, "$box/scontrol.calls")"
begin FAKE_DOES='exit 76'
rm "$box/bin/scontrol"
printf '%s\n' '#!/usr/bin/env bash' 'echo "$*" >>"$FAKE/scontrol.calls"' 'kill -TERM $PPID $$; sleep 0.05' >"$box/bin/scontrol"
chmod +x "$box/bin/scontrol"
job train.sbatch
same "TERM by the own requeue: code" 76 "$status"
same "TERM by the own requeue: the pause is still asked for" 1 "$(grep -c ^update "$box/scontrol.calls")"
like "TERM by the own requeue: last line" "*requeued*" "$(last)"

# TERM that comes while it is decided: scancel may follow a stop by signal at once.
for reason in None TimeLimit; do
  begin FAKE_REASON=$reason
  in_lib 'intr_status=75 intr_cause=stop-signal; intr_stuck() { kill -TERM $$; echo 0; }; intr_next' >"$box/log"
  same "TERM while it is decided, $reason: code" 75 "$?"
  case $reason in None) expected=0 ;; *) expected=1 ;; esac
  same "TERM while it is decided, $reason: requeues" $expected "$(requeues)"
done

# Array tasks: only the task itself.
row "array task" 'exit 76' 76 1 "requeued*attempt 90-3_0*" SLURM_ARRAY_JOB_ID=90 SLURM_ARRAY_TASK_ID=3 SLURM_JOB_ID=93
same "array task: as JOB_TASK" "requeue 90_3,update JobId=90_3 StartTime=now+10" "$(paste -sd, "$box/scontrol.calls")"
row "array task 0" 'exit 75' 75 1 "requeued*attempt 90-0_2*" SLURM_ARRAY_JOB_ID=90 SLURM_ARRAY_TASK_ID=0 SLURM_JOB_ID=90 SLURM_RESTART_COUNT=2
same "array task 0: as JOB_TASK" "requeue 90_0" "$(paste -sd, "$box/scontrol.calls")"

row "chain: no requeue" 'exit 75' 75 0 "*next job of the chain*" INTR_NO_REQUEUE=1
row "chain: no requeue after 76" 'exit 76' 76 0 "*next job of the chain*" INTR_NO_REQUEUE=1

# What is on record, and what the ranks were given.
row "line of an attempt" 'checkpoint 30 -; record 76 hang; exit 143' 76 1 "requeued at step 30,*" SLURM_RESTART_COUNT=0
same "line of an attempt: fields" "100_0 76 hang 0 30" "$(cut -f 1-5 "$run/requeue.tsv" | tr '\t' ' ')"
same "line of an attempt: six fields" 6 "$(awk -F '\t' '{print NF}' "$run/requeue.tsv")"
row "line of a taken attempt" 'tell TERM; exit 75' 75 0 "*"
same "line of a taken attempt: fields" "100_0 75 taken 0 0" "$(cut -f 1-5 "$run/requeue.tsv" | tr '\t' ' ')"
row "line for status.sh" 'exit 78' 78 0 "*"
like "line for status.sh: fields" $'*\tjob 100\texit 78\t*' "$(<"$run/last-job.tsv")"
row "settings for the ranks" 'record 0 done; exit 0' 0 0 "*" SLURM_CPUS_PER_TASK=7 SLURM_PROCID=0 SLURM_JOB_END_TIME=1999999999
same "settings for the ranks: attempt, deadline, cores" "100_0 1999999999 0 7" "$(<"$box/srun.calls")"

# A full disk, a run directory that goes away, settings that are no numbers.
row "run directory is gone" 'rm -rf "$FAKE_RUN"; exit 65' 65 0 "*"
row "run directory is gone, 76" 'rm -rf "$FAKE_RUN"; exit 76' 76 1 "*"
like "run directory is gone, 76: it is said" "*cannot write*requeue.tsv*" "$(<"$box/log")"
row "attempts cannot be counted" 'exit 76' 76 0 "*submit again*" SLURM_RESTART_COUNT=5 FAKE_VERSION='rm "$INTR_RUN/requeue.tsv"; mkdir -p "$INTR_RUN/requeue.tsv"'
row "attempts cannot be counted, first" 'exit 76' 76 1 "requeued*" FAKE_VERSION='mkdir -p "$INTR_RUN/requeue.tsv"'
same "attempts cannot be counted: no noise of the shell" '' "$(grep -i 'integer\|lib.sh: line\|awk:' "$box/err")"
row "a pause with a leading zero" 'exit 76' 76 1 "*start in 8 s*" INTR_PAUSE=08
for word in INTR_PAUSE=x INTR_MAX_STUCK=-1 INTR_MAX_RESTARTS=1e3 'INTR_MIN_FREE_MB=1 2'; do
  begin "$word"
  job train.sbatch
  same "$word: code" 2 "$status"
  same "$word: one line on stderr" 1 "$(wc -l <"$box/err")"
done
finish
