#!/usr/bin/env bash
# Runs a fuzz target for some seconds on a corpus of its own, beginning from seeds that stay as they are; WORDS is a
# dictionary of what its files are made of. What it finds is left in the folder of the program as crash-*, timeout-* or oom-*.
#
#     fuzz.sh PROGRAM SECONDS WORDS SEED_FOLDER...
set -euo pipefail
program=$1
seconds=$2
words=$3
shift 3
found=$(mktemp -d)
trap 'rm -rf "$found"' EXIT
"$program" "$found" "$@" -dict="$words" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=512 \
  -malloc_limit_mb=128 -max_len=262144 -artifact_prefix="$(dirname "$program")/" -print_final_stats=1 -verbosity=1
