"""A sweep in Slurm: as arrays or as single jobs, each point with its state, and together cancelled and submitted again."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from jobscripts.models import JobScript
from jobscripts.sweeps import Sweep
from submissions.models import JobSubmission
from tests.factories import make_application, make_cluster, make_submission, make_sweep

HERE = {"via": "login_node", "slurm_cluster": "hilbert"}
ALIKE = {"templates/job.sh.j2": b"#!/bin/bash -e\n#SBATCH --output=run.log\necho {{ nodes }}\n"}


@pytest.fixture
def alike(alice: User) -> Sweep:
    """Five points that differ in what runs alone."""
    return make_sweep(alice, make_application(alice, ALIKE), size=5, name="Alike")


@pytest.fixture
def different(alice: User) -> Sweep:
    """Five points that ask for other numbers of nodes."""
    return make_sweep(alice, size=5, name="Different")


def submit(client: APIClient, sweep: Sweep, **body: Any) -> Any:
    answer = client.post(f"/api/sweeps/{sweep.pk}/submit/", {**HERE, **body})
    assert answer.status_code == 200, answer.json()
    return answer.json()


def table(client: APIClient, sweep: Sweep, query: str = "") -> list[tuple[Any, ...]]:
    answer = client.get(f"/api/sweeps/{sweep.pk}/points/{query}").json()
    return [(row["point"], row["status"], row["exit_code"], row["task"]) for row in answer["results"]]


def report(client: APIClient, submission: int, job: int, **facts: Any) -> None:
    found = JobSubmission.objects.get(pk=submission)
    if found.slurm_job_id is None:
        found.record(job, "hilbert")
    reports = [{"id": submission, "slurm_job_id": job, "state": "RUNNING", **facts}]
    answer = client.post("/api/job-submissions/report/", {"slurm_cluster": "hilbert", "reports": reports})
    assert answer.status_code == 200, answer.json()


# --- arrays ---------------------------------------------------------------------------------------------------------


def test_points_that_are_alike_are_one_array(as_alice: APIClient, alike: Sweep) -> None:
    made = submit(as_alice, alike, execution_directory="/scratch/a", sbatch_arguments=["--time=5"], array_limit=2)

    submission = JobSubmission.objects.get()
    assert (made["submissions"], made["left"], made["states"]) == ([submission.pk], 0, {"created": 5})
    assert (submission.name, submission.via, submission.slurm_cluster) == ("Alike", "login_node", "hilbert")
    assert (submission.execution_directory, submission.sbatch_arguments) == ("/scratch/a", ["--time=5"])
    script = submission.job_script
    assert (script.sweep, script.point, script.first_point) == (alike, None, 0)
    text = script.read_entrypoint()
    assert re.findall("^#SBATCH.*", text, re.MULTILINE) == [
        "#SBATCH --job-name=job.sh",
        "#SBATCH --output=run.log",
        "#SBATCH --array=0-4%2",
        "#SBATCH --output=points/%a/run.log",
    ]
    files = script.read_files()
    assert sorted(files) == [*(f"points/{number}/job.sh" for number in range(5)), f"sweep-{alike.pk}.sh"]
    assert files["points/3/job.sh"].endswith(b"echo 4\n")


def test_an_array_is_no_larger_than_the_cluster_takes(as_alice: APIClient, alike: Sweep) -> None:
    made = submit(as_alice, alike, max_array_size=2, execution_directory="/scratch/a")

    submissions = JobSubmission.objects.order_by("pk")
    assert made["submissions"] == [submission.pk for submission in submissions]
    texts = [submission.job_script.read_entrypoint() for submission in submissions]
    assert [re.findall("--array=(.*)", text) for text in texts] == [["0-0"], ["0-1"], ["0-1"]]
    report(as_alice, made["submissions"][2], 7, tasks={"0": "COMPLETED", "1": "RUNNING"}, task_exit_codes={"0": "0:0"})
    assert table(as_alice, alike) == [
        (0, "created", None, 0),
        (1, "created", None, 0),
        (2, "created", None, 1),
        (3, "completed", 0, 0),
        (4, "running", None, 1),
    ]
    rows = as_alice.get(f"/api/sweeps/{alike.pk}/points/").json()["results"]
    assert rows[4]["execution_directory"] == "/scratch/a/points/3+1"
    assert (rows[4]["answers"], rows[4]["slurm_job_id"]) == ({"nodes": 5}, 7)
    assert "points/3+1/job.sh" in submissions[2].job_script.read_files()


def test_asking_again_makes_no_second_array(as_alice: APIClient, alike: Sweep) -> None:
    submit(as_alice, alike)

    assert submit(as_alice, alike)["submissions"] == []
    assert JobSubmission.objects.count() == 1


def test_points_that_were_changed_by_hand_are_single_jobs(as_alice: APIClient, alike: Sweep) -> None:
    script = alike.scripts.get(point=2)
    script.files.update(content=b"#!/bin/sh\n#SBATCH --mem=1G\ntrue\n")

    assert len(submit(as_alice, alike)["submissions"]) == 5


def test_failed_tasks_are_submitted_again_by_their_indexes(as_alice: APIClient, alike: Sweep) -> None:
    number = submit(as_alice, alike, array_limit=3, sbatch_arguments=["--time=5"])["submissions"][0]
    ends = {"0": "COMPLETED", "1": "FAILED", "2": "TIMEOUT", "3": "COMPLETED", "4": "FAILED"}
    codes = {"0": "0:0", "1": "7:0", "2": "0:15", "3": "0:0", "4": "1:0"}
    report(as_alice, number, 7, state="FAILED", tasks=ends, task_exit_codes=codes)
    assert table(as_alice, alike, "?status=failed,timeout") == [
        (1, "failed", 7, 1),
        (2, "timeout", 0, 2),
        (4, "failed", 1, 4),
    ]

    made = as_alice.post(f"/api/sweeps/{alike.pk}/resubmit/", {"failed": True}).json()

    again = JobSubmission.objects.latest("pk")
    assert (made["submissions"], made["states"]) == ([again.pk], {"completed": 2, "created": 3})
    assert again.sbatch_arguments == ["--time=5", "--array=1-2,4%3"]
    assert again.job_script_id == JobSubmission.objects.get(pk=number).job_script_id
    # Those are under way now, so there is nothing more to do.
    assert as_alice.post(f"/api/sweeps/{alike.pk}/resubmit/", {}).json()["submissions"] == []
    # And once more with fewer.
    report(as_alice, again.pk, 8, state="FAILED", tasks={"1": "COMPLETED", "2": "FAILED", "4": "COMPLETED"})
    as_alice.post(f"/api/sweeps/{alike.pk}/resubmit/", {})
    assert JobSubmission.objects.latest("pk").sbatch_arguments == ["--time=5", "--array=2%3"]


# --- single jobs ----------------------------------------------------------------------------------------------------


def test_other_points_are_single_jobs_and_no_more_than_may_be_queued(as_alice: APIClient, different: Sweep) -> None:
    first = submit(as_alice, different, max_queued=2, execution_directory="/scratch/d/")

    assert (len(first["submissions"]), first["left"], first["max_queued"]) == (2, 3, 2)
    assert first["states"] == {"created": 2, "unsubmitted": 3}
    assert submit(as_alice, different)["submissions"] == []
    places = JobSubmission.objects.order_by("pk").values_list("execution_directory", flat=True)
    assert list(places) == ["/scratch/d/points/0", "/scratch/d/points/1"]

    report(as_alice, first["submissions"][0], 7, state="COMPLETED", exit_code="0:0")
    second = submit(as_alice, different)

    assert (len(second["submissions"]), second["left"]) == (1, 2)
    assert table(as_alice, different)[:4] == [
        (0, "completed", 0, None),
        (1, "created", None, None),
        (2, "created", None, None),
        (3, "unsubmitted", None, None),
    ]
    assert table(as_alice, different, "?status=unsubmitted&limit=1") == [(3, "unsubmitted", None, None)]


def test_an_array_that_would_fill_the_queue_is_single_jobs(as_alice: APIClient, alike: Sweep) -> None:
    assert len(submit(as_alice, alike, max_queued=4)["submissions"]) == 4


def test_single_jobs_where_they_are_wanted(as_alice: APIClient, alike: Sweep) -> None:
    assert len(submit(as_alice, alike, single=True)["submissions"]) == 5


def test_failed_single_jobs_are_topped_up_once_each(as_alice: APIClient, different: Sweep) -> None:
    for job, number in enumerate(submit(as_alice, different)["submissions"], start=1):
        report(as_alice, number, job, state="FAILED", exit_code="1:0")
    as_alice.patch(f"/api/sweeps/{different.pk}/", {"max_queued": 2})

    done, before = [], None
    for job in range(10, 40, 10):
        made = as_alice.post(f"/api/sweeps/{different.pk}/resubmit/", {"before": before}).json()
        done.append((len(made["submissions"]), made["left"]))
        before = made["before"]
        for place, number in enumerate(made["submissions"]):
            report(as_alice, number, job + place, state="FAILED", exit_code="1:0")

    # What fails again is not submitted again in the same round.
    assert done == [(2, 3), (2, 1), (1, 0)]
    assert as_alice.post(f"/api/sweeps/{different.pk}/resubmit/", {"before": before}).json()["submissions"] == []


# --- cancelling -----------------------------------------------------------------------------------------------------


def test_all_of_it_is_cancelled(as_alice: APIClient, different: Sweep) -> None:
    waiting, running, ended = submit(as_alice, different, max_queued=3)["submissions"]
    report(as_alice, running, 7)
    report(as_alice, ended, 8, state="COMPLETED", exit_code="0:0")

    answer = as_alice.post(f"/api/sweeps/{different.pk}/cancel/")

    assert answer.json()["states"] == {"cancelled": 3, "completed": 1, "running": 1}
    assert JobSubmission.objects.get(pk=running).cancel_requested
    assert JobSubmission.objects.get(pk=waiting).events.get().new_status == "cancelled"
    # Nothing is topped up any more, until it is wanted.
    assert submit(as_alice, different)["submissions"] == []
    again = as_alice.post(f"/api/sweeps/{different.pk}/resubmit/", {}).json()
    assert len(again["submissions"]) == 2


def test_there_has_to_be_something_to_cancel(as_alice: APIClient, different: Sweep) -> None:
    url = f"/api/sweeps/{different.pk}/cancel/"
    assert as_alice.post(url).json()["code"] == "already_final"

    submit(as_alice, different)
    as_alice.post(url)

    answer = as_alice.post(url)
    assert (answer.status_code, answer.json()["code"]) == (409, "already_final")


# --- all of them ----------------------------------------------------------------------------------------------------


def test_the_same_key_submits_once(as_alice: APIClient, different: Sweep) -> None:
    url, key = f"/api/sweeps/{different.pk}/submit/", {"Idempotency-Key": "k"}
    as_alice.post(url, {**HERE, "max_queued": 2}, headers=key)
    JobSubmission.objects.all().update(status="cancelled")

    answer = as_alice.post(url, {**HERE, "max_queued": 2}, headers=key)

    assert (answer.status_code, answer.json()["submissions"]) == (200, [])
    assert JobSubmission.objects.count() == 2
    assert as_alice.post(url, {**HERE, "max_queued": 3}, headers=key).json()["code"] == "idempotency_key_reused"


def test_a_submitted_sweep_is_kept(as_alice: APIClient, alike: Sweep) -> None:
    submit(as_alice, alike)

    answer = as_alice.delete(f"/api/sweeps/{alike.pk}/")
    assert (answer.status_code, answer.json()["code"]) == (409, "in_use")

    # Its array may be submitted once more when the submission is gone, and is made no second time.
    JobSubmission.objects.all().delete()
    submit(as_alice, alike)
    assert JobScript.objects.filter(point=None).count() == 1
    JobSubmission.objects.all().delete()
    assert as_alice.delete(f"/api/sweeps/{alike.pk}/").status_code == 204
    assert not JobScript.objects.exists()


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"sbatch_arguments": ["-a", "1-3"]}, "bad_sbatch_parameter", "sbatch_arguments"),
        ({"sbatch_arguments": ["--array=1-3"]}, "bad_sbatch_parameter", "sbatch_arguments"),
        ({"sbatch_arguments": ["--quiet"]}, "bad_sbatch_parameter", "sbatch_arguments"),
        ({"execution_directory": "here"}, "invalid", "execution_directory"),
        ({"cluster": "nowhere"}, "no_cluster", "cluster"),
        ({"via": "agent"}, "no_cluster", "cluster"),
        ({"max_array_size": 0}, "invalid", "max_array_size"),
        ({"max_queued": 0}, "invalid", "max_queued"),
    ],
)
def test_what_is_refused(as_alice: APIClient, different: Sweep, body: Any, code: str, field: str) -> None:
    answer = as_alice.post(f"/api/sweeps/{different.pk}/submit/", {**HERE, **body})

    assert (answer.status_code, answer.json()["code"], list(answer.json()["errors"])) == (400, code, [field])
    assert not JobSubmission.objects.exists()


def test_an_agent_takes_a_sweep_too(as_alice: APIClient, different: Sweep) -> None:
    make_cluster()

    as_alice.post(f"/api/sweeps/{different.pk}/submit/", {})

    rows = JobSubmission.objects.values_list("via", "cluster__name", "status")
    assert set(rows) == {("agent", "hilbert", "created")}
    listed = as_alice.get(f"/api/job-submissions/?sweep={different.pk}&unfinished=true").json()["results"]
    assert len(listed) == 5


def test_a_point_that_was_submitted_by_itself_is_not_submitted_again(as_alice: APIClient, alike: Sweep) -> None:
    make_submission(alike.owner, alike.scripts.get(point=1))

    assert len(submit(as_alice, alike)["submissions"]) == 4


@pytest.mark.parametrize("query", ["?status=", "?nonsense=1", "?ordering=point", "?limit=0", "?cursor=x"])
def test_a_wrong_question_for_points_is_refused(as_alice: APIClient, alike: Sweep, query: str) -> None:
    status = as_alice.get(f"/api/sweeps/{alike.pk}/points/{query}").status_code
    assert status == (200 if query == "?status=" else 400)


def test_points_are_paged_in_their_order(as_alice: APIClient, alike: Sweep) -> None:
    first = as_alice.get(f"/api/sweeps/{alike.pk}/points/?limit=3").json()
    second = as_alice.get(first["next"]).json()

    assert [row["point"] for row in first["results"] + second["results"]] == [0, 1, 2, 3, 4]
    assert second["next"] is None
