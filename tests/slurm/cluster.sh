#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A real Slurm cluster on one machine: a controller `head` and nodes `n1` and `n2`, each in namespaces of its own, so that nothing
# shows on the host and clusters do not meet. Needs root. Scripts run all jobs as root.
#
#     cluster.sh probe                   leaves with 0 where a cluster can start, else with 77 and a line that says why not
#     cluster.sh up DIR                  starts one; DIR is an empty folder, from mktemp -d
#     cluster.sh run DIR COMMAND…        runs a command on the head, in DIR/shared
#     cluster.sh on DIR NODE COMMAND…    runs a command on head, n1 or n2, in DIR/shared
#     cluster.sh fail-node DIR NODE      kills slurmd, slurmstepd and every process of jobs on a node at once
#     cluster.sh start-node DIR NODE     starts its slurmd again and waits until the node takes jobs; after a failure
#                                        wait first until Slurm knows (state down*, some 35 s): else it never does
#     cluster.sh cut|join DIR NODE       takes a node off the network, and puts it back
#     cluster.sh slow DIR NODE RATE      limits its network, such as 10mbit; `off` ends it; 77 where the kernel cannot
#     cluster.sh restart-head DIR        stops slurmctld and starts it again with its state
#     cluster.sh status DIR              nodes, jobs, daemons
#     cluster.sh down DIR                ends all of it and removes DIR, even if the script that started it was killed
#
# Jobs see a private /tmp; of the real one only DIR, this repository and the folders in CLUSTER_SHOW (a:b) are there.
# DIR/etc/job-env.sh holds what MPI needs in a job. DIR/log keeps the logs of all daemons.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
start_limit=40 # seconds; 5 are usual, a busy machine takes longer
PATH=$PATH:/usr/sbin:/sbin

fail() {
  echo "cluster.sh: $*" >&2
  exit 1
}
cannot() {
  echo "$*"
  exit 77
}

# shellcheck source-path=SCRIPTDIR source=cluster_processes.sh
source "$here/cluster_processes.sh"

probe() {
  local program error
  ((EUID == 0)) || cannot "not root: namespaces and bridges need it"
  for program in unshare nsenter ip munged slurmctld slurmd srun sbatch; do
    [[ -x $(type -P "$program") ]] || cannot "$program is missing: apt-get install slurmctld slurmd slurm-client munge iproute2"
  done
  error=$(unshare --net --uts --mount --propagation private -- mount -t tmpfs probe /mnt 2>&1) || cannot "no namespaces here: $error"
  error=$(unshare --net -- ip link add br0 type bridge 2>&1) || cannot "no bridges here: $error"
  error=$(unshare --net -- ip link add veth0 type veth peer name veth1 2>&1) || cannot "no veth pairs here: $error"
}

# --- parts -----------------------------------------------------------------------------------------------------------------------

inside() { # NODE COMMAND…
  local pid name=$1
  pid=$(need_holder "$name") || return 1
  shift
  # shellcheck disable=SC2016  # for the inner shell
  nsenter --net="/proc/$pid/ns/net" --uts="/proc/$pid/ns/uts" --mount="/proc/$pid/ns/mnt" -- \
    sh -c 'cd "$0" && exec "$@"' "$dir/shared" "$@"
}

# Runs in the new namespaces. A node gets a /tmp of its own: steps of one job on two nodes make folders of the same name.
hold() {
  local name=$1 path aside=/mnt number=0
  echo "$name $$" >>"$dir/pids"
  hostname "$name"
  mount --bind "$dir/etc/hosts" /etc/hosts
  if [[ $name != head ]]; then
    mount -t tmpfs aside "$aside"
    mkdir "$aside/tmp"
    mount --bind "$dir/tmp-$name" "$aside/tmp"
    local shown=()
    readarray -t shown < <(tr : '\n' <<<"$dir:$(cd "$here/../.." && pwd -P):${CLUSTER_SHOW:-}" | grep '^/tmp/.' | sort -u)
    for path in "${shown[@]}"; do
      mkdir -p "$aside/$((++number))" "$dir/tmp-$name${path#/tmp}"
      mount --rbind "$path" "$aside/$number"
    done
    mount --bind "$aside/tmp" /tmp
    number=0
    for path in "${shown[@]}"; do mount --move "$aside/$((++number))" "$path"; done
    umount -l "$aside"
    mount -t tmpfs shm /dev/shm
  fi
  ip link set lo up
  : >"$dir/held-$name"
  exec sleep infinity
}

