# How fast two neighbouring starts of x -> rate * x * (1 - x) drift apart: the Lyapunov exponent of the logistic map.
# Below zero they meet again; above zero the map is chaotic. At rate 4 it is the logarithm of 2.
BEGIN {
  x = 0.3
  for (i = 0; i < 1000; i++) x = rate * x * (1 - x)
  for (i = 0; i < iterations; i++) {
    x = rate * x * (1 - x)
    slope = rate * (1 - 2 * x)
    if (slope < 0) slope = -slope
    # Exactly on the top of the parabola the exponent is minus infinity; a floor keeps it a number.
    sum += log(slope < 1e-15 ? 1e-15 : slope)
  }
  printf "%.6f", sum / iterations
}
