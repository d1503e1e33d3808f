#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Checks the nodes of an allocation in a minute and names those to leave out, before training pays for them.
#     preflight.sh FOLDER        in a batch script or under salloc; FOLDER is the run directory
# Writes FOLDER/preflight.tsv, one line a node, and adds bad nodes to FOLDER/exclude.txt. Leaves with 0; with 78 if a node is bad or
# ranks cannot start. What is bad and what a warning: docs/running-on-slurm.md. Settings: env.sh.
set -uo pipefail
export LC_ALL=C # decimal points, and the same messages on all nodes
SECONDS=0

# --- on each node: preflight.sh --node FOLDER STAGE [CONTAINER.SH] PROGRAM ------------------------------------------------------

# Prints a line with the clock at once, and one with all facts at the end. A fact that starts with ! is an error.
node_main() { # FOLDER STAGE(- for none) [CONTAINER.SH] PROGRAM
  local name folder=$1 stage=$2 gpus versions folder_s stage_s=-
  name=$(hostname)
  name=${SLURMD_NODENAME:-${name%%.*}}
  shift 2
  printf 'preflight\tclock\t%s\t%s\n' "$name" "$(date +%s.%N)"
  gpus=$(node_gpus)
  folder_s=$(node_seconds "$folder")
  if [ "$stage" != - ]; then
    mkdir -p "$stage" 2>/dev/null
    stage_s=$(node_seconds "$stage")
  fi
  versions=$(node_versions "$@")
  printf 'preflight\tfacts\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$name" "$(date +%s.%N)" "$gpus" \
    "$(awk '/^MemAvailable:/ {print int($2 / 1024); found = 1} END {if (!found) print "-"}' /proc/meminfo)" \
    "$(df -Pm /dev/shm 2>/dev/null | awk 'NR == 2 {free = $4} END {print free == "" ? "-" : free}')" "$folder_s" "$stage_s" "$versions"
}

node_error() { # TEXT: as a fact, one line without tabs
  printf '!%s' "$(head -n 1 <<<"$1" | tr '\t' ' ')"
}

node_gpus() { # number of GPUs, TAB, uncorrected memory errors in all (-: no ECC)
  local errors
  command -v nvidia-smi >/dev/null || { printf '0\t-'; return; }
  errors=$(timeout -k 1 8 nvidia-smi --query-gpu=ecc.errors.uncorrected.volatile.total --format=csv,noheader,nounits 2>/dev/null)
  case $? in
    0) awk 'NF {++n} $1 ~ /^[0-9]+$/ {sum += $1; ecc = 1} END {printf "%d\t%s", n, ecc ? sum : "-"}' <<<"$errors" ;;
    124 | 137) printf '!nvidia-smi does not answer\t-' ;;
    *) printf '0\t-' ;; # a node without GPUs may have the program; where others have some, the number tells
  esac
}

node_seconds() ( # FOLDER: seconds to write, sync and read 64 MiB there. In a subshell: its trap removes what it made
  local place error begin code
  place=$(mktemp -d "$1/.preflight.XXXXXX" 2>&1) || { node_error "$place"; return; }
  trap 'rm -rf "$place"' EXIT
  begin=$(date +%s.%N)
  error=$(timeout -k 1 8 dd if=/dev/zero "of=$place/file" bs=1M count=64 conv=fsync status=none 2>&1)
  code=$?
  [ "$code" != 124 ] || { printf '>8'; return; }
  [ "$code" = 0 ] || { node_error "${error:-dd left with $code}"; return; }
  dd "if=$place/file" iflag=nocache count=0 status=none 2>/dev/null # or memory alone would be read
  error=$(timeout -k 1 8 cksum <"$place/file" 2>&1)
  code=$?
  [ "$code" != 124 ] || { printf '>8'; return; }
  [ "$error" = '3975907619 67108864' ] || { node_error "read back other bytes than were written: ${error:-cksum left with $code}"; return; }
  awk -v begin="$begin" -v end="$(date +%s.%N)" 'BEGIN {printf "%.2f", end - begin}'
)