wait_for() { # SECONDS WHAT CONDITION…
  local limit=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    if ((SECONDS > limit)); then
      echo "cluster.sh: $what: not within its time limit" >&2
      return 1
    fi
    sleep 0.2
  done
}

idle_nodes() { [[ $(inside head sinfo -h -N -p low -t idle -o %N 2>/dev/null | wc -l) == 2 ]]; }
takes_jobs() { [[ $(inside head sinfo -h -n "$1" -p low -o %t 2>/dev/null) =~ ^(idle|alloc|mix)$ ]]; }

start_munge() {
  head -c 1024 /dev/urandom >"$dir/etc/munge.key"
  chmod 0400 "$dir/etc/munge.key"
  inside head munged --force --key-file="$dir/etc/munge.key" --socket="$dir/munge.sock" --pid-file="$dir/munged.pid" \
    --seed-file="$dir/munge.seed" --log-file="$dir/log/munged.log" </dev/null >>"$dir/log/start.log" 2>&1
}
start_head() { inside head slurmctld -f "$SLURM_CONF" "$@" </dev/null >>"$dir/log/start.log" 2>&1; }
start_slurmd() { inside "$1" slurmd -N "$1" -f "$SLURM_CONF" </dev/null >>"$dir/log/start.log" 2>&1; }

make_network() {
  local name
  inside head ip link add br0 type bridge
  inside head ip addr add 10.77.0.1/24 dev br0
  inside head ip link set br0 up
  for name in n1 n2; do
    inside head ip link add "veth-$name" type veth peer name eth0 netns "$(need_holder "$name")"
    inside head ip link set "veth-$name" master br0 up
    inside "$name" ip addr add "10.77.0.1${name#n}/24" dev eth0
    inside "$name" ip link set eth0 up
  done
}

start_all() {
  local name
  : >"$dir/.intr-cluster" # first: `down` removes no other folder
  : >"$dir/pids"
  mkdir "$dir"/{etc,state,log,shared,tmp-n1,tmp-n2,spool-n1,spool-n2}
  chmod 1777 "$dir"/tmp-n?
  "$here/slurm_conf.sh" "$dir"
  for name in head n1 n2; do
    # A caller that reads our output through a pipe would wait for the holder: it gets no channel of ours.
    setsid unshare --net --uts --mount --propagation private -- \
      bash "$here/cluster.sh" hold "$dir" "$name" \
      </dev/null >"$dir/log/holder-$name.log" 2>&1 &
    wait_for 10 "namespaces of $name (log/holder-$name.log)" test -e "$dir/held-$name"
  done
  make_network
  start_munge
  start_head -c
  start_slurmd n1
  start_slurmd n2
  wait_for "$start_limit" "two idle nodes" idle_nodes
}

# --- commands --------------------------------------------------------------------------------------------------------------------

up() {
  [[ -d $dir && -z $(ls -A "$dir") ]] || fail "$dir is no empty folder. Next: DIR=\$(mktemp -d)."
  mark
  trap 'failed_up' EXIT
  trap 'exit 1' INT TERM
  start_all
  trap - EXIT INT TERM
}
failed_up() {
  trap - EXIT INT TERM
  tail -n 40 "$dir"/log/{start,holder-*,munged,slurmctld,slurmd-*}.log >&2 2>/dev/null || true
  down
  fail "the cluster did not start; its logs are above. Next: read them; $0 probe says whether one can start here."
}

