"""Where a job's output goes, as script and arguments say it, with sbatch's own %-patterns. Pure."""

import posixpath
import re
from collections.abc import Sequence

from jobscripts.sbatch.options import Given

MOST = 4096
# Source: sbatch(1), "FILENAME PATTERN".
DEFAULT, OF_ARRAY = "slurm-%j.out", "slurm-%A_%a.out"
NAME = re.compile(r"%%|%(\d*)x")


def outputs(said: Sequence[Given], entrypoint: str) -> tuple[str, str]:
    """Of output and error output; empty where nothing is said of it, and of the second where it goes with the first."""
    last = {one.name: one.value or "" for one in said}
    place, name = last.get("chdir", ""), last.get("job-name") or posixpath.basename(entrypoint)
    default = OF_ARRAY if "array" in last else DEFAULT
    output, error = last.get("output", "") or (default if place else ""), last.get("error", "")
    return written(place, output, name), written(place, error, name)


def written(place: str, path: str, name: str) -> str:
    """The job's name is known here, and not to whoever looks for the file when Slurm has forgotten the job."""
    if not path:
        return ""
    known = NAME.sub(lambda found: found[0] if found[1] is None else name.replace("%", "%%"), path)
    return posixpath.join(place.replace("%", "%%"), known)[:MOST]
