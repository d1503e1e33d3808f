#!/usr/bin/env bash
# Runs a fuzz target for some seconds on a corpus of its own, beginning from seeds that stay as they are. What it finds
# is left in the folder of the program as crash-*, timeout-* or oom-*.
#
#     fuzz.sh PROGRAM SECONDS SEED_FOLDER...
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
program=$1
seconds=$2
shift 2
found=$(mktemp -d)
trap 'rm -rf "$found"' EXIT
"$program" "$found" "$@" -dict="$here/weights.dict" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=512 \
  -malloc_limit_mb=128 -max_len=262144 -artifact_prefix="$(dirname "$program")/" -print_final_stats=1 -verbosity=1