node_versions() { # [CONTAINER.SH] PROGRAM: its version, TAB, what it is built with and the files of MPI and NCCL that it loads
  local text program=${*: -1}
  text=$(timeout -k 1 10 "$@" --version 2>&1) || { node_error "$program: ${text:-does not start}"; printf '\t-'; return; }
  # shellcheck disable=SC2016 # for the inner shell, which may be one in the container
  text+=$'\n'$("${@:1:$#-1}" sh -c 'ldd "$(command -v "$0")" | sed -n "s,.*=> \([^ ]*/lib\(mpi\|nccl\)\.so[^ ]*\) .*,\1,p" |
    while read -r file; do file=$(readlink -f "$file"); echo "${file##*/}"; done' "$program" 2>/dev/null)
  tr '\t' ' ' <<<"$text" | awk 'NR == 1 {printf "%s\t", $0} NR > 1 && NF {printf "%s%s", comma, $0; comma = ", "} END {if (!comma) printf "-"}'
}

if [ "${1:-}" = --node ]; then
  shift
  node_main "$@"
  exit 0 # mpirun ends all the others where one fails
fi

# --- the allocation ------------------------------------------------------------------------------------------------------------

jobs=$(cd "$(dirname "$0")" && pwd)
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$jobs/lib.sh" || exit 2
self=$jobs/preflight.sh
at_once=64 # pairs that are tried at a time

# The array launch: starts something once on each of the nodes, or twice on one (TASKS 2). A node that fails must not end the others
# while they are asked for facts; ranks of MPI must.
set_launch() { # facts|mpi TASKS NODE…
  local what=$1 tasks=$2 nodes
  shift 2
  nodes=$(IFS=, && echo "$*")
  if [ "$INTR_LAUNCHER" = mpirun ]; then
    launch=(mpirun --host "${nodes//,/:$tasks,}:$tasks" --map-by "ppr:$tasks:node" --bind-to none)
    [ -z "$INTR_CONTAINER" ] || launch+=(-x INTR_CONTAINER -x INTR_BINDS -x INTR_RUN -x INTR_STAGE)
    return
  fi
  launch=(srun "--nodes=$#" "--ntasks=$(($# * tasks))" "--ntasks-per-node=$tasks" "--nodelist=$nodes")
  if [ "$what" = facts ]; then
    launch+=(--mpi=none --no-kill --kill-on-bad-exit=0 --wait=0)
  else
    launch+=(--kill-on-bad-exit=1 "--mpi=$INTR_MPI" --cpu-bind=cores)
    [ -z "${SLURM_GPUS_ON_NODE:-}" ] || launch+=(--gpu-bind=none)
  fi
}

set_facts_command() { # NODE…: the array command
  set_launch facts 1 "$@"
  intr_command intr-bench
  command=("${launch[@]}" bash "$self" --node "$work" "${INTR_STAGE:--}" "${intr_words[@]}")
}

set_pair_command() { # NODE [NODE]: the array command. A model as small as can be: sums alone are of interest
  if [ "$#" = 1 ]; then set_launch mpi 2 "$1"; else set_launch mpi 1 "$@"; fi
  intr_command intr-bench comm --largest 64MiB --rounds 10 --threads 1 --classes 2 --backbone resnet18 --enc-layers 1 --dec-layers 1 \
    --hidden-dim 32 --nheads 1 --dim-feedforward 64 --image-size 64 --json "$(IFS=+ && echo "$work/$*.json")"
  command=("${launch[@]}" "${intr_words[@]}")
}

# Each line gets the time at which it came. The node's clock less that is how far it is ahead of ours, less the time on the way:
# of a node's two lines the one that travelled faster counts. So it does not matter that nodes answer at different times.
ask() { # SECONDS NODE…
  local line limit=$1
  shift
  set_facts_command "$@"
  timeout -k 3 "$limit" "${command[@]}" </dev/null 2>>"$work/errors" |
    while IFS= read -r line; do
      [[ $line != preflight$'\t'* ]] || printf '%s\t%s\n' "${EPOCHREALTIME:-$(date +%s.%N)}" "$line"
    done >>"$work/answers" &
  asked+=($!)
}

silent_nodes() { # those whose facts have not come
  awk -F '\t' 'kind == "answers" && $3 == "facts" {answered[$4] = 1} kind == "nodes" && !($1 in answered)' \
    kind=answers "$work/answers" kind=nodes "$work/nodes"
}

ask_all() {
  local node again asked=()
  ask 26 "${nodes[@]}"
  wait "${asked[@]}" # so a trap runs at once
  readarray -t again < <(silent_nodes)
  # One broken node can take the launch for all with it: those that were silent are asked alone.
  [ "${#again[@]}" -gt 0 ] && [ "${#nodes[@]}" -gt 1 ] || return 0
  asked=()
  for node in "${again[@]}"; do
    if [ "${#asked[@]}" = "$at_once" ]; then
      wait "${asked[@]}"
      asked=()
    fi
    ask 10 "$node"
  done
  wait "${asked[@]}"
}

# --- the pairs -----------------------------------------------------------------------------------------------------------------

# For each a line in the file pairs: node, node, GB/s of the sum of 64 MiB (- if it failed), why, and of what kind the failure is:
# mismatch (each rank is alone: MPI and the launcher do not fit), slow (it worked, but not to the end), other.
try_pairs() { # SECONDS NODE,NODE…
  local pair limit=$1 running=() words
  shift
  for pair in "$@"; do
    IFS=, read -r -a words <<<"$pair"
    set_pair_command "${words[@]}"
    timeout -k 3 "$limit" "${command[@]}" </dev/null >"$work/${pair/,/+}.log" 2>&1 &
    running+=("$pair $!")
    if [ "${#running[@]}" = "$at_once" ]; then
      end_pairs "$limit" "${running[@]}"
      running=()
    fi
  done
  end_pairs "$limit" ${running[@]+"${running[@]}"}
}

end_pairs() { # SECONDS "NODE,NODE PID"…
  local entry pair code speed why kind log limit=$1
  shift
  for entry in "$@"; do
    pair=${entry% *} log=$work/${pair/,/+}.log why='' kind=other
    wait "${entry##* }"
    code=$?
    speed=$(awk -F '[:,]' '/"bytes": *67108864/ {here = 1} here && /"algbw_gb_s"/ {print $2 + 0; exit}' "${log%.log}.json" 2>/dev/null)
    if [ "$code" != 0 ] || [ -z "$speed" ]; then
      speed=-
      why=$(grep -m 1 -E '^(error|srun: error): ' "$log" || grep -v '^[ -]*$' "$log" | tail -n 1)
      if [ "$code" = 124 ]; then
        why="no end within $limit s"
        ! grep -q ' rounds, ' "$log" || kind=slow
      elif grep -qE 'MPI sees one rank|one rank sends nothing|singleton' "$log"; then
        kind=mismatch
        why=${why%%. Next: *}
      fi
      why=${why//$'\t'/ }
    fi
    printf '%s\t%s\t%s\t%s\t%s\n' "${pair%,*}" "${pair#*,}" "$speed" "${why:-left with $code without a word}" "$kind" >>"$work/pairs"
  done
}

left() { # SECOND: how long from now until then in this script's life, but not too short to start anything
  local seconds=$(($1 - SECONDS))
  echo $((seconds > 12 ? seconds : 12))
}

pairs_of() { # NODE…: (1,2), (3,4) …; an odd one is left over
  while [ "$#" -ge 2 ]; do
    echo "$1,$2"
    shift 2
  done
}

test_pairs() { # NODE…
  local pairs
  if [ "${#nodes[@]}" = 1 ]; then
    # A job of one task starts no ranks that have to meet.
    [ "$#" = 0 ] || [ "${SLURM_NTASKS:-1}" -lt 2 ] || try_pairs "$(left 58)" "$1"
    return 0
  fi
  [ "$#" -ge 2 ] || return 0
  readarray -t pairs < <(pairs_of "$@")
  try_pairs "$(left 42)" "${pairs[@]}"
  [ $(($# % 2)) = 0 ] || try_pairs "$(left 58)" "${!#},$1" # after the others: the first node had a pair already
}

# --- judgement -----------------------------------------------------------------------------------------------------------------

# Prints the table. The file settings gets what speaks against the settings rather than a node.
judge() {
  : >"$work/settings"
  awk -v settings="$work/settings" -v launcher="$INTR_LAUNCHER" '
    function note(i, text) { what[i] = what[i] (what[i] == "" ? "" : "; ") text }
    function blame(i, text) { state[i] = "bad"; note(i, text) }
    function warn(i, text) { if (state[i] == "good") state[i] = "warning"; note(i, text) }
    function error(value) { return substr(value, 1, 1) == "!" }
    function shown(value) { return error(value) ? "error" : value }

    function median(values, n,   i, j, t, sorted) {
      for (i = 1; i <= n; ++i) {
        t = values[i] + 0
        for (j = i - 1; j > 0 && sorted[j] > t; --j) sorted[j + 1] = sorted[j]
        sorted[j + 1] = t
      }
      return n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
    }
    function median_of(column,   i, k, values) { # of those that have a number there
      for (i = 1; i <= n; ++i) if (fact[i, column] ~ /^[0-9.]+$/) values[++k] = fact[i, column]
      return k ? median(values, k) : 0
    }

    # What most nodes have in a column must be had by all. Where two values are as frequent, the larger number is right; of versions
    # none can be called wrong.
    function must_agree(column, name, numbers,   i, value, count, most, common, tie) {
      for (i = 1; i <= n; ++i) if (i in answered && !error(fact[i, column])) ++count[fact[i, column]]
      for (i = 1; i <= n; ++i) {
        value = fact[i, column]
        if (!(value in count) || value == common) continue
        if (count[value] > most) { most = count[value]; common = value; tie = 0 }
        else if (count[value] == most && !numbers) tie = 1
        else if (count[value] == most && value + 0 > common + 0) common = value
      }
      for (i = 1; i <= n; ++i) {
        value = fact[i, column]
        if (!(value in count) || value == common) continue
        if (!tie) { blame(i, name " " value ", most have " common); continue }
        warn(i, name " " value)
        print name " " value " on " node[i] ", " common " on others, and neither is on most nodes. Next: install the same on all" >settings
      }
    }
    function judge_folder(i, column, name, usual,   value) {
      value = fact[i, column]
      if (error(value)) blame(i, name ": " substr(value, 2))
      else if (value ~ /^>/) warn(i, name ": 64 MiB took more than " substr(value, 2) " s")
      else if (value + 0 > 4 && value > 4 * usual) warn(i, name ": 64 MiB took " value " s, the median is " usual " s")
    }
    function judge_facts(   i, d, run, stage, memory) {
      must_agree(GPUS, "number of GPUs", 1)
      must_agree(PROGRAM, "version", 0)
      must_agree(LIBRARIES, "libraries", 0)
      run = median_of(RUN); stage = median_of(STAGE); memory = median_of(MEMORY)
      for (i = 1; i <= n; ++i) {
        if (!(i in answered)) continue
        if (error(fact[i, GPUS])) blame(i, substr(fact[i, GPUS], 2))
        if (fact[i, ECC] + 0 > 0) blame(i, fact[i, ECC] " uncorrected memory errors of GPUs")
        if (error(fact[i, PROGRAM])) blame(i, substr(fact[i, PROGRAM], 2))
        judge_folder(i, RUN, "run directory", run)
        judge_folder(i, STAGE, "stage folder", stage)
        d = ahead[i] - ahead[reference]
        clock[i] = sprintf("%+.1f", d)
        if (d > 2 || d < -2) warn(i, sprintf("clock %.1f s %s that of %s", d < 0 ? -d : d, d < 0 ? "behind" : "ahead of", node[reference]))
        if (fact[i, MEMORY] ~ /[0-9]/ && fact[i, MEMORY] * 2 < memory) warn(i, fact[i, MEMORY] " MiB memory free, the median is " memory)
        if (fact[i, SHM] ~ /[0-9]/ && fact[i, SHM] < 64) warn(i, fact[i, SHM] " MiB free in /dev/shm")
      }
    }

    function judge_pairs(   k, i, side, other, usual, speeds, done, slow, fine, both, advice) {
      for (k = 1; k <= pairs; ++k) if (speed[k] != "-") speeds[++done] = speed[k]
      usual = done ? median(speeds, done) : 0
      for (k = 1; k <= pairs; ++k) {
        if (speed[k] == "-") continue
        slow[k] = done > 2 && speed[k] * 2 < usual
        for (side = 1; side <= 2; ++side) {
          i = pair[k, side]
          if (speed[k] + 0 > best[i] + 0) best[i] = speed[k]
          if (!slow[k]) fine[i] = 1
        }
      }
      for (k = 1; k <= pairs; ++k) {
        if (speed[k] != "-" && !slow[k]) continue
        both = node[pair[k, 1]] (pair[k, 1] == pair[k, 2] ? "" : " and " node[pair[k, 2]])
        if (failure[k] == "mismatch") {
          print "two ranks on " both " do not find each other, so MPI and " launcher " do not match (" why[k] "). " \
            "Next: set INTR_MPI to a PMIx that srun --mpi=list shows, or take train-mpirun.sbatch" >settings
        } else if (!done && failure[k] != "slow") {
          advice = why[k] ~ /Next: / ? "" : ". Next: set INTR_IFACE to the interface between the nodes, or try intr-bench comm by hand"
          print "two ranks on " both ": " why[k] advice >settings
        } else {
          for (side = 1; side <= 2; ++side) {
            i = pair[k, side]
            other = node[pair[k, 3 - side]]
            if (i in fine) continue # the first node, where it met the last of an odd number: its own pair was good
            if (speed[k] == "-" && failure[k] == "slow" && (!done || pairs < 3)) warn(i, "sum of 64 MiB with " other ": " why[k])
            else if (speed[k] == "-") blame(i, "two ranks with " other ": " why[k])
            else blame(i, sprintf("sum of 64 MiB with %s at %.2f GB/s, the median is %.2f", other, speed[k], usual))
          }
        }
      }
    }

    BEGIN { FS = OFS = "\t"; GPUS = 1; ECC = 2; MEMORY = 3; SHM = 4; RUN = 5; STAGE = 6; PROGRAM = 7; LIBRARIES = 8 }
    kind == "nodes" { node[++n] = $1; number[$1] = n; state[n] = "good" }
    kind == "answers" && $4 in number {
      i = number[$4]
      if (!(i in ahead) || $5 - $1 > ahead[i]) ahead[i] = $5 - $1
      if ($3 != "facts" || NF != 13) next
      answered[i] = 1
      for (j = 6; j <= NF; ++j) fact[i, j - 5] = $j
    }
    kind == "pairs" {
      pair[++pairs, 1] = number[$1]
      pair[pairs, 2] = number[$2]
      speed[pairs] = $3; why[pairs] = $4; failure[pairs] = $5
    }
    END {
      for (i = 1; i <= n; ++i) {
        if (i in answered) {
          if (!reference) reference = i
          continue
        }
        for (j = 1; j <= LIBRARIES; ++j) fact[i, j] = "-"
        blame(i, i in ahead ? "did not come to the end of its checks" : "does not answer")
      }
      if (!reference) print "no node answered. Next: see what " launcher " says above" >settings
      judge_facts()
      judge_pairs()
      print "node", "state", "gpus", "ecc_errors", "memory_mb", "shm_mb", "run_s", "stage_s", "clock_s", "pair_gb_s", "program", "libraries", "what"
      for (i = 1; i <= n; ++i) {
        line = node[i] OFS state[i]
        for (j = 1; j <= STAGE; ++j) line = line OFS shown(fact[i, j])
        line = line OFS (i in clock ? clock[i] : "-") OFS (i in best ? sprintf("%.2f", best[i]) : "-")
        print line, shown(fact[i, PROGRAM]), fact[i, LIBRARIES], what[i] == "" ? "-" : what[i]
      }
    }' kind=nodes "$work/nodes" kind=answers "$work/answers" kind=pairs "$work/pairs"
}

nodes_in_state() { awk -F '\t' -v state="$1" 'NR > 1 && $2 ~ state {print $1}' "$work/table"; } # PATTERN

aligned() { # TABLE
  awk -F '\t' '
    FNR == NR {for (i = 1; i <= NF; ++i) if (length($i) > width[i]) width[i] = length($i); next}
    {for (i = 1; i < NF; ++i) printf "%-*s  ", width[i], $i; print $NF}' "$1" "$1"
}

add_excluded() { # FILE: a line a node: its name, TAB, why. intr-train adds names alone
  [ -e "$1" ] || : >>"$1"
  [ -z "$(tail -c 1 "$1")" ] || echo >>"$1" # someone's torn last line
  awk -F '\t' -v OFS='\t' '
    kind == "known" {split($0, words, " "); known[words[1]] = 1}
    kind == "table" && FNR > 1 && $2 == "bad" && !($1 in known) {print $1, "preflight: " $NF}' \
    kind=known "$1" kind=table "$work/table" >"$work/new" && cat "$work/new" >>"$1"
}

# Where no node answers, or all of several are bad, it is rather a setting: to leave all of them out would not help.
conclude() {
  local bad all=''
  readarray -t bad < <(nodes_in_state bad)
  if [ "${#bad[@]}" = "${#nodes[@]}" ] && { [ "${#bad[@]}" -gt 1 ] || [ -s "$work/settings" ]; }; then
    echo "all nodes are bad, so it may be a setting; exclude.txt stays as it is. Next: see the last column of the table" >>"$work/settings"
  elif [ "${#bad[@]}" -gt 0 ]; then
    add_excluded "$folder/exclude.txt" || intr_say "cannot write $folder/exclude.txt"
    all=$(awk 'NF && !seen[$1]++ {print $1}' "$folder/exclude.txt" | paste -sd, -)
    all="preflight: ${#bad[@]} of ${#nodes[@]} nodes are bad ($SECONDS s). Next: sbatch --exclude=$all …"
  fi
  if [ -s "$work/settings" ]; then
    sort -u "$work/settings" | sed 's/^/intr: /' >&2
    [ -z "$all" ] || intr_say "$all" >&2
    intr_fail 78 "preflight: ranks cannot work together on these ${#nodes[@]} nodes ($SECONDS s). Next: see the lines above"
  fi
  [ -z "$all" ] || intr_fail 78 "$all"
  intr_say "preflight: ${#nodes[@]} of ${#nodes[@]} nodes can be used, $(nodes_in_state warning | wc -l) with a warning ($SECONDS s)"
}

# --- all of it -----------------------------------------------------------------------------------------------------------------

stop() {
  trap '' TERM INT HUP USR1 USR2
  # shellcheck disable=SC2046 # numbers
  kill $(jobs -p) 2>/dev/null # each a timeout, which hands TERM on to its launcher
  wait
  intr_fail 75 "preflight was stopped after $SECONDS s. Next: start it again"
}

dry_run() { # FOLDER
  work=$1/.preflight.XXXXXX
  set_facts_command NODE1 NODE2
  printf '%q ' "${command[@]}"
  echo
  set_pair_command NODE1 NODE2
  printf '%q ' "${command[@]}"
  echo
}

begin() { # FOLDER
  [ -n "${SLURM_JOB_NODELIST:-}" ] ||
    intr_fail 2 "preflight.sh runs in a job: SLURM_JOB_NODELIST is not set. Next: sbatch --nodes=N preflight.sbatch"
  readarray -t nodes < <(scontrol show hostnames "$SLURM_JOB_NODELIST")
  [ "${#nodes[@]}" -gt 0 ] ||
    intr_fail 78 "scontrol names no node of $SLURM_JOB_NODELIST. Next: scontrol show hostnames $SLURM_JOB_NODELIST"
  mkdir -p "$1" 2>/dev/null
  folder=$(cd "$1" 2>/dev/null && pwd)
  work=$(mktemp -d "${folder:-$1}/.preflight.XXXXXX" 2>/dev/null) ||
    intr_fail 78 "cannot write in $1 on $(hostname). Next: check its path, rights and quota"
  trap 'rm -rf "$work"' EXIT
  trap stop TERM INT HUP USR1 USR2
  printf '%s\n' "${nodes[@]}" >"$work/nodes"
  : >"$work/answers"
  : >"$work/errors"
  : >"$work/pairs"
}

main() { # FOLDER
  local nodes=() launch=() command=() intr_words=() usable
  [ -n "${1:-}" ] || intr_fail 2 "preflight.sh FOLDER: no folder. Next: bash $self RUN"
  intr_settings
  export SLURM_OVERLAP=1 # a step may use what the shell of salloc, or another step, holds
  unset SLURM_PROCID     # a batch script is task 0 of its job; ranks that mpirun starts here must not take that for theirs
  if [ -n "$INTR_DRY_RUN" ]; then
    dry_run "$1"
    exit 0
  fi
  begin "$1"
  ask_all
  judge >"$work/table"
  readarray -t usable < <(nodes_in_state 'good|warning')
  test_pairs ${usable[@]+"${usable[@]}"}
  judge >"$work/table"
  [ -z "$(silent_nodes)" ] || tail -n 10 "$work/errors" >&2
  aligned "$work/table"
  { cp "$work/table" "$work/whole" && mv "$work/whole" "$folder/preflight.tsv"; } || intr_say "cannot write $folder/preflight.tsv"
  conclude
}

main "$@"
