"""Job submissions: from a job script to Slurm exactly once, and the truth about what became of it."""
