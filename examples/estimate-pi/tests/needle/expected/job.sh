#!/bin/bash
#SBATCH --job-name=estimate-pi
#SBATCH --ntasks=1
#SBATCH --time=00:05:00
#SBATCH --partition=long
set -euo pipefail
export LC_ALL=C

echo "1000000 samples, method needle, seed 1, on $(hostname)."

# Each experiment prints an estimate of pi and its standard error.
estimate() {
  awk -v samples=1000000 -v seed=1 -f /dev/stdin <<'AWK'
# A needle as long as the gap between the lines of a floor crosses one of them with probability 2 / pi.
BEGIN {
  srand(seed)
  for (i = 0; i < samples; i++) {
    # A random direction without knowing pi: a point of the disc, seen from its centre.
    do {
      x = 2 * rand() - 1
      y = 2 * rand() - 1
      square = x * x + y * y
    } while (square > 1 || square == 0)
    sine = (y < 0 ? -y : y) / sqrt(square)
    # The needle's middle is up to half a gap away from the nearest line.
    if (rand() < sine) crossings++
  }
  share = crossings / samples
  printf "%.12f %.12f\n", 2 / share, 2 / share * sqrt((1 - share) / (share * samples))
}

AWK
}

estimate | awk '{
  off = $1 - atan2(0, -1)
  printf "pi is about %.6f, give or take %.6f.\n", $1, $2
  printf "It is off by %.6f, which is %.1f standard errors.\n", off, (off < 0 ? -off : off) / $2
}' | tee pi.txt
