"""Two who want the same submission at the same moment: one gets it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connections
from django.utils.timezone import now

from applications.models import Application
from jobbergate.core.errors import Conflict, DomainError
from jobscripts.sweeps import Sweep
from submissions import sweeps
from submissions.launching import Destination
from submissions.models import JobSubmission
from tests.factories import FOLDER, make_application, make_submission, make_sweep, make_user

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 4


def together(step):
    """What `step(n)` gives or raises in each of several threads that begin at once."""
    barrier = Barrier(MANY)

    def run(number):
        try:
            barrier.wait()
            return step(number)
        except DomainError as refusal:
            return refusal
        finally:
            connections.close_all()

    with ThreadPoolExecutor(MANY) as pool:
        return list(pool.map(run, range(MANY)))


@pytest.mark.parametrize("round", range(3))
def test_one_of_many_gets_the_lease(round):
    pk = make_submission().pk

    def lease(number):
        submission = JobSubmission.objects.get(pk=pk)
        submission.lease(f"host/{number}/1", now() + timedelta(minutes=5))
        return submission.lease_holder

    results = together(lease)

    winners = [result for result in results if isinstance(result, str)]
    assert winners == [JobSubmission.objects.get(pk=pk).lease_holder]
    assert [result.code for result in results if isinstance(result, Conflict)] == ["leased"] * (MANY - 1)


def test_one_of_many_jobs_is_recorded():
    pk = make_submission().pk

    results = together(lambda number: JobSubmission.objects.get(pk=pk).record(100 + number, "hilbert"))

    recorded = JobSubmission.objects.get(pk=pk)
    assert results.count(None) == 1
    assert recorded.slurm_job_id == 100 + results.index(None)
    assert recorded.events.count() == 1


def test_a_cancel_and_a_lease_never_both_win():
    pk = make_submission().pk

    def step(number):
        submission = JobSubmission.objects.get(pk=pk)
        return submission.cancel() if number % 2 else submission.lease("host/1/1", now() + timedelta(minutes=5))

    together(step)

    submission = JobSubmission.objects.get(pk=pk)
    assert (submission.status, submission.cancel_requested) in (("cancelled", False), ("submitting", True))


def test_versions_that_are_published_together_are_numbered_one_after_another():
    application = make_application()
    user = make_user("alice")

    def publish(number):
        own = Application.objects.get(pk=application.pk)
        return own.publish({**FOLDER, "note": str(number).encode()}, user).number

    assert sorted(together(publish)) == list(range(2, 2 + MANY))
    application.refresh_from_db()
    assert application.latest_version == 1 + MANY


def test_one_of_many_gets_the_identifier():
    user = make_user("alice")

    results = together(lambda number: Application.create(FOLDER, user, name=f"n{number}", identifier="same").identifier)

    assert results.count("same") == 1
    assert Application.objects.count() == 1


@pytest.mark.parametrize("template", [b"#!/bin/sh\necho {{ nodes }}\n", b"#!/bin/sh\n#SBATCH -N {{ nodes }}\n"])
def test_a_sweep_is_submitted_once(template):
    alice = make_user("alice")
    sweep = make_sweep(alice, make_application(alice, {"templates/job.sh.j2": template}), size=5, max_queued=5)
    to = Destination("login_node")

    results = together(lambda number: len(sweeps.submit(Sweep.objects.get(pk=sweep.pk), alice, to).submissions))

    made = JobSubmission.objects.count()
    assert (sorted(results), made) == ([0, 0, 0, made], 1 if b"echo" in template else 5)
