"""Everything goes wrong, again and again: each submission runs exactly once, and each final state is what its job did.

`make soak` does it with 500 submissions and prints what was done to them.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from pytest_django.live_server_helper import LiveServer

from dev.machine import temporary_directory
from dev.slurm_cluster import SlurmCluster
from jobscripts.models import JobScript
from submissions.models import AlreadyFinal, JobSubmission
from tests.clusters import LOGIN
from tests.slurm.agents import agents
from tests.slurm.conftest import forget_jobs, make_job
from tests.slurm.faults import Chaos, small_disk, unreliable

pytestmark = pytest.mark.slurm

SIZE = int(os.environ.get("JOBBERGATE_SOAK", "48"))
# What each job does, and what has to be said of it then.
FATES = {"completed": "sleep 0.2", "failed": "exit 7"}
SEED = int(os.environ.get("JOBBERGATE_SOAK_SEED", "5"))


@pytest.fixture
def chaos(
    owner: User, installation: Path, live_server: LiveServer, cluster: SlurmCluster, home: Path
) -> Iterator[Chaos]:
    dice = random.Random(SEED)
    with (
        temporary_directory("jg-agent") as place,
        agents(place, installation, live_server, cluster, {"alice": LOGIN}) as made,
        unreliable(live_server.url, dice) as proxy,
        small_disk(home / "disk") as disk,
    ):
        yield Chaos(made, cluster, proxy, dice, disk)
        cluster.up()
        made.end()
    forget_jobs(cluster)


def test_whatever_fails_each_submission_runs_once_and_its_end_is_true(
    chaos: Chaos, owner: User, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # What ran is written down where the disk is never full.
    (home / "ran").mkdir(mode=0o777)
    (home / "ran").chmod(0o777)
    mark = f"#SBATCH --output=/dev/null\necho $SLURM_JOB_ID >> {home}/ran/$(basename $PWD)\n"
    scripts = {fate: make_job(owner, mark + text) for fate, text in FATES.items()}
    chaos.start()
    chaos.start()
    fates = dict(make_submissions(chaos, owner, scripts, chaos.disk or home))

    # It is all over one day, without more harm.
    deadline = time.monotonic() + 120 + SIZE
    while JobSubmission.objects.unfinished().exists():
        assert time.monotonic() < deadline, left(chaos)
        time.sleep(0.5)
    counts = Counter(JobSubmission.objects.values_list("status", flat=True))
    with capsys.disabled():
        print(f"\n{SIZE} submissions: {dict(counts)}; {chaos.told()}.")
    for submission in JobSubmission.objects.all():
        assert_true(submission, fates[submission.pk], home / "ran")


def make_submissions(
    chaos: Chaos, owner: User, scripts: dict[str, JobScript], place: Path
) -> Iterator[tuple[int, str]]:
    """As people do, a few at a time, and some are cancelled; meanwhile harm is done."""
    for number in range(SIZE):
        fate = chaos.dice.choice(sorted(FATES))
        one = JobSubmission.create(owner, scripts[fate], execution_directory=str(place / f"run-{number}"))
        yield one.pk, fate
        if chaos.dice.random() < 0.1:
            cancel(JobSubmission.objects.get(pk=one.pk))
        if number % 4 == 3:
            chaos.piece()


def cancel(submission: JobSubmission) -> None:
    try:
        submission.cancel()
    except AlreadyFinal:
        return


def assert_true(submission: JobSubmission, fate: str, place: Path) -> None:
    runs = place / Path(submission.execution_directory).name
    ran = runs.read_text().split() if runs.exists() else []
    told = f"{submission.pk} {submission.status} {submission.reason} {ran}"
    if submission.status == "cancelled":
        assert submission.cancel_requested or "before it reached" in submission.reason, told
        assert len(ran) <= 1, told
        return
    # Slurm's own ids say that it was this job, and no other.
    assert (submission.status, ran) == (fate, [str(submission.slurm_job_id)]), told
    assert submission.exit_code == {"completed": 0, "failed": 7}[fate], told


def left(chaos: Chaos) -> str:
    rows = JobSubmission.objects.unfinished().values("id", "status", "reason", "slurm_job_id", "lease_holder")
    return f"{list(rows)}\n{chaos.agents.said()[-5000:]}"
