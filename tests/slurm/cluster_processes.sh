# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154  # dir, the cluster's folder, is set by cluster.sh, which sources this
# Who belongs to a test cluster. Never told by the name of a program: others use Slurm on this machine, too.

# Everything that starts daemons carries INTR_CLUSTER=DIR in its environment, so that a number in DIR/pids that went to another
# process since is noticed, and what `up` had just started when it was killed is found.
mark() { export INTR_CLUSTER=$dir; }
is_marked() { grep -qzxF "INTR_CLUSTER=$dir" "/proc/$1/environ" 2>/dev/null; }

holder() { # of head, n1 or n2
  local name pid
  [[ $1 == head || $1 == n1 || $1 == n2 ]] || fail "no node '$1'. Next: head, n1 or n2."
  while read -r name pid; do
    if [[ $name == "$1" ]] && is_marked "$pid"; then
      echo "$pid"
      return
    fi
  done 2>/dev/null <"$dir/pids"
  return 1
}

need_holder() { holder "$1" || fail "no cluster runs in $dir. Next: $0 up DIR."; }

# Daemons and processes of jobs on a node: those in the holder's network, without the holder.
processes_of() {
  local folder
  for folder in /proc/[0-9]*; do
    if [[ $folder/ns/net -ef /proc/$1/ns/net && $folder != "/proc/$1" ]]; then echo "${folder#/proc/}"; fi
  done
}

marked() { { grep -lzxF "INTR_CLUSTER=$dir" /proc/[0-9]*/environ 2>/dev/null || true; } | cut -d / -f 3; }

holders() {
  local name
  for name in head n1 n2; do holder "$name" || true; done
}
# All that runs in the namespaces, and what was about to enter them; without the holders, which only exist.
members() {
  local pid all
  all=$(holders)
  {
    marked
    for pid in $all; do processes_of "$pid"; done
  } | sort -nu | grep -vxF "${all:-none}"
}
send() { # SIGNAL PIDS; one may be gone
  # shellcheck disable=SC2086  # a list of numbers
  kill -"$1" $2 2>/dev/null || true
}
