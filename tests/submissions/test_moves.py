"""Every step of a hand-over, in every order: what moves, what is refused, and what is left behind."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import now

from submissions.models import JobSubmission
from tests.factories import make_submission

SOON = timedelta(minutes=5)


def made(status: str, alice: Any) -> JobSubmission:
    """A submission as it comes to be in that state."""
    submission = make_submission(alice)
    if status == "created":
        return submission
    if status == "cancelled before":
        submission.cancel()
        return submission
    submission.lease("host/1/1", now() + (-SOON if status == "lease ran out" else SOON))
    if status in ("submitting", "lease ran out"):
        return submission
    if status == "cancel requested":
        submission.cancel()
        return submission
    if status == "rejected":
        submission.reject("sbatch: error: no")
        return submission
    submission.record(7, "hilbert")
    if status != "pending":
        JobSubmission.objects.filter(pk=submission.pk).update(status=status, released=True)
        submission.refresh_from_db()
    return submission


LEASE, LEASE_INSTEAD, RECORD, RECORD_SAME, REJECT, CANCEL, DELETE, RESUBMIT = (
    ("lease", {"holder": "host/2/2"}),
    ("lease", {"holder": "host/2/2", "instead_of": "host/1/1"}),
    ("record", {"slurm_job_id": 8, "slurm_cluster": "hilbert"}),
    ("record", {"slurm_job_id": 7, "slurm_cluster": "hilbert"}),
    ("reject", {"reason": "no"}),
    ("cancel", None),
    ("", None),
    ("resubmit", {}),
)
VERBS = ("lease", "lease instead", "record 8", "record 7", "reject", "cancel", "delete", "resubmit")
REQUESTS = dict(zip(VERBS, (LEASE, LEASE_INSTEAD, RECORD, RECORD_SAME, REJECT, CANCEL, DELETE, RESUBMIT), strict=True))

# For each state, and each verb in the order of VERBS: the status that comes out, or the code of the refusal.
FREE = ("submitting", "submitting", "pending", "pending", "rejected", "cancelled", "deleted", "created")
HELD = ("leased", "submitting", "pending", "pending", "rejected", "submitting", "not_final", "created")
TAKEN = "already_recorded"
OVER = "not_submittable"
IN_SLURM = (TAKEN, TAKEN, TAKEN, "same", TAKEN, "same", "not_final", "created")
ENDED_IN_SLURM = (TAKEN, TAKEN, TAKEN, "same", TAKEN, "already_final", "deleted", "created")
ENDED_BEFORE = (OVER, OVER, OVER, OVER, OVER, "already_final", "deleted", "created")
TABLE: dict[str, tuple[str, ...]] = {
    "created": FREE,
    "submitting": HELD,
    "lease ran out": ("submitting", *HELD[1:]),
    "cancel requested": (*HELD[:4], "cancelled", *HELD[5:]),
    "rejected": ENDED_BEFORE,
    "cancelled before": ENDED_BEFORE,
    **dict.fromkeys(("pending", "running", "suspended", "completing", "unknown", "future_word"), IN_SLURM),
    **dict.fromkeys(
        (
            "completed",
            "failed",
            "cancelled",
            "timeout",
            "out_of_memory",
            "node_fail",
            "boot_fail",
            "deadline",
            "revoked",
            "preempted",
        ),
        ENDED_IN_SLURM,
    ),
}


@pytest.mark.parametrize(
    ("status", "verb", "result"),
    [(status, verb, result) for status, results in TABLE.items() for verb, result in zip(VERBS, results, strict=True)],
)
def test_a_verb_in_a_state(as_alice, alice, status, verb, result):
    submission = made(status, alice)
    before, events = submission.status, submission.events.count()
    path, body = REQUESTS[verb]
    url = f"/api/job-submissions/{submission.pk}/{path and path + '/'}"

    answer = as_alice.delete(url) if verb == "delete" else as_alice.post(url, body)

    if result == "deleted":
        assert (answer.status_code, JobSubmission.objects.filter(pk=submission.pk).exists()) == (204, False)
        return
    after = JobSubmission.objects.get(pk=submission.pk)
    if verb == "resubmit":
        assert (answer.status_code, answer.json()["status"]) == (201, "created")
        assert (answer.json()["id"] != submission.pk, after.status, after.events.count()) == (True, before, events)
        return
    if result in ("leased", TAKEN, OVER, "already_final", "not_final"):
        assert (answer.status_code, answer.json()["code"]) == (409, result)
        assert (after.status, after.events.count()) == (before, events)
        return
    expected = before if result == "same" else result
    assert (answer.status_code, answer.json()["status"], after.status) == (200, expected, expected)
    assert after.events.count() == events + (expected != before)


def test_a_lease_tells_who_has_it_and_until_when(as_alice, alice):
    submission = make_submission(alice)
    first = as_alice.post(
        f"/api/job-submissions/{submission.pk}/lease/", {"holder": "a/1/1", "execution_directory": "/x"}
    )
    second = as_alice.post(
        f"/api/job-submissions/{submission.pk}/lease/", {"holder": "b/1/1", "execution_directory": "/y"}
    )

    row = first.json()
    assert (row["status"], row["lease_holder"], row["execution_directory"]) == ("submitting", "a/1/1", "/x")
    until = JobSubmission.objects.get().leased_until
    assert SOON - timedelta(seconds=20) < until - now() <= SOON
    assert (second.status_code, second.json()["detail"]) == (
        409, f"a/1/1 is submitting it, until {until:%H:%M:%S} UTC at the latest.",
    )  # fmt: skip


def test_instead_of_somebody_else_than_its_holder_is_no_lease(as_alice, alice):
    submission = made("submitting", alice)

    answer = as_alice.post(f"/api/job-submissions/{submission.pk}/lease/", {"holder": "c/1/1", "instead_of": "b/1/1"})

    assert (answer.status_code, answer.json()["code"]) == (409, "leased")


def test_another_job_is_refused_with_the_one_that_is_recorded(as_alice, alice):
    submission = made("pending", alice)

    answer = as_alice.post(
        f"/api/job-submissions/{submission.pk}/record/", {"slurm_job_id": 8, "slurm_cluster": "hilbert"}
    )

    assert (answer.status_code, answer.json()) == (
        409, {"code": "already_recorded", "detail": "Slurm has job 7 for it.", "errors": {}},
    )  # fmt: skip


def test_a_record_is_the_held_job_of_a_cluster(as_alice, alice):
    submission = made("submitting", alice)

    row = as_alice.post(
        f"/api/job-submissions/{submission.pk}/record/", {"slurm_job_id": 7, "slurm_cluster": "hilbert"}
    ).json()

    assert (row["status"], row["reason"], row["slurm_job_id"], row["slurm_cluster"], row["released"]) == (
        "pending", "JobHeldUser", 7, "hilbert", False,
    )  # fmt: skip
    assert row["submitted_at"] is not None


def test_an_own_hold_is_nobody_s_to_release(as_alice, alice):
    submission = make_submission(alice, sbatch_arguments=["--hold"])

    row = as_alice.post(
        f"/api/job-submissions/{submission.pk}/record/", {"slurm_job_id": 7, "slurm_cluster": "hilbert"}
    ).json()

    assert (row["hold"], row["released"]) == (True, True)


def test_what_slurm_refused_keeps_sbatch_s_words(as_alice, alice):
    submission = made("submitting", alice)

    row = as_alice.post(f"/api/job-submissions/{submission.pk}/reject/", {"reason": "sbatch: error: no"}).json()

    assert (row["status"], row["reason"], row["ended_at"] is not None) == ("rejected", "sbatch: error: no", True)


def test_every_change_is_an_event(as_alice, alice):
    submission = made("submitting", alice)
    as_alice.post(f"/api/job-submissions/{submission.pk}/record/", {"slurm_job_id": 7, "slurm_cluster": "hilbert"})
    report = {"id": submission.pk, "slurm_job_id": 7, "state": "RUNNING", "reason": "None"}
    as_alice.post("/api/job-submissions/report/", {"slurm_cluster": "hilbert", "reports": [report]})

    rows = as_alice.get(f"/api/job-submissions/{submission.pk}/events/").json()["results"]

    assert [(row["old_status"], row["new_status"], row["reason"]) for row in rows] == [
        ("created", "submitting", "Taken by host/1/1."),
        ("submitting", "pending", "Slurm job 7 on hilbert, held."),
        ("pending", "running", "None"),
    ]


def test_what_is_stale_in_one_process_is_told_the_present_state(alice):
    """Two processes have read the same row; the second one's step comes too late."""
    one = make_submission(alice)
    other = JobSubmission.objects.get(pk=one.pk)
    one.lease("a/1/1", now() + SOON)
    one.record(7, "hilbert")

    for step in (
        lambda: other.lease("b/1/1", now() + SOON),
        lambda: other.record(8, "hilbert"),
        lambda: other.reject("no"),
    ):
        with pytest.raises(Exception, match="Slurm has job 7 for it"):
            step()
    other.cancel()

    assert (other.status, other.cancel_requested, other.slurm_job_id) == ("pending", True, 7)


