#!/usr/bin/env bash
# The main job, end to end, on real photographs: packs 8,000 pictures of Fashion-MNIST, trains a small INTR from nothing on
# two MPI ranks, stops it half-way with a signal, resumes it, evaluates, dumps the attention, measures it, runs the model again to
# see what decides, and draws a gallery.
#
#     scripts/demo.sh [FOLDER]        (default: demo/; what is finished there is kept and not made again)
#
# Set-up and build are part of it. After them it takes under six minutes on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-demo}
pictures=/usr/share/datasets/fashion-mnist
epochs=4
stop_after=2

scripts/setup.sh
cmake --preset cpu-release >/dev/null
cmake --build --preset cpu-release -j "$(nproc)" --target intr_programs
bin=build/cpu-release/bin
mkdir -p "$out"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# Two ranks share this machine's cores whatever their number; two tasks on one core must not spin.
mpi=(mpirun -n 2 --oversubscribe --bind-to none)
step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

step "packing 6,000 training and 2,000 test pictures"
"$bin/intr-pack" pack "$pictures" --out "$out/data" --limit train=6000,val=2000 \
  --classes preprocess/fashion_mnist_classes.txt

train=("${mpi[@]}" "$bin/intr-train" --data "$out/data" --out "$out/run"
  --backbone resnet18 --backbone-stages 3 --hidden-dim 128 --nheads 4 --enc-layers 1 --dec-layers 2
  --dim-feedforward 512 --dropout 0 --pre-norm --image-size 96 --augmentation flip --init calibrated
  --batch-size 64 --micro-batch 32 --epochs $epochs --lr 5e-4 --lr-backbone 5e-4 --min-lr 1e-6
  --lr-scheduler cosine --warmup-steps 50 --clip-max-norm 1.0 --weight-decay 1e-4)

if [[ ! -e $out/run/DONE ]]; then
  step "training on two ranks; after epoch $stop_after it gets a signal, as a cluster sends before a time limit"
  "${train[@]}" &
  trainer=$!
  trap 'kill -TERM $trainer 2>/dev/null || true' EXIT
  epochs_logged() { [[ -e $out/run/log.txt ]] && wc -l <"$out/run/log.txt" || echo 0; }
  while kill -0 $trainer 2>/dev/null && (($(epochs_logged) < stop_after)); do sleep 0.5; done
  sleep 4  # into the next epoch
  kill -USR2 $trainer 2>/dev/null || true
  status=0
  wait $trainer || status=$?
  trap - EXIT
  if ((status != 75 && status != 0)); then
    echo "demo: the trainer ended with status $status" >&2
    exit $status
  fi
  step "it saved and left with status $status; the same command goes on from there"
  "${train[@]}"
fi

step "evaluating the best checkpoint: each picture once, whatever the number of ranks"
"${mpi[@]}" "$bin/intr-eval" --model "$out/run" --data "$out/data" --split val --json >"$out/eval.json"

step "dumping the attention of 2,000 test pictures"
"${mpi[@]}" "$bin/intr-attend" --model "$out/run" --data "$out/data" --split val --out "$out/dump"

step "measuring what the maps say"
"$bin/intr-score" maps "$out/dump" --out "$out/scores"

step "asking the model: ten pictures without some of their cells, without some heads, and with random weights"
"${mpi[@]}" "$bin/intr-score" model "$out/dump" --model "$out/run" --data "$out/data" --out "$out/scores" \
  --samples 10 --randomization-samples 5 --write-maps "$out/scores/values.h5"

step "drawing"
"$bin/intr-render" overlays "$out/dump" --data "$out/data" --out "$out/pictures" --layout strip \
  --scale map --limit 40
"$bin/intr-render" overlays "$out/scores/values.h5" --data "$out/data" --out "$out/values" --layout side
"$bin/intr-render" gallery "$out/dump" --data "$out/data" --scores "$out/scores/samples.csv" \
  --report ../scores/report.html --out "$out/gallery"
"$bin/intr-score" maps "$out/dump" --out "$out/scores" --gallery ../gallery/index.html --quiet  # now with links

read -r hits1 samples < <(sed -n 's/.*"hits1": *\([0-9]*\).*/\1/p; s/.*"samples": *\([0-9]*\).*/\1/p' "$out/eval.json" | head -n 2 | paste -sd' ')
echo
awk -v h="$hits1" -v n="$samples" 'BEGIN {printf "top-1 %.1f %% of %d\n", int(1000 * h / n + 0.5) / 10, n}'
echo "report $out/scores/report.html"
echo "page $out/gallery/index.html"
