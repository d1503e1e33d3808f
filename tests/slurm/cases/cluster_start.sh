#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The cluster has two nodes and a network that MPI programs work over, through srun and through mpirun in a job.
set -euo pipefail
head=("$CLUSTER" run "$DIR")
fail() {
  echo "cluster_start: $*" >&2
  exit 1
}

nodes=$("${head[@]}" sinfo -h -p low -o %D)
[[ $nodes == 2 ]] || fail "sinfo counts $nodes nodes, not 2"
hosts=$("${head[@]}" srun --mpi=pmix -N2 -n4 hostname | sort -u | paste -sd' ')
[[ $hosts == "n1 n2" ]] || fail "four tasks ran on '$hosts', not on n1 and n2"

bench=${INTR_BIN:-}/intr-bench
if [[ ! -x $bench ]]; then
  echo "INTR_BIN has no intr-bench: no MPI program was run"
  exit 77
fi
tiny="--quick --rounds 10 --threads 1 --backbone resnet18 --backbone-stages 3 --hidden-dim 32 --nheads 2 --enc-layers 1"
tiny+=" --dec-layers 1 --dim-feedforward 32 --image-size 64 --classes 8"
# Sums over four ranks, two a node. The file says how many ranks took part: 4 and not four times 1.
for launch in "env SLURM_PMIX_FENCE=ring srun --mpi=pmix" "mpirun --bind-to none"; do
  cat >"$WORK/job.sh" <<END
#!/usr/bin/env bash
source "$DIR/etc/job-env.sh"
$launch "$bench" comm $tiny --json "$WORK/bench.json"
echo \$? >"$WORK/status"
END
  rm -f "$WORK/bench.json" "$WORK/status"
  "${head[@]}" sbatch -N2 --ntasks-per-node=2 -o "$WORK/job.log" "$WORK/job.sh"
  until [[ -s $WORK/status ]]; do sleep 0.2; done # no `sbatch --wait`: it looks every 10 s
  cat "$WORK/job.log"
  [[ $(<"$WORK/status") == 0 ]] || fail "the job with $launch left with $(<"$WORK/status")"
  grep -q '"ranks": *4' "$WORK/bench.json" || fail "$launch: not four ranks in $(cat "$WORK/bench.json")"
done
