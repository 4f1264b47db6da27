"""Sends the program a signal at its n-th moment: `python killed_at.py KILL N WORDS…`. Fewer moments, no signal.

The moments are those between which the world outside has changed: before each request and after the server has had it
(but we not its answer), before each command of Slurm's, as soon as that runs, and when it has ended (but we have not
read what it said).
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from types import FrameType
from typing import Any

# Seconds given to the other side, at a call of the standard library or a return from it.
REQUESTS = {
    ("http/client.py", "endheaders", "call"): [0.0],
    ("http/client.py", "getresponse", "call"): [0.4],
}
OF_A_CLIENT = {
    **REQUESTS,
    ("subprocess.py", "_execute_child", "call"): [0.0],
    ("subprocess.py", "_execute_child", "return"): [0.0, 0.4],
}
# Its own commands only look; what it does is done by workers, and here is each step that it takes on hearing of it.
OF_AN_AGENT = {
    **REQUESTS,
    ("agent/acting.py", "submit", "return"): [0.0, 0.3],
    ("agent/acting.py", "steer", "return"): [0.0, 0.3],
    ("agent/rounds.py", "_submitted", "call"): [0.0],
    ("agent/rounds.py", "_recorded", "call"): [0.0],
    ("agent/rounds.py", "_steered", "call"): [0.0],
    ("agent/rounds.py", "_settle", "call"): [0.0],
}
MOMENTS = OF_AN_AGENT if "agent" in sys.argv else OF_A_CLIENT
FILES = tuple({file for file, _, _ in MOMENTS})


class Fate:
    def __init__(self, signal_number: int, moment: int) -> None:
        self.signal_number = signal_number
        self.left = moment

    def __call__(self, frame: FrameType, event: str, _argument: Any) -> None:
        name = frame.f_code.co_filename
        if event not in ("call", "return") or not name.endswith(FILES):
            return
        file = next(file for file in FILES if name.endswith(file))
        for pause in MOMENTS.get((file, frame.f_code.co_name, event), []):
            self.left -= 1
            if self.left == 0:
                time.sleep(pause)
                os.kill(os.getpid(), self.signal_number)


if __name__ == "__main__":
    from cli.main import main

    fate = Fate(getattr(signal, f"SIG{sys.argv[1]}"), int(sys.argv[2]))
    sys.argv = ["jobbergate", *sys.argv[3:]]
    threading.setprofile(fate)
    sys.setprofile(fate)
    main()
