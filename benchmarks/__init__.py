"""How fast it is, each figure beside its limit; README.md explains them."""
