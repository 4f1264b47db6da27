"""Arrays, and jobs of several components: one submission each."""

import pytest
from django.contrib.auth.models import User

from submissions.models import JobSubmission
from tests.slurm.conftest import Person, make_job

pytestmark = pytest.mark.slurm

TASKS = "#SBATCH --array=1-4%2\nsleep $((SLURM_ARRAY_TASK_ID - 1))\n[ $SLURM_ARRAY_TASK_ID != 3 ] || exit 7"


def test_an_array_counts_its_tasks_and_ends_with_the_last(alice: Person, owner: User) -> None:
    submission = alice.submit(make_job(owner, TASKS).pk)

    half_way = alice.wait_for(submission["id"], "running")
    assert sum(half_way["tasks"].values()) == 4

    ended = alice.wait_for(submission["id"], "failed", "completed")
    assert ended["tasks"] == {"completed": 3, "failed": 1}
    assert (ended["status"], ended["exit_code"]) == ("failed", 7)
    assert JobSubmission.objects.get().task_statuses["3"] == "failed"


def test_an_array_is_cancelled_as_a_whole(alice: Person, owner: User) -> None:
    submission = alice.submit(make_job(owner, "#SBATCH --array=0-99%2\nsleep 600").pk)
    alice.wait_for(submission["id"], "running")

    alice.json("job-submissions", "cancel", submission["id"])

    ended = alice.wait_for(submission["id"], "cancelled")
    assert ended["tasks"] == {"cancelled": 100}


def test_an_array_without_accounting_keeps_what_slurm_forgets(bare_alice: Person, owner: User) -> None:
    # The last task runs until long after slurmctld has forgotten the first.
    script = make_job(owner, "#SBATCH --array=0-1\nsleep $((SLURM_ARRAY_TASK_ID * 25))\nexit $SLURM_ARRAY_TASK_ID")
    submission = bare_alice.submit(script.pk)

    ended = bare_alice.wait_for(submission["id"], "failed", "completed")

    assert ended["tasks"] == {"completed": 1, "failed": 1}
    assert (ended["status"], ended["exit_code"]) == ("failed", 1)


def test_a_heterogeneous_job_is_one_submission(alice: Person, owner: User) -> None:
    script = make_job(owner, "#SBATCH -n1\n#SBATCH hetjob\n#SBATCH -n1 --comment=other\nexit 4")

    ended = alice.wait_for(alice.submit(script.pk)["id"], "failed", "completed")

    assert (ended["status"], ended["exit_code"], ended["tasks"]) == ("failed", 4, {})
