# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What all job scripts share: settings, launching, waiting, and what comes next. Sourced, never run. Needs bash 4.2, awk and
# Slurm's commands; no root, no database. A script's own text is
#
#     intr_settings; intr_need …      settings of env.sh; leaves with 2 if one is missing
#     intr_begin PROGRAM FOLDER [STATE [FOLDER2]]   checks, head of the log; leaves at once if STATE has DONE or STUCK
#     intr_ranks PROGRAM WORD…        runs it over all tasks, passes signals on, waits; intr_one: in this script's place alone
#     intr_next                       requeues, finishes or stops, and says which; does not return. intr_finish: never requeues
#
# Exit codes are the programs' (docs/architecture.md); docs/running-on-slurm.md explains what is decided here and why.
#
# Once traps are set, commands are substituted by backquotes alone: bash 5.2 runs traps that are due while it reads a $(…) and may
# then end the script in the middle ("unexpected EOF while looking for matching )", status 1).
# shellcheck disable=SC2006

jobs=$(cd "$jobs" && pwd) # env.sh may change the folder
for intr_switch in INTR_DRY_RUN INTR_NO_REQUEUE INTR_PREFLIGHT INTR_ATTEND; do [ "${!intr_switch:-}" != 0 ] || unset "$intr_switch"; done

intr_say() { printf 'intr: %s\n' "$*"; }
intr_fail() { # CODE MESSAGE: one line on standard error, then leaves
  local code=$1
  shift
  printf 'intr: %s\n' "$*" >&2
  exit "$code"
}

# --- settings ---------------------------------------------------------------------------------------------------------------

intr_traps=0 intr_term='' intr_asked='' intr_pid='' intr_term_as='' intr_also=''

