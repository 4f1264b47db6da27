"""What sbatch makes of a script's directives: pure modules, one for each question. `checking.py` asks them all."""
