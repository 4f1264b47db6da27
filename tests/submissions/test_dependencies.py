"""Submissions that begin after others: what is refused at once, and what Slurm is told when the time has come."""

import pytest
from django.contrib.auth.models import User

from submissions import dependencies, reports
from submissions.clusters import Cluster
from submissions.dependencies import BadDependency, NotYet, Readiness, words_for
from submissions.models import Dependency, HasDependents, JobSubmission
from tests.conftest import APIClient
from tests.factories import make_application, make_cluster, make_script, make_submission

URL = "/api/job-submissions/"


@pytest.fixture
def hilbert(db: None) -> Cluster:
    return make_cluster("hilbert")


def recorded(alice: User, job: int, **wanted: object) -> JobSubmission:
    parent = make_submission(alice, **wanted)
    parent.record(job, "hilbert")
    return parent


def become(parent: JobSubmission, state: str) -> None:
    told = [{"id": parent.pk, "slurm_job_id": parent.slurm_job_id, "state": state}]
    reports.apply(told, JobSubmission.objects.all(), "hilbert")


def make_after(alice: User, *after_ok: JobSubmission, after_any: tuple[JobSubmission, ...] = (), **wanted: object):
    ids = [one.pk for one in after_ok], [one.pk for one in after_any]
    return dependencies.create(alice, make_script(alice), *ids, **wanted)


def words(submission: JobSubmission) -> Readiness:
    return words_for([submission])[submission.pk]


def test_what_has_not_ended_is_named_to_slurm_by_its_jobs(alice: User, hilbert: Cluster) -> None:
    first, second, third = (recorded(alice, job) for job in (11, 12, 13))

    child = make_after(alice, first, second, after_any=(third,))

    assert words(child).arguments == ("--kill-on-invalid-dep=yes", "--dependency=afterok:11:12,afterany:13")
    assert (child.after_ok, child.after_any) == ([first.pk, second.pk], [third.pk])
    assert child.dependencies.count() == 3


def test_what_completed_is_not_named_any_more(alice: User, hilbert: Cluster) -> None:
    first, second, third = (recorded(alice, job) for job in (11, 12, 13))
    child = make_after(alice, first, second, after_any=(third,))

    become(first, "COMPLETED")
    become(third, "FAILED")

    assert words(child).arguments == ("--kill-on-invalid-dep=yes", "--dependency=afterok:12")
    become(second, "COMPLETED")
    assert words(child) == Readiness()


def test_after_the_failure_of_what_had_to_complete_it_never_begins(alice: User, hilbert: Cluster) -> None:
    parent = recorded(alice, 11)
    child = make_after(alice, parent)

    become(parent, "TIMEOUT")

    assert words(child).never == f"Submission {parent.pk}, after whose completion it was to begin, is timeout."


def test_what_slurm_knows_no_more_did_not_complete_for_all_we_know(alice: User, hilbert: Cluster) -> None:
    parent = recorded(alice, 11)
    after_ok, after_any = make_after(alice, parent), make_after(alice, after_any=(parent,))

    reports.apply([{"id": parent.pk, "slurm_job_id": 11, "state": None}], JobSubmission.objects.all(), "hilbert")

    assert words(after_ok).waits_for == (parent.pk,)
    assert words(after_any).arguments[-1] == "--dependency=afterany:11"


def test_a_parent_without_a_job_is_waited_for_here(alice: User, hilbert: Cluster) -> None:
    parent = make_submission(alice, via="agent")
    child = make_after(alice, parent)

    assert words(child).waits_for == (parent.pk,)
    parent.cancel()
    assert "is cancelled" in words(child).never


def test_a_deleted_parent_did_not_complete(alice: User, hilbert: Cluster) -> None:
    parent = make_submission(alice, via="agent")
    child = make_after(alice, parent)

    # Past `JobSubmission.delete`, which refuses it.
    JobSubmission.objects.filter(pk=parent.pk).delete()

    assert words(child).never == f"Submission {parent.pk}, after whose completion it was to begin, was deleted."


def test_what_others_wait_for_is_not_deleted(alice: User, hilbert: Cluster) -> None:
    parent = make_submission(alice, via="agent")
    child = make_after(alice, after_any=(parent,))

    with pytest.raises(HasDependents, match=f"Submission {child.pk} waits for it"):
        parent.delete()
    child.cancel()
    parent.delete()

    assert not Dependency.objects.exists()


@pytest.mark.parametrize(
    ("script", "arguments", "own"),
    [
        ("#!/bin/sh\n", ["--dependency=singleton"], "singleton"),
        ("#!/bin/sh\n", ["-d", "afterok:7"], "afterok:7"),
        ("#!/bin/sh\n#SBATCH -d singleton\n", [], "singleton"),
        ("#!/bin/sh\n#SBATCH -d afterok:6\n", ["-dafterok:7"], "afterok:7"),
        ("#!/bin/sh\n#SBATCH -d afterok:6\n", ["--dependency="], ""),
        ("#!/bin/sh\n#SBATCH -d singleton\n", ["--output"], "singleton"),
    ],
)
def test_an_own_dependency_counts_too(
    alice: User, hilbert: Cluster, script: str, arguments: list[str], own: str
) -> None:
    made = make_script(alice, make_application(alice, {"templates/job.sh.j2": script.encode()}))
    parent = recorded(alice, 11)

    child = dependencies.create(alice, made, [parent.pk], sbatch_arguments=arguments)

    merged = f"{own},afterok:11" if own else "afterok:11"
    assert words(child).arguments[-1] == f"--dependency={merged}"
    become(parent, "COMPLETED")
    assert words(child).arguments == ()


