#!/bin/bash
# Curates a corpus on the nodes of one Slurm job: a Dask scheduler on the first, workers on all.
#
#     sbatch dask-slurm.sh recipe.yaml [OPTIONS OF colophon run]
#
# Colophon is installed in an environment that all nodes see and that is active where sbatch is called. Submitted again after it ran
# into its time limit, the job goes on from the units that are staged.
#SBATCH --job-name=colophon
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=32
#SBATCH --time=08:00:00
set -euo pipefail
recipe=$1
shift
file=$SLURM_SUBMIT_DIR/scheduler-$SLURM_JOB_ID.json
trap 'rm -f "$file"' EXIT

dask scheduler --scheduler-file "$file" --port 0 --no-dashboard &
# A worker is a process that reads one unit at a time, so it has one thread. What it spills stays on its node.
srun --overlap dask worker --scheduler-file "$file" --nworkers "$SLURM_CPUS_PER_TASK" --nthreads 1 \
    --local-directory "${TMPDIR:-/tmp}" --no-dashboard &

until [ -s "$file" ]; do sleep 1; done
colophon run "$recipe" --runner dask --dask-scheduler-file "$file" --dask-patience 300 "$@"
