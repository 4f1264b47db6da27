"""`jobbergate agent`: submits for its cluster, watches its jobs, and tells the server what became of them.

| module | is |
|---|---|
| `rounds.py` | the loop: what is heard from the server, from Slurm and from the workers, and what follows from it |
| `telling.py` | what the server has not been told yet |
| `acting.py` | what is asked of the workers |
| `handing.py` | the submissions on their way into Slurm, each with the step that it is at |
| `watching.py` | the jobs that Slurm has, and what of them the server has not been told yet |
| `looking.py` | one look at Slurm: the queue, and the books of what left it |
| `identity.py` | whose account a submission runs as, and the one function that becomes somebody else |
| `workers.py`, `worker.py` | a process for each owner, which is them: both ends of its pipe |
| `pace.py` | how often Slurm and the server are asked |
"""
