"""The tag travels in the job's comment before the owner's own; an own hold is the owner's."""

import re

import pytest

from submissions.models import JobSubmission
from tests.factories import make_application, make_cluster, make_script, make_submission


def submission_of(alice, script: str, arguments: list[str]) -> JobSubmission:
    application = make_application(alice, {"templates/job.sh.j2": script.encode()})
    return make_submission(alice, make_script(alice, application), sbatch_arguments=arguments)


@pytest.mark.parametrize(
    ("script", "arguments", "own"),
    [
        ("#!/bin/sh\n", [], ""),
        ("#!/bin/sh\n", ["--comment=mine"], " mine"),
        ("#!/bin/sh\n", ["--comment", "mine too"], " mine too"),
        ("#!/bin/sh\n", ["--com=mine"], " mine"),
        ('#!/bin/sh\n#SBATCH --comment="from the script"\n', [], " from the script"),
        ("#!/bin/sh\n#SBATCH -N1 --comment 'a b' # c\n", [], " a b"),
        ("#!/bin/sh\n#SBATCH --comment=script\n", ["--comment=line"], " line"),
        ("#!/bin/sh\n#SBATCH --comment=script\n", ["--comment="], ""),
        ("#!/bin/sh\n#SBATCH --comment=one\n#SBATCH --comment=two\n", [], " two"),
        ("#!/bin/sh\necho\n#SBATCH --comment=late\n", [], ""),
    ],
)
def test_the_comment_is_the_tag_and_the_owner_s_own(alice, script, arguments, own):
    submission = submission_of(alice, script, arguments)

    assert re.fullmatch("[0-9a-f]{32}", submission.tag)
    assert submission.comment == f"jobbergate:{submission.tag}{own}"


@pytest.mark.parametrize(
    ("script", "arguments", "hold"),
    [
        ("#!/bin/sh\n", [], False),
        ("#!/bin/sh\n", ["--hold"], True),
        ("#!/bin/sh\n", ["-H"], True),
        ("#!/bin/sh\n", ["-sH"], True),
        ("#!/bin/sh\n#SBATCH -H\n", [], True),
        ("#!/bin/sh\n#SBATCH -N1 --ho\n", [], True),
        ("#!/bin/sh\n#SBATCH --hint=nomultithread -JH\n", [], False),
        ("#!/bin/sh\necho\n#SBATCH --hold\n", [], False),
    ],
)
def test_an_own_hold_is_known(alice, script, arguments, hold):
    assert submission_of(alice, script, arguments).hold == hold


def test_no_two_submissions_share_a_tag(alice):
    script = make_script(alice)

    assert len({make_submission(alice, script).tag for _ in range(50)}) == 50


@pytest.mark.parametrize(
    "word", ["-Q", "--parsable", "--wrap=id", "-Mother", "--uid=0", "--test-only", "job.sh", "-HQ", ""]
)
def test_arguments_that_would_take_the_job_away_from_us_are_refused(as_alice, alice, word):
    script = make_script(alice)

    answer = as_alice.post(
        "/api/job-submissions/", {"job_script": script.pk, "via": "login_node", "sbatch_arguments": [word]}
    )

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["sbatch_arguments"])
    assert not JobSubmission.objects.exists()


@pytest.mark.parametrize("arguments", ["--hold", {"a": 1}, [1, None], [["-N2"]], 3])
def test_arguments_are_a_list_of_words(as_alice, alice, arguments):
    body = {"job_script": make_script(alice).pk, "via": "login_node", "sbatch_arguments": arguments}

    answer = as_alice.post("/api/job-submissions/", body)

    if isinstance(arguments, list) and arguments[0] == 1:
        assert answer.status_code == 400
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["sbatch_arguments"])


def test_what_an_agent_submits_needs_a_cluster(as_alice, alice):
    body = {"job_script": make_script(alice).pk}

    none = as_alice.post("/api/job-submissions/", body)
    make_cluster("hilbert")
    one = as_alice.post("/api/job-submissions/", body)
    make_cluster("noether")
    two = as_alice.post("/api/job-submissions/", body)
    named = as_alice.post("/api/job-submissions/", {**body, "cluster": "noether"})
    wrong = as_alice.post("/api/job-submissions/", {**body, "cluster": "gauss"})

    assert (none.status_code, none.json()["detail"]) == (400, "There is no cluster yet; ask an operator.")
    assert (one.status_code, one.json()["cluster"], one.json()["via"]) == (201, "hilbert", "agent")
    assert (two.status_code, two.json()["code"]) == (400, "no_cluster")
    assert (named.status_code, named.json()["cluster"]) == (201, "noether")
    assert wrong.json() == {
        "code": "no_cluster",
        "detail": "There is no cluster 'gauss'; there are: hilbert, noether.",
        "errors": {"cluster": ["There is no cluster 'gauss'; there are: hilbert, noether."]},
    }


@pytest.mark.parametrize("directory", ["relative", "./x", "~/x", "/a\nb", "/a\x07"])
def test_an_execution_directory_is_an_absolute_path(as_alice, alice, directory):
    body = {"job_script": make_script(alice).pk, "via": "login_node", "execution_directory": directory}

    answer = as_alice.post("/api/job-submissions/", body)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["execution_directory"])
