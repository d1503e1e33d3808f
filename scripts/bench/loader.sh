#!/usr/bin/env bash
# Times intr-bench loader against torchvision's ImageFolder and PyTorch's DataLoader, side by side.
#
#     scripts/bench/loader.sh OUT [BIN] [IMAGES] [ROUNDS]
#
#   OUT     folder for the photographs, the packed set and the results (OUT/*.json)
#   BIN     folder of the programs (build/cpu-release/bin)
#   IMAGES  photographs to make (960)
#   ROUNDS  of each comparison (5)
#
# PYTHON names a Python with torch, torchvision, numpy and Pillow. Leave the machine alone while it runs.
set -euo pipefail
[[ $# -ge 1 && $1 != -h && $1 != --help ]] || { sed -n '2,12s/^# \{0,1\}//p' "$0"; exit 2; }
cd "$(dirname "$0")/../.."
out=$1 bin=${2:-build/cpu-release/bin} images=${3:-960} rounds=${4:-5} python=${PYTHON:-python3}
mkdir -p "$out"
[[ -d $out/photos ]] || { "$python" scripts/bench/photos.py "$out/photos.tmp" --images "$images" && mv "$out/photos.tmp" "$out/photos"; }
"$bin/intr-pack" pack "$out/photos" --out "$out/set" --quiet
ours() { echo "$bin/intr-bench loader --data $out/set --split $1 --output $2 --batch-size 12 --serve"; }
theirs() { echo "$python scripts/bench/baseline_loader.py $out/photos --split $1 --output $2"; }
compare() { echo "== $1"; "$python" scripts/bench/rounds.py --rounds "$rounds" --out "$out/$1.json" "${@:2}"; }
compare loader-val torchvision="$(theirs val float)" u8="$(ours val u8)" float="$(ours val float)"
compare loader-train torchvision="$(theirs train float)" u8="$(ours train u8)"
compare loader-val-u8 torchvision-u8="$(theirs val u8)" u8="$(ours val u8)"
