#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What tasks are told about GPUs, on nodes with two dummies each. Without binding every task sees both and takes the one of its local
# rank; with one GPU a task each sees a single one. --gpu-bind=none is told apart: Slurm 22.05 then tells tasks nothing at all, so that
# a program sees whatever the node has; newer ones may tell both.
set -euo pipefail
tell() { # OPTIONS…: a line "local rank, devices" a task
  # shellcheck disable=SC2016  # for the task's shell
  "$CLUSTER" run "$DIR" srun --mpi=none -N1 --ntasks=2 "$@" sh -c 'echo "$SLURM_LOCALID: ${CUDA_VISIBLE_DEVICES-none}"' | sort
}
expect() { # WHAT GOT WANTED
  echo "$1: $(paste -sd' ' <<<"$2")"
  [[ $2 == "$3" ]] || {
    echo "cluster_gpus: $1: tasks were told '$2', not '$3'" >&2
    exit 1
  }
}

none=$'0: none\n1: none'
both=$'0: 0,1\n1: 0,1'
expect "--gpus-per-node=2" "$(tell --gpus-per-node=2)" "$both"
expect "--gpus-per-task=1" "$(tell --gpus-per-task=1)" $'0: 0\n1: 1'
expect "no GPU asked for" "$(tell)" "$none"
for options in "--gpus-per-node=2 --gpu-bind=none" "--gpus-per-task=1 --gpu-bind=none"; do
  read -ra words <<<"$options"
  got=$(tell "${words[@]}")
  if [[ $got == "$both" ]]; then none=$both; fi
  expect "$options" "$got" "$none"
done
