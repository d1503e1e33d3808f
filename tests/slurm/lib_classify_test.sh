#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a launcher's code and a record of the attempt mean together.
# shellcheck disable=SC2016 # expanded elsewhere, or on purpose not at all
# shellcheck source-path=SCRIPTDIR source=checks.sh
. "$(dirname "$0")/checks.sh"

# CODE: what the launcher left with; RECORD: text of this attempt's record, none if not given. Then answer is code, cause and message.
classify() { # CODE [RECORD [ATTEMPT]]
  begin
  mkdir -p "$run/attempts"
  [ $# -lt 2 ] || printf '%b' "$2" >"$run/attempts/${3:-100_0}.json"
  answer=$(in_lib "INTR_ATTEMPT_RECORD=$run/attempts/100_0.json intr_status=$1; intr_classify; "'echo "$intr_status|$intr_cause|$intr_message"')
}
record() { printf '{"code":%s,"cause":"%s","rank":0,"host":"n1","step":9,"durable_step":5,"message":"%s"}\\n' "$1" "$2" "${3:-}"; }

for code in 2 65 70 77 78; do
  classify "$code"
  same "no record, $code" "$code||" "$answer"
done
classify 0
like "no record, 0: not believed" "76|launcher|*left with 0*" "$answer"
classify 75
same "no record, 75" "75|stop-signal|" "$answer"
classify 76
same "no record, 76" "76|peer-lost|" "$answer"
for code in 132 133 134 135 136 139; do
  classify "$code"
  like "no record, $code: a crash" "76|crash|*signal $((code - 128)). If that comes back, report*" "$answer"
done
classify 137
like "no record, 137: memory" "76|killed|*see --mem" "$answer"
for code in 1 3 64 66 69 71 74 79 126 127 128 129 130 131 138 140 141 143 254 255; do
  classify "$code"
  like "no record, $code: the launcher" "76|launcher|*left with $code and*" "$answer"
done

classify 143 "$(record 65 data 'bad shard')"
same "record 65, launcher 143" "65|data|bad shard" "$answer"
for code in 0 2 65 70 75 76 77 78; do
  classify 137 "$(record "$code" some-word m)"
  same "record $code, launcher 137" "$code|some-word|m" "$answer"
done
classify 0 "$(record 76 hang)"
same "record 76, launcher 0" "76|hang|" "$answer"
causes=$(sed -n '/word_of(Cause/,/^}/s/.*return "\(.*\)";.*/\1/p' "$here/../../src/core/cause.cpp")
like "causes of the program are known" "*stop-signal*" "$causes"
for cause in $causes; do
  classify 143 "$(record 76 "$cause")"
  same "cause $cause of the program is understood" "76|$cause|" "$answer"
done

classify 143 ''
like "empty record" "76|launcher|*143*" "$answer"
for broken in '\n' '{' '{"code":65' '{"code":65,"cause":"data","message":"torn' '{"code":,"cause":"data"}\n' '{"code":"65","cause":"data"}\n' \
  '{"code":-1,"cause":"data","message":""}\n' '{"code":6.5,"cause":"data","message":""}\n' 'x{"code":65,"cause":"data","message":""}\n' \
  '\x00\x01\xff\xfe\n' '[]\n' 'null\n' '\n{"code":65,"cause":"data","message":"second line"}\n' \
  '{"message":"{\\"code\\":65,\\"cause\\":\\"data\\"}","code":70,"cause":"crash"}\n'; do
  classify 143 "$broken"
  like "broken record $broken" "76|launcher|*143*" "$answer"
  same "broken record $broken: nothing on stderr" '' "$(grep -v 'null byte' "$box/err")"
done
classify 143 "$(record 65 data)" 100_1
like "record of another attempt" "76|launcher|*" "$answer"
classify 143 "$(record 65 data)" 1100_0
like "record of another job" "76|launcher|*" "$answer"
classify 78 "$(record 65 data)" 99_0
same "the launcher counts with a record of another attempt" "78||" "$answer"

message='it said \\"code\\":70, \\"message\\":\\"x\\"} and {\\"cause\\":\\"halt\\"}'
classify 143 "$(record 65 data "$message")"
same "quotes and code inside a message" "65|data|$(printf '%b' "$message")" "$answer"
classify 143 "$(record 65 data '$(touch x) `id` %s * ~ $HOME')"
same "a message is not run or expanded" "65|data|\$(touch x) \`id\` %s * ~ \$HOME" "$answer"
classify 143 "$(record 65 data 'schöne Grüße – 図')"
same "letters that are not ASCII" "65|data|schöne Grüße – 図" "$answer"

begin
mkdir -p "$run/attempts/100_0.json"
like "a folder where the record should be" "76|*" "$(in_lib 'INTR_ATTEMPT_RECORD=$INTR_RUN/attempts/100_0.json intr_status=143; intr_classify; echo "$intr_status|$intr_cause"')"

# Through a whole job: code of the record, its message in the log, once.
begin FAKE_DOES='record 65 data "shard 3 is damaged"; exit 143'
job train.sbatch
same "job: code of the record" 65 "$status"
same "job: message in the log" 1 "$(grep -c 'shard 3 is damaged' "$box/log")"
begin FAKE_DOES='INTR_ATTEMPT_RECORD=$FAKE_RUN/attempts/100_0.json; record 65 data older; exit 143' SLURM_RESTART_COUNT=1
job train.sbatch
same "job: record of the attempt before is passed over" 76 "$status"
begin FAKE_DOES='exit 76'
mkdir -p "$run/attempts"
printf '%b' "$(record 65 data)" >"$run/attempts/100_0.json"
job train.sbatch
same "job: a record that was there before the ranks started is not theirs" 76 "$status"
begin FAKE_DOES='exit 75' SLURM_ARRAY_JOB_ID=90 SLURM_ARRAY_TASK_ID=3
job train.sbatch
same "job: name of an array task's attempt" 90-3_0 "$(cut -d ' ' -f 1 "$box/srun.calls")"
begin FAKE_DOES='kill -KILL $$'
job train.sbatch
same "job: a launcher that was really killed" 76 "$status"
like "job: and the log names memory" "*see --mem*" "$(<"$box/log")"
begin FAKE_DOES='kill -SEGV $$'
job train.sbatch
same "job: a launcher that really crashed" 76 "$status"

# A launcher that is not there did not succeed.
begin
rm "$box/bin/srun"
job train.sbatch
same "job: no srun is not success" 76 "$status"
begin FAKE_DOES='exit 127'
job train.sbatch
same "job: 127 of srun is not success" 76 "$status"
begin FAKE_DOES='tell USR2; exit 127'
job train.sbatch
same "job: 127 after a signal is not success" 76 "$status"
begin
job train-mpirun.sbatch
same "job: mpirun" 0 "$status"
begin
rm "$box/bin/mpirun"
job train-mpirun.sbatch
same "job: no mpirun is not success" 76 "$status"
finish
