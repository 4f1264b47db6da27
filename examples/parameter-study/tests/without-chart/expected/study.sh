#!/bin/bash
#SBATCH --job-name=parameter-study
#SBATCH --array=1-5%4
#SBATCH --ntasks=1
#SBATCH --time=00:05:00
#SBATCH --output=study/task-%a.out
set -euo pipefail
export LC_ALL=C

# This task's line of the table: its number and its growth rate.
read -r number rate < <(sed -n "${SLURM_ARRAY_TASK_ID}p" study/parameters.tsv)
echo "Growth rate $rate on $(hostname)."

# Written beside its place and moved there, so that nobody ever reads half of it.
mkdir -p study/results
printf '%s\t%s\n' "$rate" "$(awk -v rate="$rate" -v iterations=300000 -f study/lyapunov.awk)" \
  > "study/results/.$number"
mv "study/results/.$number" "study/results/$number"

# Whoever finishes last finds all results there, and collects them.
study/collect.sh 5 0
