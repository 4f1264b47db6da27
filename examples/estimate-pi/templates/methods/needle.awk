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
