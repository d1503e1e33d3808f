#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs a program in the container INTR_CONTAINER. The job scripts put it before a program themselves; Slurm's commands and lib.sh
# stay outside:  srun … container.sh intr-train …
# The Open MPI inside must fit the PMIx of the site's Slurm; preflight.sh tries that. How an image is made: docs/running-on-slurm.md
set -uo pipefail
[ -n "${INTR_CONTAINER:-}" ] || { echo "intr: INTR_CONTAINER is not set. Next: set it in env.sh to an image" >&2; exit 2; }
engine=$(command -v apptainer || command -v singularity) ||
  { echo "intr: neither apptainer nor singularity is on $(hostname). Next: load its module in env.sh" >&2; exit 78; }
words=()
# GPUs, the folders that are worked on, and where PMIx meets Slurm. The environment goes in whole: PMIx needs its variables.
[ ! -e /dev/nvidiactl ] || words+=(--nv)
for folder in "${INTR_SOURCE:-}" "${INTR_DATA:-}" "${INTR_RUN:-}" "${INTR_DUMP:-}" "${INTR_SWEEP:-}" "${INTR_STAGE:-}" \
  "${PMIX_SERVER_TMPDIR:-}"; do
  # A file's folder; of a folder that the program will make the nearest one above it that is there, but never the root.
  while [ -n "$folder" ] && [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
  [ -n "$folder" ] && folder=$(cd "$folder" && pwd)
  case $folder in '' | /) ;; *) words+=(--bind "$folder") ;; esac
done
[ -z "${INTR_BINDS:-}" ] || words+=(--bind "$INTR_BINDS")
exec "$engine" exec ${words[@]+"${words[@]}"} "$INTR_CONTAINER" "$@"
