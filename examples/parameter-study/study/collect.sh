#!/bin/bash
# collect.sh POINTS WIDTH: once all results are there, one table of them, and a chart unless WIDTH is 0.
set -euo pipefail
points=$1 width=$2

present=$(find study/results -name '[0-9]*' | wc -l)
if [ "$present" -lt "$points" ]; then
  echo "$present of $points results are there."
  exit
fi

# Two tasks may end at the same moment and both come here: each writes the same, and the move is atomic.
table=study/.summary.$SLURM_ARRAY_TASK_ID
for number in $(seq "$points"); do cat "study/results/$number"; done > "$table"
mv "$table" study/summary.tsv
echo "study/summary.tsv has all $points results."

if [ "$width" -gt 0 ]; then
  chart=study/.chart.$SLURM_ARRAY_TASK_ID
  awk -v width="$width" '
    { rate[NR] = $1; value[NR] = $2
      if (NR == 1 || $2 < low) low = $2
      if (NR == 1 || $2 > high) high = $2 }
    END {
      for (i = 1; i <= NR; i++) {
        bar = ""
        for (j = 0; j < (value[i] - low) / (high - low + 1e-12) * width; j++) bar = bar (value[i] > 0 ? "#" : "-")
        printf "%8.4f %9.4f %s\n", rate[i], value[i], bar
      }
    }' study/summary.tsv > "$chart"
  mv "$chart" study/chart.txt
  cat study/chart.txt
fi
