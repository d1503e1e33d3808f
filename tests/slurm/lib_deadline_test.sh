#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# When the job's time is over: every way in which squeue says how much is left, and what is no time at all.
# shellcheck disable=SC2016 # expanded elsewhere, or on purpose not at all
# shellcheck source-path=SCRIPTDIR source=checks.sh
. "$(dirname "$0")/checks.sh"

# The deadline that the ranks would see, in seconds since 1970.
deadline_itself() { in_lib 'bash -c '\''echo "${INTR_DEADLINE-none}"'\'; }
# The same as seconds from now. The clock goes on meanwhile: any value from the seconds that it took is EXPECTED.
deadline() { # EXPECTED
  local before after got
  before=$(date +%s)
  got=$(deadline_itself)
  after=$(date +%s)
  case $got in
    '' | *[!0-9]*) echo "$got" ;;
    *) if ((got - after <= $1 && $1 <= got - before)); then echo "$1"; else echo $((got - before)); fi ;;
  esac
}
in_time() { # LEFT SECONDS
  begin FAKE_LEFT="$1"
  same "deadline of $1" "$2" "$(deadline "$2")"
  like "deadline of $1: nothing on stderr" '' "$(<"$box/err")"
}
no_time() { # LEFT
  begin FAKE_LEFT="$1" INTR_DEADLINE=5
  same "no deadline of '$1'" none "$(deadline 0)"
  like "a warning for '$1'" "*time limit: none that squeue knows*" "$(<"$box/log")"
}

in_time 0:45 45
in_time 0:00 0
in_time 12:34 754
in_time 1:02:03 3723
in_time 2-03:04:05 183845
in_time 10-00:00:00 864000
in_time 08:09 489
in_time 09:08:08 32888
in_time 08-09:08:09 724089
in_time 0-00:00:08 8
for left in UNLIMITED NOT_SET INVALID '' ' ' garbage 12 :30 1:2:3:4 1-2-3:04 -5:00 12:3x 'a[$(touch '"$sandbox"'/hacked)]:1' fails \
  'error: 10:00' 1.5:00; do
  no_time "$left"
done
same "what squeue prints is never run" no "$([ -e "$sandbox/hacked" ] && echo yes || echo no)"

begin
rm "$box/bin/squeue"
same "no squeue: no deadline" none "$(deadline 0)"
like "no squeue: a warning" "*time limit: none*" "$(<"$box/log")"

begin FAKE_LEFT=$'UNLIMITED\n10:00'
same "first line of squeue alone" none "$(deadline 0)"

begin FAKE_LEFT=10:00
deadline 600 >/dev/null
same "squeue is asked about this job" "-h -j 100 -o %L" "$(<"$box/squeue.calls")"

end=$(($(date +%s) + 7777))
begin SLURM_JOB_END_TIME=$end FAKE_LEFT=1:00
same "SLURM_JOB_END_TIME comes first" "$end" "$(deadline_itself)"
same "squeue is not asked then" no "$([ -e "$box/squeue.calls" ] && echo yes || echo no)"
for end in garbage 0x10 1e9 -1 '12 34'; do
  begin SLURM_JOB_END_TIME="$end" FAKE_LEFT=1:00
  same "SLURM_JOB_END_TIME=$end is passed over" 60 "$(deadline 60)"
done

begin INTR_DEADLINE=5 FAKE_LEFT=10:00
same "a deadline of an older job does not stay" 600 "$(deadline 600)"
finish
