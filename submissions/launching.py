"""The scripts of a sweep as Slurm arrays: one submission an array, of a script that starts its points' own scripts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User

from applications.archive import MAX_FILES, MAX_PATH
from jobscripts import arrays
from jobscripts.arrays import Launcher
from jobscripts.files import JobScriptFile
from jobscripts.models import JobScript
from jobscripts.sweeps import Sweep
from submissions.clusters import Cluster
from submissions.models import JobSubmission


@dataclass(frozen=True)
class Destination:
    """Where and how the jobs of a sweep are to run."""

    via: str = JobSubmission.Via.AGENT
    cluster: Cluster | None = None
    slurm_cluster: str = ""
    execution_directory: str = ""
    sbatch_arguments: Sequence[str] = ()

    def in_words(self) -> dict[str, Any]:
        return {"via": self.via, "cluster": self.cluster, "slurm_cluster": self.slurm_cluster}

    def directory(self, number: int) -> str:
        """A point's own, where it is a job by itself."""
        return f"{self.execution_directory.rstrip('/')}/points/{number}" if self.execution_directory else ""


def as_arrays(sweep: Sweep, owner: User, to: Destination, most: int, limit: int | None) -> list[JobSubmission]:
    """One submission an array, each of a script that starts its points' own scripts; none where they must be single."""
    all_at_once = sweep.max_queued is None or sweep.max_queued >= sweep.size
    if not sweep.as_array or not all_at_once:
        return []
    # Those of submissions that were deleted serve again.
    launchers = list(sweep.scripts.filter(point=None).with_entrypoint().order_by("first_point"))
    return [prepared(owner, script, to) for script in launchers or made_for(sweep, most, limit)]


def prepared(owner: User, script: JobScript, to: Destination) -> JobSubmission:
    return JobSubmission.prepared(
        owner,
        script,
        execution_directory=to.execution_directory,
        sbatch_arguments=to.sbatch_arguments,
        **to.in_words(),
    )


def made_for(sweep: Sweep, most: int, limit: int | None) -> list[JobScript]:
    scripts = {script.point or 0: script for script in sweep.scripts.with_entrypoint().order_by("point")}
    # They may have been changed by hand since.
    same = len({script.entrypoint for script in scripts.values()}) == 1
    if not same or not arrays.alike(script.read_entrypoint() for script in scripts.values()):
        return []
    paths = list(JobScriptFile.objects.filter(script__sweep=sweep).values_list("script__point", "path"))
    most = min(most, (MAX_FILES - 1) // max(Counter(number for number, _ in paths).values()))
    if most < 1:
        return []
    made = [Launcher(first, size, scripts[0].entrypoint) for first, size in arrays.chunks(sweep.size, most)]
    if any(len(made[-1].path(sweep.size - 1, path).encode()) > MAX_PATH for _, path in paths):
        return []
    return [
        launcher_script(sweep, launcher, scripts[launcher.first].read_entrypoint(), limit, alone=len(made) == 1)
        for launcher in made
    ]


def launcher_script(sweep: Sweep, launcher: Launcher, one: str, limit: int | None, *, alone: bool) -> JobScript:
    end = launcher.first + launcher.size
    what = f"points {launcher.first} to {end - 1}"
    script = JobScript(
        owner=sweep.owner,
        version=sweep.version,
        name=sweep.name if alone else f"{sweep.name[:200]}, {what}",
        entrypoint=f"sweep-{sweep.pk}.sh" if alone else f"sweep-{sweep.pk}-{launcher.first}.sh",
        sweep=sweep,
        first_point=launcher.first,
    )
    script.save()
    text = launcher.script(one, f"Sweep {sweep.pk}, {what}", limit)
    found = JobScriptFile.objects.filter(
        script__sweep=sweep, script__point__gte=launcher.first, script__point__lt=end
    ).values_list("script__point", "path", "content")
    files = {launcher.path(number or 0, path): bytes(content) for number, path, content in found}
    script.add({script.entrypoint: text.encode(), **files})
    return script
