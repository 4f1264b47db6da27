"""The command line client of Jobbergate: it speaks to a server by HTTP, and to Slurm by its own commands."""
