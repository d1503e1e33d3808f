#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Kills a training run with SIGKILL at random moments, again and again, and checks each time that it goes on by itself, that
# nothing temporary stays behind and, at the end, that it equals a run that was never killed, bit for bit.
#
#     scripts/soak_checkpoints.sh BIN DATA OUT KILLS [options of intr-train, such as --epochs 20 --save-every 1steps]
#
# BIN holds the programs, DATA is a packed set, OUT must not exist. RANKS=n runs over n ranks and kills the launcher's whole
# session. SEED=n repeats the moments. Leaves with 0, or says what went wrong and leaves with 1.
set -euo pipefail
bin=$1 data=$2 out=$3 kills=$4
shift 4
ranks=${RANKS:-1}
RANDOM=${SEED:-$$}
echo "soak: seed ${SEED:-$$}, $kills kills, $ranks rank(s)"
mkdir "$out"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

launch=()
if ((ranks > 1)); then launch=(mpirun -n "$ranks" --oversubscribe --bind-to none); fi
command=("${launch[@]}" "$bin/intr-train" --data "$data" --quiet "$@" --out)
fail() {
  echo "soak: $*" >&2
  exit 1
}
durable() { grep -c '"kind":"save"' "$out/killed/events.jsonl" 2>/dev/null || true; }

"${command[@]}" "$out/whole"
killed=0
for ((attempt = 1; killed < kills; ++attempt)); do
  ((attempt <= 3 * kills + 3)) || fail "the run ends before it can be killed: give it more epochs"
  if [[ -e $out/killed/DONE ]]; then rm -rf "$out/killed"; fi
  before=$(durable)
  setsid "${command[@]}" "$out/killed" 2>"$out/stderr" & # a session of its own, which is killed as a whole
  pid=$!
  # Some progress first, so that the run ends some time; then any moment.
  while kill -0 $pid 2>/dev/null && [[ $(durable) == "$before" ]]; do sleep 0.01; done
  sleep "0.$(printf %03d $((RANDOM % 300)))"
  if pkill -KILL -s $pid; then killed=$((killed + 1)); fi
  status=0
  wait $pid 2>/dev/null || status=$?
  ((status == 0 || status == 137)) || fail "attempt $attempt left with $status: $(cat "$out/stderr")"
done
"${command[@]}" "$out/killed" || fail "the run does not go on after $killed kills"

left=$(find "$out/killed" -name '*.tmp-*')
[[ -z $left ]] || fail "temporary files stay behind: $left"
"$bin/intr-weights" diff "$out/whole/checkpoints/last.h5" "$out/killed/checkpoints/last.h5" >"$out/diff" ||
  fail "the models differ: $(cat "$out/diff")"
python3 - "$out" <<'PYTHON' || fail "the records differ"
import json, sys
def records(path):
    for line in open(path):
        record = json.loads(line)
        for name in ("time", "ms", "images_s", "loader"):
            record.pop(name, None)
        yield record
for name in ("metrics.jsonl", "log.txt"):
    whole, killed = (list(records(f"{sys.argv[1]}/{run}/{name}")) for run in ("whole", "killed"))
    if whole != killed:
        sys.exit(f"soak: {name}: {len(whole)} and {len(killed)} records")
PYTHON
echo "soak: $killed kills in $((attempt - 1)) attempts; the run equals the unbroken one"