@pytest.mark.parametrize("place", ["script", "arguments"])
def test_any_of_several_cannot_be_had_with_all_of_others(alice: User, hilbert: Cluster, place: str) -> None:
    any_of = "afterok:1?afterok:2"
    text = f"#!/bin/sh\n#SBATCH --dependency={any_of}\n" if place == "script" else "#!/bin/sh\n"
    made = make_script(alice, make_application(alice, {"templates/job.sh.j2": text.encode()}))
    arguments = [] if place == "script" else ["-d", any_of]

    with pytest.raises(BadDependency, match="leave out one of the two"):
        dependencies.create(alice, made, [recorded(alice, 11).pk], sbatch_arguments=arguments)


def test_what_is_refused_at_once(as_alice: APIClient, alice: User, bob: User, hilbert: Cluster) -> None:
    make_cluster("noether")
    theirs, failed, gone = (
        make_submission(bob),
        recorded(alice, 11),
        make_submission(alice, via="agent", cluster=hilbert),
    )
    become(failed, "FAILED")
    script = make_script(alice).pk
    cases = {
        "no submission 999999": {"after_ok": [999_999]},
        f"no submission {theirs.pk}": {"after_any": [theirs.pk]},
        "failed and not completed": {"after_ok": [failed.pk]},
        "is on hilbert, and this one goes to noether": {"after_any": [failed.pk], "cluster": "noether"},
        "nothing yet that Slurm could wait for": {"after_any": [gone.pk], "via": "login_node"},
        "leave it out": {"after_any": [failed.pk], "slurm_job_id": 17},
    }
    for expected, body in cases.items():
        answer = as_alice.post(URL, {"job_script": script, "cluster": "hilbert", **body})
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_dependency"), answer.json()
        assert expected in answer.json()["detail"]
        assert list(answer.json()["errors"]) == [next(iter(body))]
    assert not Dependency.objects.exists()

    for bad in ([0], ["x"], [1] * 51, "12", {"a": 1}):
        answer = as_alice.post(URL, {"job_script": script, "after_ok": bad})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_both_lists_together_have_a_bound(alice: User, hilbert: Cluster) -> None:
    with pytest.raises(BadDependency, match="at most 50"):
        dependencies.create(alice, make_script(alice), range(1, 31), range(31, 61))


def test_twice_the_same_is_once_and_after_ok_says_more(as_alice: APIClient, alice: User, hilbert: Cluster) -> None:
    parent = recorded(alice, 11)
    body = {"job_script": make_script(alice).pk, "after_ok": [parent.pk] * 2, "after_any": [parent.pk]}

    row = as_alice.post(URL, body).json()

    assert (row["after_ok"], row["after_any"]) == ([parent.pk], [])
    again = as_alice.post(f"{URL}{row['id']}/resubmit/", {}).json()
    assert (again["after_ok"], again["after_any"]) == ([], [])


def test_many_are_asked_for_at_once(alice: User, hilbert: Cluster, django_assert_num_queries) -> None:
    parents = [recorded(alice, job) for job in range(11, 16)]
    children = [
        make_after(alice, parent, after_any=(parents[0],) if parent.pk != parents[0].pk else ()) for parent in parents
    ]

    found = list(JobSubmission.objects.with_names().filter(pk__in=[one.pk for one in children]))
    with django_assert_num_queries(1):
        said = words_for(found)
    assert [said[one.pk].arguments[-1] for one in children][:2] == [
        "--dependency=afterok:11",
        "--dependency=afterok:12,afterany:11",
    ]


def test_a_lease_says_what_slurm_is_to_be_told(as_alice: APIClient, alice: User, hilbert: Cluster) -> None:
    parent = recorded(alice, 11)
    child = make_after(alice, parent, via="login_node")

    leased = as_alice.post(f"{URL}{child.pk}/lease/", {"holder": "h/1/2"}).json()
    become(parent, "FAILED")
    again = as_alice.post(f"{URL}{child.pk}/lease/", {"holder": "h/1/3", "instead_of": "h/1/2"}).json()

    assert leased["dependency_arguments"] == ["--kill-on-invalid-dep=yes", "--dependency=afterok:11"]
    assert leased["never_begins"] == ""
    assert again["dependency_arguments"] == []
    assert "is failed" in again["never_begins"]


def test_what_waits_here_is_not_leased(as_alice: APIClient, alice: User, hilbert: Cluster) -> None:
    child = make_after(alice, make_submission(alice, via="agent"))

    answer = as_alice.post(f"{URL}{child.pk}/lease/", {"holder": "h/1/2"})

    assert (answer.status_code, answer.json()["code"]) == (409, NotYet.code)
    child.refresh_from_db()
    assert child.status == "created"
