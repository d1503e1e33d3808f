#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Tests the test cluster: two at once do not meet, nothing is left of one whose script was killed, faults do what they say, and where
# no cluster can start, cases are skipped with their number.
#
#     tests/slurm/cluster_test.sh        (some 30 s; leaves with 77 where no cluster can start)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
cluster=$here/cluster.sh
script=''
work=$(realpath "$(mktemp -d)")
fail() {
  echo "cluster_test: $*" >&2
  exit 1
}
ok() { echo "ok: $* ($SECONDS s)"; }
finish() {
  local status=$? dir
  trap - EXIT
  if [[ -n $script ]]; then kill -KILL "$script" 2>/dev/null || true; fi
  for dir in "$work"/cluster-*; do "$cluster" down "$dir"; done
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT
trap 'exit 1' INT TERM

# --- no cluster possible: this part runs everywhere ------------------------------------------------------------------------------

skips() { # WHAT REASON COMMAND…
  local what=$1 reason=$2 status out
  shift 2
  status=0
  out=$(env -u INTR_REQUIRE_SLURM "$@" "$here/run_cases.sh" cluster_start cluster_gpus 2>&1) || status=$?
  [[ $status == 77 && $out =~ ^"skipped 2 tests: ".*"$reason".*$ && $(wc -l <<<"$out") == 1 ]] || fail "$what: status $status, '$out'"
  status=0
  out=$(INTR_REQUIRE_SLURM=1 "$@" "$here/run_cases.sh" cluster_start cluster_gpus 2>&1) || status=$?
  [[ $status == 1 && $out =~ $reason ]] || fail "$what, but Slurm required: status $status, '$out'"
  ok "$what: $out"
}
no_rights=()
if ((EUID == 0)); then no_rights=(setpriv --reuid=65534 --regid=65534 --clear-groups); fi
skips "no rights" "not root" "${no_rights[@]}"

reason=$("$cluster" probe) || {
  echo "skipped the other 7 tests: $reason"
  [[ ${INTR_REQUIRE_SLURM:-0} != 1 ]] || exit 1
  exit 77
}

# No program is there, for this command alone.
# shellcheck disable=SC2016  # for the inner shell
skips "no slurmctld" "slurmctld is missing" unshare --mount --propagation private -- sh -c 'mount --bind /dev/null "$0" && exec "$@"' \
  "$(PATH=$PATH:/usr/sbin type -P slurmctld)"

# --- two at once -----------------------------------------------------------------------------------------------------------------

host_before=$(ip -o link | cut -d: -f2) mounts_before=$(cat /proc/mounts)
for number in 1 2; do
  mkdir "$work/cluster-$number"
  "$cluster" up "$work/cluster-$number" &
done
wait -n || fail "one of two clusters did not start"
wait -n || fail "one of two clusters did not start"
for number in 1 2; do
  "$cluster" run "$work/cluster-$number" sbatch -N2 -J "job-$number" -o job.log --wrap 'srun sleep 300' >/dev/null
done
for number in 1 2; do
  jobs=$("$cluster" run "$work/cluster-$number" squeue -h -o %j)
  [[ $jobs == "job-$number" ]] || fail "cluster $number has the jobs '$jobs'"
done
[[ $(ip -o link | cut -d: -f2) == "$host_before" ]] || fail "interfaces of the cluster show on the host"
[[ $(cat /proc/mounts) == "$mounts_before" ]] || fail "mounts of the cluster show on the host"
ok "two clusters at once, nothing on the host"

# --- faults ----------------------------------------------------------------------------------------------------------------------

one=$work/cluster-1
answers() { timeout 3 "$cluster" on "$one" n1 bash -c '</dev/tcp/n2/6818' 2>/dev/null; }
answers || fail "n1 does not reach n2"
"$cluster" cut "$one" n2
if answers; then fail "n1 reaches n2, which was cut off"; fi
"$cluster" join "$one" n2
answers || fail "n1 does not reach n2, which was put back"
ok "cut and join"

transfer() { # milliseconds for 1 MB from n1 to n2
  local began
  "$cluster" on "$one" n2 python3 -c '
import socket
with socket.create_server(("", 7000)) as server:
    open("ready", "w").close()
    with server.accept()[0] as peer:
        while peer.recv(65536):
            pass
        peer.send(b"x")' &
  until [[ -e $one/shared/ready ]]; do sleep 0.05; done
  rm "$one/shared/ready"
  began=$(date +%s%N)
  "$cluster" on "$one" n1 python3 -c '
import socket
with socket.create_connection(("n2", 7000)) as peer:
    peer.sendall(bytes(1000000))
    peer.shutdown(socket.SHUT_WR)
    peer.recv(1)'
  echo $((($(date +%s%N) - began) / 1000000))
  wait
}
fast=$(transfer)
status=0
said=$("$cluster" slow "$one" n2 4mbit) || status=$?
if ((status == 77)); then
  echo "skipped 1 test: $said"
else
  slow=$(transfer)
  ((slow > 1500)) || fail "8 Mbit took $slow ms at 4 Mbit/s, and $fast ms before"
  "$cluster" slow "$one" n2 off
  ok "slow: 1 MB in $fast ms, at 4 Mbit/s in $slow ms"
fi

# Names of n2's processes of jobs.
# shellcheck disable=SC2016  # for the inner shell
steps() {
  "$cluster" on "$one" n2 bash -c 'for folder in /proc/[0-9]*; do
      if [[ $folder/ns/net -ef /proc/self/ns/net ]]; then cat $folder/comm; fi
    done' 2>/dev/null | grep -x -e slurmstepd -e sleep | sort | paste -sd' '
}
for ((tries = 0; tries < 100; ++tries)); do
  if [[ $(steps) == "sleep sleep slurmstepd" ]]; then break; fi # a task and the holder
  sleep 0.2
done
((tries < 100)) || fail "the job does not run on n2, but: $(steps)"
"$cluster" fail-node "$one" n2
[[ $("$cluster" status "$one") == *"slurmd-n2: dead"* ]] || fail "slurmd of n2 lives on"
[[ $(steps) == sleep ]] || fail "of n2 lives on, beside the holder: $(steps)"
[[ $("$cluster" status "$work/cluster-2") == *"slurmd-n2: lives"* ]] || fail "the failure of a node hit another cluster"
"$cluster" start-node "$one" n2
[[ $("$cluster" status "$one") == *"slurmd-n2: lives"* ]] || fail "slurmd of n2 did not start again"
"$cluster" restart-head "$one"
"$cluster" run "$one" srun -Q -N2 true || fail "no steps after slurmctld was started again"
ok "a node fails and comes back; slurmctld comes back"

"$cluster" down "$one"
"$cluster" down "$one"
[[ ! -e $one ]] || fail "down leaves $one"
[[ $("$cluster" run "$work/cluster-2" squeue -h -o %j) == job-2 ]] || fail "the end of a cluster hit another"
ok "down, twice, hits no other cluster"
"$cluster" down "$work/cluster-2"

# --- killed scripts --------------------------------------------------------------------------------------------------------------

# Processes and mounts that a cluster in DIR left. All of its processes see mounts from DIR; interfaces live no longer than they.
traces() {
  # The pattern is no argument, or grep would find itself.
  # shellcheck disable=SC2062  # these are files
  grep -laF --file=- /proc/[0-9]*/{environ,cmdline,mounts} 2>/dev/null <<<"$1" || true
}
third=$work/cluster-3
mkdir "$third"
# shellcheck disable=SC2016  # for the inner shell
bash -c '"$0" up "$1" &&
  "$0" run "$1" sbatch -N2 --ntasks-per-node=2 -o job.log --wrap "srun sleep 600" && : >"$1/submitted"
  exec sleep 600' "$cluster" "$third" >/dev/null &
script=$!
until [[ -e $third/submitted ]]; do
  kill -0 $script || fail "the script that is to be killed did not start its cluster"
  sleep 0.1
done
sleep 2
[[ -n $(traces "$third") ]] || fail "a living cluster shows no traces: this test sees nothing"
kill -KILL $script
wait $script 2>/dev/null || true
script=''
"$cluster" down "$third"
left=$(traces "$third")
[[ -z $left && ! -e $third ]] || fail "a killed script's cluster leaves: $left"
ok "script killed with a running job, then down: nothing is left"

# At any moment of the start.
for pause in 0.02 0.05 0.1 0.2 0.3 0.4 0.6; do
  mkdir -p "$third"
  "$cluster" up "$third" >/dev/null 2>&1 &
  script=$!
  sleep "$pause"
  kill -KILL $script 2>/dev/null || true
  wait $script 2>/dev/null || true
  script=''
  "$cluster" down "$third"
  left=$(traces "$third")
  [[ -z $left && ! -e $third ]] || fail "up killed after $pause s leaves: $left"
done
ok "up killed at seven moments, then down: nothing is left"
