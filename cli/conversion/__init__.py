"""From a jobbergate.py to the questions that say the same: run, observed, derived, and held against the program."""
