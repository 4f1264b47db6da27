#!/bin/bash
#SBATCH --job-name=heat-equation
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=8
#SBATCH --time=5
set -euo pipefail
export LC_ALL=C

echo "2000 points, 3000 steps, $SLURM_NTASKS ranks on $SLURM_JOB_NODELIST."

# A job that Slurm has put back into the queue begins anew.
rm -rf exchange result
mkdir exchange result

# With a program that uses MPI, this is the line to change: srun, or mpirun, which asks Slurm for the same ranks.
#   module load openmpi
#   mpirun ./program case/input.json
srun python3 solver/heat.py case/input.json

# Each rank wrote its part of the rod: step, place, temperature, exact temperature.
sort -k1,1n -k2,2g result/rank-*.tsv > result/profile.tsv
awk '
  $1 != step && NR > 1 { report() }
  { step = $1; off = $3 - $4; if (off < 0) off = -off
    if ($3 > warmest) warmest = $3; if (off > worst) worst = off }
  function report() { printf "step %7d: warmest %.6f, off by at most %.2e\n", step, warmest, worst; warmest = worst = 0 }
  END { report() }
' result/profile.tsv | tee result/summary.txt