def test_a_cancel_that_comes_with_the_lease_is_a_mark(as_alice, alice):
    submission = made("submitting", alice)

    row = as_alice.post(f"/api/job-submissions/{submission.pk}/cancel/").json()

    assert (row["status"], row["cancel_requested"]) == ("submitting", True)


def test_several_are_cancelled_at_once(as_alice, as_bob, alice, bob):
    free, done, foreign = made("created", alice), made("completed", alice), make_submission(bob)

    answer = as_alice.post("/api/job-submissions/cancel/", {"ids": [free.pk, done.pk, foreign.pk, 10**12]})

    assert answer.status_code == 200
    assert [(row["id"], row["status"]) for row in answer.json()["results"]] == [(free.pk, "cancelled")]
    assert answer.json()["errors"] == {
        str(done.pk): "It is completed already.", str(foreign.pk): "Not found.", str(10**12): "Not found.",
    }  # fmt: skip
    foreign.refresh_from_db()
    assert foreign.status == "created"


def test_a_resubmission_is_the_same_with_a_tag_of_its_own(as_alice, alice):
    submission = make_submission(alice, sbatch_arguments=["--comment=mine", "-N2"], name="n", execution_directory="/x")

    row = as_alice.post(f"/api/job-submissions/{submission.pk}/resubmit/", {"execution_directory": "/y"}).json()

    assert (row["job_script"], row["name"], row["via"], row["sbatch_arguments"], row["execution_directory"]) == (
        submission.job_script_id, "n", "login_node", ["--comment=mine", "-N2"], "/y",
    )  # fmt: skip
    assert row["tag"] != submission.tag
    assert row["comment"] == f"jobbergate:{row['tag']} mine"


def test_a_submission_that_follows_a_job_is_unknown_until_slurm_is_asked(as_alice, alice):
    script = make_submission(alice).job_script_id

    row = as_alice.post("/api/job-submissions/", {"job_script": script, "via": "login_node", "slurm_job_id": 99}).json()

    assert (row["status"], row["slurm_job_id"], row["tag"], row["comment"], row["released"]) == (
        "unknown",
        99,
        "",
        "",
        True,
    )