intr_settings() {
  local file=${INTR_ENV:-$jobs/env.sh}
  [ -r "$file" ] || intr_fail 2 "$file is missing. Next: cp $jobs/env.sh.example $file, then set what it asks for"
  case $file in */*) ;; *) file=./$file ;; esac # else . looks along PATH first
  # Before modules are loaded: that takes its time, and a signal must not kill the script. One with traps of its own keeps them.
  if [ -z "${INTR_DRY_RUN:-}" ] && [ -z "$(trap -p TERM)" ]; then
    trap 'intr_on_signal TERM' TERM
    trap 'intr_on_signal USR2' USR2
    trap 'intr_on_signal USR1' USR1
  fi
  bash -n "$file" || intr_fail 2 "$file is not shell. Next: mend the line that is named above"
  set +u # modules read variables that may be unset
  # shellcheck source-path=SCRIPTDIR source=env.sh.example
  . "$file" # its status is that of its last line, which tells nothing
  set -u
  : "${INTR_BIN:=}" "${INTR_DATA:=}" "${INTR_RUN:=}" "${INTR_DUMP:=}" "${INTR_IFACE:=}" "${INTR_CONTAINER:=}" "${INTR_EXTRA:=}"
  : "${INTR_STAGE:=}" "${INTR_LAUNCHER:=srun}" "${INTR_MPI:=pmix}" "${INTR_MAX_STUCK:=5}" "${INTR_MAX_RESTARTS:=500}" "${INTR_PAUSE:=10}"
  : "${INTR_MIN_FREE_MB:=1024}" "${INTR_NO_REQUEUE:=}" "${INTR_DRY_RUN:=}"
  export INTR_LAUNCHER # preflight.sh starts ranks as well
  local word
  for word in INTR_MAX_STUCK INTR_MAX_RESTARTS INTR_PAUSE INTR_MIN_FREE_MB; do
    case ${!word} in '' | *[!0-9]*) intr_fail 2 "$word is '${!word}', not a whole number. Next: correct it in $file" ;; esac
  done
  if [ -n "$INTR_IFACE" ]; then
    export OMPI_MCA_btl_tcp_if_include=$INTR_IFACE OMPI_MCA_oob_tcp_if_include=$INTR_IFACE NCCL_SOCKET_IFNAME=$INTR_IFACE
  fi
  # From Slurm 22.05 on srun no longer takes this from the batch script's own options.
  [ -z "${SLURM_CPUS_PER_TASK:-}" ] || export SRUN_CPUS_PER_TASK=$SLURM_CPUS_PER_TASK
  # Slurm's own choice, trees, was seen to let ranks out of MPI_Init before others were ready: their messages made those crash.
  export SLURM_PMIX_FENCE=${SLURM_PMIX_FENCE:-ring}
}

intr_need() { # VARIABLE WHAT
  [ -n "${!1:-}" ] || intr_fail 2 "$1 is not set: $2. Next: set it in $jobs/env.sh, or $1=… sbatch …"
}

# --- begin ------------------------------------------------------------------------------------------------------------------

# Where the result grows, where attempts are counted (FOLDER itself if it is not given), and where more of it grows.
intr_begin() { # PROGRAM FOLDER [STATE [FOLDER2]]
  intr_program=$1 intr_result=$2 intr_state=${3:-$2} intr_also=${4:-} intr_status=0 intr_cause='' intr_message=''
  intr_job=${SLURM_ARRAY_JOB_ID:+${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID:-0}}
  intr_job=${intr_job:-${SLURM_JOB_ID:-}}
  export INTR_ATTEMPT=${intr_job/_/-}_${SLURM_RESTART_COUNT:-0}
  [ -z "$INTR_DRY_RUN" ] || return 0

  [ ! -e "$intr_state/DONE" ] || intr_end 0 "$intr_state is finished (DONE). Nothing to do. To train longer: rm $intr_state/DONE, then submit with more --epochs"
  [ ! -e "$intr_state/STUCK" ] ||
    intr_end 76 "`head -n 1 "$intr_state/STUCK"` Next: mend it, then rm $intr_state/STUCK and submit again"
  local program free
  program=${INTR_BIN:+$INTR_BIN/}$1
  [ -z "$INTR_CONTAINER" ] || [ -r "$INTR_CONTAINER" ] ||
    intr_fail 78 "cannot read the image $INTR_CONTAINER on `hostname`. Next: set INTR_CONTAINER in $jobs/env.sh"
  [ -n "$INTR_CONTAINER" ] || command -v "$program" >/dev/null ||
    intr_fail 78 "no program $program on `hostname`. Next: set INTR_BIN in $jobs/env.sh to the folder of the programs," \
      "or load their module there"
  mkdir -p "$intr_state" 2>/dev/null
  if ! [ -d "$intr_state" ] || ! [ -w "$intr_state" ]; then
    intr_fail 78 "cannot write in $intr_state on `hostname`. Next: check its path, rights and quota"
  fi
  free=`df -Pm "$intr_state" 2>/dev/null | awk 'NR == 2 {print $4}'`
  case $free in '' | *[!0-9]*) free=$INTR_MIN_FREE_MB ;; esac # some file systems do not tell: "-"
  [ "$free" -ge "$INTR_MIN_FREE_MB" ] ||
    intr_fail 78 "only $free MiB are free in $intr_state, INTR_MIN_FREE_MB asks for $INTR_MIN_FREE_MB. Next: make room, then submit again"

  intr_say "`date '+%F %T'` job ${intr_job:-none} (${SLURM_JOB_NAME:-no name}), restart ${SLURM_RESTART_COUNT:-0}," \
    "nodes ${SLURM_JOB_NODELIST:-`hostname`}, tasks ${SLURM_NTASKS:-1}"
  intr_deadline
  intr_count_lost_attempt
  intr_before=`intr_progress`
  intr_say "$intr_result: at `intr_at "$intr_before"`, attempt $INTR_ATTEMPT"
}

# INTR_DEADLINE: when this job's time is over, in seconds since 1970. The program stops by itself before.
intr_deadline() {
  local left seconds
  if [[ ${SLURM_JOB_END_TIME:-} =~ ^[0-9]+$ ]]; then
    export INTR_DEADLINE=$SLURM_JOB_END_TIME
  else
    left=`squeue -h -j "${SLURM_JOB_ID:-}" -o %L 2>/dev/null | head -n 1`
    seconds=`intr_seconds "$left"` || {
      intr_say "time limit: none that squeue knows ('$left'). A stop comes by signal alone."
      unset INTR_DEADLINE
      return 0
    }
    export INTR_DEADLINE=$((`date +%s` + seconds))
  fi
  intr_say "deadline `date -d "@$INTR_DEADLINE" '+%F %T' 2>/dev/null || echo "$INTR_DEADLINE"`"
}

intr_seconds() { # [DAYS-][[HOURS:]MINUTES:]SECONDS as squeue prints it; fails on anything else
  [[ $1 =~ ^(([0-9]+)-)?(([0-9]+):)?([0-9]+):([0-9]+)$ ]] || return 1
  local days=${BASH_REMATCH[2]:-0} hours=${BASH_REMATCH[4]:-0} minutes=${BASH_REMATCH[5]} seconds=${BASH_REMATCH[6]}
  echo $((((10#$days * 24 + 10#$hours) * 60 + 10#$minutes) * 60 + 10#$seconds))
}

# How far the work has come that no crash can take back: the step of the newest good checkpoint; for sets, dumps and scores, files.
intr_progress() {
  if [ -e "$intr_result/checkpoints/MANIFEST" ]; then
    awk -F '\t' 'NF == 7 && $6 !~ /suspect/ && $1 + 0 > newest {newest = $1 + 0} END {print newest + 0}' \
      "$intr_result/checkpoints/MANIFEST"
  else
    find -H "$intr_result" ${intr_also:+"$intr_also"} -maxdepth 1 \( -name '[!.]*.h5' -o -name 'piece-*.json' \) 2>/dev/null |
      wc -l | tr -d ' '
  fi
}
intr_at() { # PROGRESS, in words
  case $intr_program in
    intr-train) echo "step $1" ;;
    intr-pack | intr-attend) echo "$1 finished files" ;;
    *) if [ "$1" = 0 ]; then echo "the start"; else echo "$1 finished files"; fi ;;
  esac
}

# --- run --------------------------------------------------------------------------------------------------------------------

# The array intr_words: a program of ours and its words, in the container if there is one; intr-train gets INTR_EXTRA, too.
intr_command() { # PROGRAM WORD…
  local program=$1
  shift
  intr_words=("${INTR_BIN:+$INTR_BIN/}$program" "$@")
  [ -z "$INTR_CONTAINER" ] || intr_words=("$jobs/container.sh" "${intr_words[@]}")
  set -f # words, not patterns
  # shellcheck disable=SC2206 # INTR_EXTRA is words
  [ "$program" != intr-train ] || intr_words+=($INTR_EXTRA)
  set +f
}

# Starts PROGRAM over all tasks of the job and waits for it.
intr_ranks() { # PROGRAM WORD…
  local launch
  intr_command "$@"
  intr_check_words || return 0
  export INTR_ATTEMPT_RECORD=$intr_state/attempts/$INTR_ATTEMPT.json
  rm -f "$INTR_ATTEMPT_RECORD" 2>/dev/null # of a command before this one in the same attempt
  if [ "$INTR_LAUNCHER" = mpirun ]; then
    # The script itself is task 0 of the job; ranks on this node must not take that for theirs.
    # Its daemons, too, start by srun, and must have all processors of their node: no SRUN_CPUS_PER_TASK.
    unset SLURM_PROCID SRUN_CPUS_PER_TASK
    # Slurm's processors are hardware threads.
    launch=(mpirun --use-hwthread-cpus --map-by "ppr:${SLURM_NTASKS_PER_NODE:-1}:node:pe=${SLURM_CPUS_PER_TASK:-1}"
      --bind-to hwthread -x INTR_ATTEMPT -x INTR_ATTEMPT_RECORD)
    [ -z "${INTR_DEADLINE:-}" ] || launch+=(-x INTR_DEADLINE)
  else
    # Without --kill-on-bad-exit the ranks that live would wait for a dead one for ever.
    launch=(srun --kill-on-bad-exit=1 "--mpi=$INTR_MPI" --cpu-bind=cores)
  fi
  intr_term_as=`[ "$INTR_LAUNCHER" != mpirun ] || echo USR2`
  intr_run "${launch[@]}" "${intr_words[@]}"
  intr_classify
}

# What no rank could run ends the job here: from many ranks at once the launcher would lose the code, and the job would come back.
intr_check_words() {
  [ -z "$INTR_DRY_RUN" ] || return 0
  local version kinds
  version=`"${intr_words[@]}" --version`
  case $? in
    0) intr_say "`head -n 1 <<<"$version"`" ;;
    2)
      intr_status=2
      return 1
      ;;
    *)
      intr_status=78 intr_cause=config
      intr_message="${intr_words[0]} does not start on `hostname`. Next: load in $jobs/env.sh the modules that it was built with"
      return 1
      ;;
  esac
  [ "$INTR_LAUNCHER" = srun ] || return 0
  kinds=`srun --mpi=list 2>&1`
  if [[ $kinds == *none* ]] && ! grep -qw -- "$INTR_MPI" <<<"$kinds"; then
    intr_status=78 intr_cause=config
    intr_message="srun here knows no --mpi=$INTR_MPI. Next: set INTR_MPI to one of: `tr -s '[:space:]' ' ' <<<"$kinds"`; or INTR_LAUNCHER=mpirun"
    return 1
  fi
}

# Runs PROGRAM in this script's place alone: no launcher, no ranks.
intr_one() { # PROGRAM WORD…
  intr_command "$@"
  unset INTR_ATTEMPT_RECORD
  intr_term_as=TERM
  intr_run "${intr_words[@]}"
  intr_classify
}

# Runs a command in the background, so that traps run at once, and waits until it has really ended.
intr_run() { # COMMAND WORD…
  if [ -n "$INTR_DRY_RUN" ]; then
    printf '%q ' "$@"
    echo
    return 0
  fi
  local traps=$intr_traps status
  if [ -n "$intr_asked$intr_term" ]; then
    intr_say "a stop was asked for (${intr_asked:-TERM}) before anything was started"
    intr_status=75 intr_cause=stop-signal intr_message=''
    return 0
  fi
  intr_say "`printf '%q ' "$@"`"
  "$@" &
  intr_pid=$! intr_status=127 # until something else is known: no launcher is no success
  if [ "$traps" != "$intr_traps" ]; then # came between the look above and the start; launchers need a moment before they can take it
    sleep 1
    if [ -n "$intr_asked" ]; then kill -USR2 "$intr_pid"; elif [ -n "$intr_term_as" ]; then kill "-$intr_term_as" "$intr_pid"; fi 2>/dev/null
  fi
  while :; do
    traps=$intr_traps
    wait "$intr_pid"
    status=$? # a signal ends wait with 128 + n, which is not the command's; 127: it was collected before
    [ "$status" = 127 ] || intr_status=$status
    [ "$traps" != "$intr_traps" ] || break
  done
  intr_pid=''
}

# TERM goes on as intr_term_as: never to srun, which would kill the ranks at once (Slurm itself sends it to them); to mpirun as
# USR2, for it passes on USR1 and USR2 alone.
intr_on_signal() {
  local signal=USR2
  intr_traps=$((intr_traps + 1))
  if [ "$1" = TERM ]; then intr_term=yes signal=$intr_term_as; else intr_asked=$1; fi
  [ -z "$intr_pid" ] || [ -z "$signal" ] || kill "-$signal" "$intr_pid" 2>/dev/null
  return 0
}

# Launchers lose exit codes. The program's own record of this attempt counts first, then what the launcher says.
intr_classify() {
  [ -z "$INTR_DRY_RUN" ] || return 0
  local line code launcher=$intr_status
  intr_cause='' intr_message=''
  line=`head -n 1 "${INTR_ATTEMPT_RECORD:-/dev/null}" 2>/dev/null`
  if [[ $line =~ ^\{\"code\":([0-9]+),\"cause\":\"([a-z-]+)\".*\}$ ]]; then
    intr_status=${BASH_REMATCH[1]} intr_cause=${BASH_REMATCH[2]}
    intr_message=`printf '%s' "$line" | sed -n 's/.*"message":"\(.*\)"}$/\1/p'`
    return 0
  fi
  code=$launcher
  case $launcher in
    0)
      # srun was seen to say 0 of a step that could not be launched. A finished run has no doubt.
      if [ -z "${INTR_ATTEMPT_RECORD:-}" ] || [ -e "$intr_state/DONE" ]; then return 0; fi
      code=76 intr_cause=launcher intr_message="the launcher left with 0, but no rank said that its work is done"
      ;;
    2 | 65 | 70 | 77 | 78) intr_cause='' ;;
    75) intr_cause=stop-signal ;;
    76) intr_cause=peer-lost ;;
    132 | 133 | 134 | 135 | 136 | 139)
      # Tried again as any death: whether the launcher names the signal or says 143 is chance, and the node may be what is broken.
      code=76 intr_cause=crash
      intr_message="a rank died of signal $((launcher - 128)). If that comes back, report it with this log and $intr_state/attempts"
      ;;
    137) code=76 intr_cause=killed intr_message="a rank was killed; perhaps out of memory: see --mem" ;;
    *) code=76 intr_cause=launcher intr_message="the launcher left with $launcher and no rank said why; if ranks were killed, perhaps out of memory: see --mem" ;;
  esac
  intr_status=$code
}

# --- what comes next --------------------------------------------------------------------------------------------------------

# FOLDER/requeue.tsv has a line an attempt: attempt, code, cause, progress before, after, time.
intr_record() { # ATTEMPT CODE CAUSE BEFORE AFTER
  # A line that was torn must not swallow this one.
  [ -z "`tail -c 1 "$intr_state/requeue.tsv" 2>/dev/null`" ] || { echo >>"$intr_state/requeue.tsv"; } 2>/dev/null
  { printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "${3:--}" "$4" "$5" "`date +%FT%T`" >>"$intr_state/requeue.tsv"; } 2>/dev/null && return 0
  intr_say "cannot write $intr_state/requeue.tsv: attempts are not counted. Next: check the path, rights and quota"
  return 1
}

# A restart of this job whose last attempt left no line: its node died with the script. It counts, or a job that takes its node
# down would come back for ever.
intr_count_lost_attempt() {
  local restart=${SLURM_RESTART_COUNT:-0} last
  [ "$restart" -gt 0 ] || return 0
  last=${intr_job/_/-}_$((restart - 1))
  ! grep -qs "^$last"$'\t' "$intr_state/requeue.tsv" || return 0
  intr_say "attempt $last left no trace: its node failed, or Slurm killed it before it could say why"
  intr_before=`intr_progress`
  intr_record "$last" 76 node "`intr_last_progress`" "$intr_before"
  intr_check_bounds "$intr_before"
}
intr_lines() { grep -a . "$intr_state/requeue.tsv" 2>/dev/null; }
intr_last_progress() { intr_lines | awk -F '\t' 'NF == 6 {last = $5} END {print last + 0}'; }

# Attempts in a row, up to the last, that ended to be repeated and left no more on disk than they found. Passed over: attempts that
# Slurm or the user ended ("taken"), those that were refused, such as a second job's (78), and torn lines.
intr_stuck() {
  intr_lines | awk -F '\t' 'NF == 6 {
    if ($5 + 0 > $4 + 0 || $2 !~ /^7[568]$/ || $3 == "stopped") stuck = 0
    else if ($2 != 78 && $3 != "taken") ++stuck
  } END {print stuck + 0}'
}
intr_attempts() { intr_lines | awk -F '\t' '{++attempts} $3 == "stopped" {attempts = 0} END {print attempts + 0}'; }

intr_time_limit() {
  # Not grep -q in a pipe: it leaves at the first match, and the writer's broken pipe would be the answer.
  local job
  job=`scontrol show job "${SLURM_JOB_ID:-}" 2>/dev/null`
  [[ $job =~ [[:space:]]Reason=TimeLimit([[:space:]]|$) ]]
}

intr_taken() { [ -n "$intr_term" ] && ! intr_time_limit; }

# Last call of a script that can go on: decides, says so, leaves.
intr_next() {
  [ -z "$INTR_DRY_RUN" ] || exit 0
  local after pause=0
  after=`intr_progress`
  [ -z "$intr_message" ] || intr_say "$intr_message"
  intr_exclude_hint
  case $intr_status in
    75 | 76) ;;
    *)
      intr_record "$INTR_ATTEMPT" "$intr_status" "$intr_cause" "$intr_before" "$after"
      intr_end "$intr_status" "`intr_meaning "$intr_status"`"
      ;;
  esac
  if [ "$intr_cause" = halt ]; then
    intr_record "$INTR_ATTEMPT" 75 halt "$intr_before" "$after"
    intr_end 75 "stopped at `intr_at "$after"` because of $intr_state/HALT. Next: rm $intr_state/HALT and submit again"
  fi
  if intr_taken; then
    # Preempted and failed nodes: Slurm itself requeues. Cancelled: a requeue here would bring the job back.
    intr_record "$INTR_ATTEMPT" "$intr_status" taken "$intr_before" "$after"
    intr_end "$intr_status" "stopped by Slurm at `intr_at "$after"`. A preempted job comes back by itself; a cancelled one" \
      "goes on when it is submitted again"
  fi
  # Without the count, Slurm's own is the only bound.
  intr_record "$INTR_ATTEMPT" "$intr_status" "$intr_cause" "$intr_before" "$after" ||
    [ "${SLURM_RESTART_COUNT:-0}" -lt "$INTR_MAX_STUCK" ] ||
    intr_end "$intr_status" "stopped at `intr_at "$after"`. Next: see that $intr_state can be written, then submit again, it goes on"
  intr_check_bounds "$after"
  [ -z "$INTR_NO_REQUEUE" ] || intr_end "$intr_status" "stopped at `intr_at "$after"`, to be continued by the next job of the chain"
  if [ "$intr_status" = 76 ]; then
    pause=$((10#$INTR_PAUSE << (intr_stuck_now > 4 ? 4 : intr_stuck_now > 0 ? intr_stuck_now - 1 : 0)))
  fi
  intr_requeue "$pause" "$after"
}

intr_check_bounds() { # PROGRESS: leaves if the run came back too often; else intr_stuck_now says how often without progress
  intr_stuck_now=`intr_stuck`
  if [ "$intr_stuck_now" -ge "$INTR_MAX_STUCK" ]; then
    intr_stop "$intr_stuck_now attempts in a row came no further than `intr_at "$1"`."
  fi
  if [ "`intr_attempts`" -ge "$INTR_MAX_RESTARTS" ]; then intr_stop "`intr_attempts` attempts were made (INTR_MAX_RESTARTS)."; fi
}

intr_stop() { # REASON: a loop without progress ends here
  local why
  why=`echo "$1" && tail -n 5 "$intr_state/train.log" 2>/dev/null`
  printf '%s\n' "$why" | sed 's/^/intr: /'
  { printf '%s\n' "$why" >"$intr_state/STUCK"; } 2>/dev/null || intr_say "cannot write $intr_state/STUCK"
  intr_record - 76 stopped "$intr_before" "$intr_before" # counting begins anew when STUCK is gone
  intr_end 76 "no more requeues. Next: read the lines above, mend it, then rm $intr_state/STUCK and submit again"
}

intr_requeue() { # PAUSE_S PROGRESS
  local try what answer
  what="`intr_at "$2"`, after attempt $INTR_ATTEMPT ended with $intr_status${intr_cause:+ ($intr_cause)}"
  command -v scontrol >/dev/null || intr_end "$intr_status" "stopped at $what. scontrol is not here: submit again, it goes on"
  # This script gets TERM from its own requeue, and would go on beside its successor if it stayed.
  trap '' TERM
  # The last look before it: scancel often follows a stop by signal at once.
  ! intr_taken || intr_end "$intr_status" "stopped by Slurm at $what. Submit it again, it goes on"
  for try in 1 2 3; do
    if answer=`scontrol requeue "$intr_job" 2>&1`; then
      [ "$1" = 0 ] || scontrol update "JobId=$intr_job" "StartTime=now+$1" >/dev/null 2>&1 || intr_say "the pause of $1 s was refused"
      intr_end "$intr_status" "requeued at $what, to start in $1 s or later"
    fi
    [ -z "$answer" ] || intr_say "$answer"
    # So it says when Slurm itself has put the job back already, after preemption or the failure of a node.
    [[ $answer != *"pending execution"* ]] || intr_end "$intr_status" "stopped at $what. Slurm itself brings it back"
    [ "$try" = 3 ] || sleep "${INTR_RETRY_S:-5}"
  done
  intr_end "$intr_status" "stopped at $what. scontrol refused to requeue: submit again, it goes on"
}

# For scripts that are not requeued.
intr_finish() {
  [ -z "$INTR_DRY_RUN" ] || exit 0
  [ -z "${intr_message:-}" ] || intr_say "$intr_message"
  intr_end "$intr_status" "`intr_meaning "$intr_status"`"
}

intr_end() { # CODE WHAT…: the last line of every log, kept in last-job.tsv, too
  local code=$1
  shift
  { printf '%s\tjob %s\texit %s\t%s\n' "`date '+%F %T'`" "${intr_job:-none}" "$code" "$*" >"$intr_state/last-job.tsv"; } 2>/dev/null
  intr_say "exit $code: $*"
  exit "$code"
}

intr_meaning() { # CODE
  case $1 in
    0) echo "finished. ${intr_after_success:-}" ;;
    2) echo "the command was not understood. Next: correct it and submit again" ;;
    65) echo "input is damaged or not what it should be; a requeue would not help. Next: see the message above" ;;
    70) echo "a fault in the program. Next: report it with this log and $intr_state/attempts" ;;
    75) echo "stopped early, nothing is lost. Next: submit again, it goes on" ;;
    76) echo "a rank died or hung. Next: submit again" ;;
    77) echo "training diverged. Next: lower the learning rate or look at the samples that are named, then submit again" ;;
    78) echo "this setting or machine cannot work; a requeue would not help. Next: see the message above, then submit again" ;;
    *) echo "left with $1" ;;
  esac
}

# Nodes that were slow or bad, joined by commas: at most a quarter of the partition's, the newest.
intr_excluded() { # FOLDER
  local all
  all=`sinfo -h -N -o %N ${SBATCH_PARTITION:+-p "$SBATCH_PARTITION"} 2>/dev/null | sort -u | wc -l`
  awk 'NF {print $1}' "$1/exclude.txt" 2>/dev/null | tac | awk '!seen[$1]++' | head -n "$((all / 4))" | paste -sd, -
}

intr_exclude_hint() {
  local nodes
  nodes=`awk 'NF && !seen[$1]++ {print $1}' "$intr_result/exclude.txt" 2>/dev/null | paste -sd, -`
  [ -z "$nodes" ] || intr_say "slow or bad nodes were seen; to leave them out: sbatch --exclude=$nodes …"
}

# With INTR_PREFLIGHT=1: checks the nodes of this job before they are used for work (preflight.sh); bad ones end the job with 78.
intr_preflight() {
  [ -n "${INTR_PREFLIGHT:-}" ] || return 0
  intr_run bash "$jobs/preflight.sh" "$intr_result"
  case $intr_status in
    0) ;;
    75) intr_next ;;
    *) [ -n "$intr_asked$intr_term" ] || intr_finish ;; # after a signal nothing more is started, and intr_next decides
  esac
}
