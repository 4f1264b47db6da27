# The share of random points of the unit square that lie in the quarter circle is pi / 4.
BEGIN {
  srand(seed)
  for (i = 0; i < samples; i++) {
    x = rand()
    y = rand()
    if (x * x + y * y < 1) inside++
  }
  share = inside / samples
  printf "%.12f %.12f\n", 4 * share, 4 * sqrt(share * (1 - share) / samples)
}