fail_node() {
  local pid pids
  pid=$(need_holder "$1")
  # Again until none is left: one may fork while we look.
  while pids=$(processes_of "$pid") && [[ -n $pids ]]; do
    send KILL "$pids"
    sleep 0.05
  done
  # As a reboot does: a step of the same number does not start over what the killed one left (seen with 22.05).
  rm -rf "$dir/spool-$1"/{*pmix.*,"$1"_*} "$dir/tmp-$1"/{spmix_appdir,ompi,pmix}*
}
start_node() {
  mark
  start_slurmd "$1"
  wait_for "$start_limit" "node $1 takes jobs" takes_jobs "$1"
}

slow() {
  local name=$1 rate=$2 pair end device
  for pair in "head veth-$name" "$name eth0"; do # both directions
    read -r end device <<<"$pair"
    if [[ $rate == off ]]; then
      inside "$end" tc qdisc del dev "$device" root 2>/dev/null || true
    else
      inside "$end" tc qdisc replace dev "$device" root tbf rate "$rate" burst 32kbit latency 400ms 2>>"$dir/log/start.log" ||
        cannot "tc refuses tbf: $(tail -n 1 "$dir/log/start.log")"
    fi
  done
}

restart_head() {
  local pid
  mark
  pid=$(<"$dir/slurmctld.pid")
  if is_marked "$pid"; then send TERM "$pid"; fi
  wait_for 20 "end of slurmctld" is_gone "$pid"
  start_head
  wait_for "$start_limit" "slurmctld knows its nodes" nodes_known
}
is_gone() { ! is_marked "$1"; }
nodes_known() {
  local states
  states=$(inside head sinfo -h -o %t 2>/dev/null) && [[ -n $states && $states != *unk* ]]
}

status() {
  local name pid
  inside head sinfo || true
  inside head squeue || true
  for name in munged slurmctld slurmd-n1 slurmd-n2; do
    pid=$(cat "$dir/$name.pid" 2>/dev/null) || pid=
    if [[ -n $pid ]] && is_marked "$pid"; then echo "$name: lives ($pid)"; else echo "$name: dead"; fi
  done
}

# Holders go last: mounts and interfaces vanish with them, and only they tell what else is the cluster's.
down() {
  local pids deadline=$((SECONDS + 3))
  unset INTR_CLUSTER # or it would end its own helpers
  [[ -d $dir ]] || return 0
  if [[ ! -e $dir/.intr-cluster ]]; then
    rmdir "$dir" 2>/dev/null || fail "$dir is no cluster's folder. Next: give the folder that 'up' got."
    return
  fi
  if pids=$(members); then send TERM "$pids"; fi
  while pids=$(members); do
    if ((SECONDS >= deadline)); then send KILL "$pids"; fi
    ((SECONDS < deadline + 30)) || fail "processes do not end: $(paste -sd' ' <<<"$pids"). Next: see why, then $0 down $dir."
    sleep 0.1
  done
  while pids=$(marked) && [[ -n $pids ]]; do
    send KILL "$pids"
    sleep 0.05
  done
  rm -rf --one-file-system "$dir"
}

[[ $# -ge 1 ]] || fail "no command. Next: see the head of $0."
command=$1
if [[ $command == probe ]]; then
  probe
  exit
fi
[[ $# -ge 2 ]] || fail "$command needs the cluster's folder. Next: $0 $command DIR."
dir=$(realpath -m "$2")
shift 2
export SLURM_CONF=$dir/etc/slurm.conf
case $command in
  up | restart-head | status | down) wanted=0 ;;
  on | slow) wanted=2 ;;
  *) wanted=1 ;;
esac
[[ $# -ge $wanted ]] || fail "$command: $wanted more arguments are needed after $dir. Next: see the head of $0."
case $command in
  up) up ;;
  hold) hold "$1" ;; # from `up` alone
  run) inside head "$@" ;;
  on) inside "$@" ;;
  fail-node) fail_node "$1" ;;
  start-node) start_node "$1" ;;
  cut) inside head ip link set "veth-$1" down ;;
  join) inside head ip link set "veth-$1" up ;;
  slow) slow "$1" "$2" ;;
  restart-head) restart_head ;;
  status) status ;;
  down) down ;;
  *) fail "no command '$command'. Next: see the head of $0." ;;
esac
