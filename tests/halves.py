"""The tests with a real Slurm as two halves that take about as long: they wait for Slurm more than they work.

Every file is in one of them, also one that nobody has listed here.
"""

import zlib

HALVES = (1, 2)
# Seconds, each alone; only what takes long has to be here.
MEASURED = {
    1: {
        "tests/slurm/test_agent_outages.py": 160,
        "tests/slurm/test_crashes.py": 120,
        "tests/slurm/test_sweeps.py": 84,
        "tests/slurm/test_submit.py": 68,
        "tests/slurm/test_faults.py": 40,
        "tests/slurm/test_sessions.py": 35,
        "tests/slurm/test_examples.py": 21,
    },
    2: {
        "tests/slurm/test_agent.py": 110,
        "tests/slurm/test_outages.py": 110,
        "tests/slurm/test_true_states.py": 80,
        "tests/slurm/test_following.py": 60,
        "tests/slurm/test_agent_identity.py": 58,
        "tests/slurm/test_corpus.py": 41,
        "tests/slurm/test_arrays.py": 40,
        "tests/cli/test_on_a_login_node.py": 24,
    },
}


def half_of(file: str) -> int:
    """Of a file's path below the project; the same in every run."""
    listed = [half for half, files in MEASURED.items() if file in files]
    return listed[0] if listed else HALVES[zlib.crc32(file.encode()) % 2]
