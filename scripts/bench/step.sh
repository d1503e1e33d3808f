#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Times training steps and evaluation against PyTorch, side by side, over the batch shapes that each side makes of an epoch.
#
#     scripts/bench/step.sh OUT [BIN] [SAMPLE] [ROUNDS]
#
#   OUT     folder for the pictures, the shapes and the results (OUT/*.json)
#   BIN     folder of the programs (build/cpu-release/bin)
#   SAMPLE  batches in a round, evenly spaced in order of padded area (2)
#   ROUNDS  of each comparison (5)
#
# The pictures are gray: only their sizes matter, those of CUB-200-2011, as many as it has for training. "kept" is the published
# code with freed memory kept, "tuned" works on the same batches as ours, with the memory setting that is faster on the machine.
# PYTHON names a Python with torch, torchvision, numpy and Pillow; THREADS the threads of each side (all cores); BATCH the pictures of
# a batch (4: the published step takes 3 GB a picture of a megapixel); ONLY the comparisons to make ("step eval"; all); DEVICE=cuda
# compares training on a GPU. Leave the machine alone while it runs.
set -euo pipefail
[[ $# -ge 1 && $1 != -h && $1 != --help ]] || { sed -n '3,18s/^# \{0,1\}//p' "$0"; exit 2; }
cd "$(dirname "$0")/../.."
out=$1 bin=${2:-build/cpu-release/bin} sample=${3:-2} rounds=${4:-5} python=${PYTHON:-python3} threads=${THREADS:-$(nproc)} batch=${BATCH:-4}
device=${DEVICE:-cpu}
mkdir -p "$out"
[[ -d $out/pictures ]] || { "$python" scripts/bench/photos.py "$out/pictures.tmp" --plain --images 7992 --classes 200 && mv "$out/pictures.tmp" "$out/pictures"; }
[[ -d $out/set ]] || "$bin/intr-pack" pack "$out/pictures" --out "$out/set" --quiet
for split in train val; do
  [[ -e $out/theirs-$split.json ]] || "$python" scripts/bench/baseline_loader.py "$out/pictures" --split $split --batch-size "$batch" --shapes "$out/theirs-$split.json"
  "$bin/intr-bench" loader --data "$out/set" --split $split --batch-size "$batch" --shapes "$out/ours-$split.json"
done
kept="MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000"
theirs() { echo "$python scripts/bench/baseline_step.py $1 $2 --shapes $out/$3-${split}.json --sample $sample --threads $threads --device $device ${*:4}"; }
ours() { echo "$bin/intr-bench $1 --shapes $out/ours-${split}.json --sample $sample --threads $threads --device $device --serve ${*:2}"; }
compare() {
  [[ -z ${ONLY:-} || " $ONLY " == *" $1 "* ]] || return 0
  echo "== $1"
  "$python" scripts/bench/rounds.py --rounds "$rounds" --out "$out/$1.json" "${@:2}"
}
# In pairs and threes that fit the memory together.
train() {
  local split=train
  compare step published="$(theirs train published theirs)" fp32="$(ours step)"
  compare step-kept kept="$kept $(theirs train published theirs)" fp32="$(ours step)"
  compare step-tuned tuned="$kept $(theirs train tuned ours)" tuned-freed="$(theirs train tuned ours)" fp32="$(ours step)"
  grep -qw avx512_bf16 /proc/cpuinfo || return 0  # bf16 is refused
  compare step-bf16 published="$(theirs train published theirs)" bf16="$(ours step --precision bf16)"
  compare step-kept-bf16 kept="$kept $(theirs train published theirs)" bf16="$(ours step --precision bf16)"
  compare step-tuned-bf16 tuned="$kept $(theirs train tuned ours --bf16)" tuned-freed="$(theirs train tuned ours --bf16)" bf16="$(ours step --precision bf16)"
}
evaluation() {
  local split=val
  compare eval published="$(theirs eval published theirs)" fp32="$(ours eval)"
  compare eval-tuned tuned="$kept $(theirs eval tuned ours)" tuned-freed="$(theirs eval tuned ours)" fp32="$(ours eval)"
  grep -qw avx512_bf16 /proc/cpuinfo || return 0
  compare eval-bf16 published="$(theirs eval published theirs)" bf16="$(ours eval --precision bf16)"
  compare eval-tuned-bf16 tuned="$kept $(theirs eval tuned ours --bf16)" tuned-freed="$(theirs eval tuned ours --bf16)" bf16="$(ours eval --precision bf16)"
}
gpu() {
  local split=train any=--deterministic=off
  compare gpu-step published="$(theirs train published theirs)" fp32="$(ours step)" fp32-any="$(ours step $any)" tf32="$(ours step --precision tf32)" \
    bf16="$(ours step --precision bf16)" bf16-any="$(ours step --precision bf16 $any)"
  compare gpu-tuned tuned="$(theirs train tuned ours --bf16)" bf16="$(ours step --precision bf16)" bf16-any="$(ours step --precision bf16 $any)"
}
if [[ $device == cuda ]]; then
  gpu
else
  train
  evaluation
fi
