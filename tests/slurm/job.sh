# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the cases share: submitting the project's own job scripts to the test cluster, waiting, and comparing. Sourced by cases/*.sh,
# which run_cases.sh gives CLUSTER, DIR, WORK, INTR_BIN, and SHARED (setup.sh: a packed set and an unbroken run).
set -euo pipefail
jobs_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../jobs/slurm" && pwd -P)
run=$WORK/run
guard=300 # seconds; against hangs alone
RANDOM=${SEED:-$$}

# A tiny model. With virtual shards any number of ranks must end with the same bits.
training_words=(--backbone resnet18 --backbone-stages 3 --freeze backbone --hidden-dim 32 --nheads 4 --enc-layers 1 --dec-layers 1
  --dim-feedforward 64 --image-size 32 --augmentation flip --calibrate-images 8 --batch-size 8 --micro-batch 2 --virtual-shards 4
  --lr 1e-3 --log-every 1 --threads 1 --device cpu --epochs 1000 --max-steps 120 --eval-every 0 --save-every 10steps --quiet)

fail() {
  echo "failed: $*"
  echo "---- queue and job logs"
  on_cluster squeue -a || true
  tail -n 60 "$WORK"/logs/*.out 2>/dev/null || true
  exit 1
}
expect() { # WHAT EXPECTED GOT
  [[ $3 == "$2" ]] || fail "$1: expected '$2', got '$3'"
  echo "ok: $1: $3"
}

on_cluster() { "$CLUSTER" run "$DIR" "$@"; }
kill_wait() { # SECONDS between Slurm's TERM and its KILL, where a save must fit in however busy the machine is
  sed -i "s/^KillWait=.*/KillWait=$1/" "$DIR/etc/slurm.conf"
  on_cluster scontrol reconfigure
}

# The user's env.sh.
write_settings() {
  mkdir -p "$WORK/logs"
  cat >"$WORK/env.sh" <<SETTINGS
. "$DIR/etc/job-env.sh"
export INTR_BIN="$INTR_BIN" INTR_IFACE=eth0 INTR_MIN_FREE_MB=20
export INTR_SOURCE=\${INTR_SOURCE:-/usr/share/datasets/fashion-mnist} INTR_DATA=\${INTR_DATA:-$SHARED/set} INTR_RUN=\${INTR_RUN:-$run}
export INTR_EXTRA="\${INTR_EXTRA-${training_words[*]}}"
export INTR_PAUSE=\${INTR_PAUSE:-1}
SETTINGS
}
[[ -e $WORK/env.sh ]] || write_settings

# submit SCRIPT [options of sbatch] -- [words]: prints the job's id. One rank a node of two, unless said otherwise.
submit() {
  local script=$1 options=()
  shift
  while (($#)) && [[ $1 != -- ]]; do
    options+=("$1")
    shift
  done
  shift || true
  on_cluster env -C "$WORK" INTR_ENV="$WORK/env.sh" INTR_JOBS="$jobs_folder" sbatch --parsable --mem=500 --cpus-per-task=1 \
    --ntasks-per-node=1 --time=10 "${options[@]}" "$jobs_folder/$script.sbatch" "$@"
}

job_field() { # ID FIELD, such as JobState
  on_cluster scontrol show job "$1" 2>/dev/null | tr ' ' '\n' | sed -n "s/^$2=//p" | head -n 1
}
wait_for() { # SECONDS WHAT COMMAND…
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    ((SECONDS < end)) || fail "no $what in time"
    sleep 0.3
  done
}
state_is() { [[ " $2 " == *" $(job_field "$1" JobState) "* ]]; } # ID "STATES"
wait_end() {                                                     # ID [SECONDS]
  wait_for "${2:-$guard}" "end of job $1" state_is "$1" "COMPLETED FAILED CANCELLED TIMEOUT NODE_FAIL PREEMPTED"
}
exit_code() { job_field "$1" ExitCode | cut -d: -f1; }
restarts() { job_field "$1" Restarts; }
restarted() { (($(restarts "$1") >= $2)) && state_is "$1" RUNNING; } # ID TIMES

steps() { # optimizer steps that the run's records have
  { wc -l <"$run/metrics.jsonl"; } 2>/dev/null || echo 0
}
at_step() { (($(steps) >= $1)); }
saved_step() { awk -F '\t' '$1 + 0 > newest {newest = $1 + 0} END {print newest + 0}' "$run/checkpoints/MANIFEST" 2>/dev/null || echo 0; }
has_saved() { (($(saved_step) >= $1)); }

# Processes of a program on the cluster: of all nodes or of those on one.
processes() { # PROGRAM [NODE]
  local pid
  for pid in $(pgrep -x "$1"); do
    grep -qzxF "INTR_RUN=$run" "/proc/$pid/environ" || continue
    [[ -z ${2:-} ]] || grep -qzxF "SLURMD_NODENAME=$2" "/proc/$pid/environ" || continue
    echo "$pid"
  done 2>/dev/null
}

job_log() { cat "$WORK/logs/"*-"$1".out; }
last_line() { job_log "$1" | grep '^intr: ' | tail -n 1; }
log_says() { # ID TEXT
  grep -qF -- "$2" <<<"$(job_log "$1")" || fail "the log of job $1 does not say '$2'"
  echo "ok: log says: $2"
}

# The run is finished; its parameters, moments and records are those of the unbroken run.
equals_unbroken() { # RUN
  local mine=$1
  expect "last step" "$(cat "$SHARED/unbroken/DONE")" "$(cat "$mine/DONE" 2>/dev/null || echo none)"
  cmp <(arrays "$SHARED/unbroken") <(arrays "$mine") || fail "the final parameters or moments are not the unbroken run's"
  cmp <(losses "$SHARED/unbroken") <(losses "$mine") || fail "the records are not the unbroken run's"
  [[ -z $(find "$mine" -name '*.tmp-*') ]] || fail "temporary files stay behind: $(find "$mine" -name '*.tmp-*')"
  echo "ok: equals the unbroken run, arrays $(arrays "$mine" | sha256sum | cut -c1-12)"
}
# Of the last checkpoint: all arrays. Before them lie 24 KiB with options, times and the number of ranks, behind them the seal.
arrays() { tail -c +24577 "$1/checkpoints/last.h5" | head -c -64; }
losses() { sed 's/,"images_s":.*//; s/,"time":.*//' "$1/metrics.jsonl"; }
