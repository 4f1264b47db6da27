"""Many job scripts in one command, and those of other people: archive, unarchive, delete, share, list --shared."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import Group, User

from cli.commands.job_scripts import rows
from jobscripts.models import JobScript
from tests.cli.conftest import Jobbergate
from tests.factories import make_script, make_submission, make_user


def ids(result: Any) -> list[int]:
    assert result.exit_code == 0, result.stderr
    return [int(line) for line in result.stdout.split()]


def archived() -> list[int]:
    return sorted(JobScript.objects.filter(is_archived=True).values_list("pk", flat=True))


def test_scripts_are_archived_and_brought_back(by_alice: Jobbergate, alice: User) -> None:
    first, second = make_script(alice).pk, make_script(alice).pk

    assert ids(by_alice("job-scripts", "archive", first, second, first, "-o", "id")) == [first, second]
    assert archived() == [first, second]
    assert json.loads(by_alice("job-scripts", "unarchive", first, "-o", "json").stdout)["is_archived"] is False
    assert archived() == [second]
    assert ids(by_alice("job-scripts", "list", "--archived", "-o", "id")) == [second]


def test_what_could_not_be_done_is_told_and_the_rest_is_done(by_alice: Jobbergate, alice: User, bob: User) -> None:
    mine, his = make_script(alice).pk, make_script(bob)
    his.share("editor", user=alice)

    result = by_alice("job-scripts", "archive", mine, his.pk, 999, "-o", "id")

    assert (result.exit_code, result.stdout) == (1, f"{mine}\n")
    assert result.stderr == (
        f"Error: Job script 999: Not found.\nError: Job script {his.pk}: Only its owner and staff may do this.\n"
    )
    assert archived() == [mine]


def test_scripts_are_deleted_and_nothing_is_asked(by_alice: Jobbergate, alice: User) -> None:
    first, second, used = make_script(alice), make_script(alice), make_script(alice)
    make_submission(alice, used)

    result = by_alice("job-scripts", "delete", first.pk, used.pk, second.pk, "-o", "json")

    assert result.exit_code == 1
    assert json.loads(result.stdout) == [{"id": first.pk, "deleted": True}, {"id": second.pk, "deleted": True}]
    assert f"The job script {first.pk} is deleted.\nThe job script {second.pk} is deleted.\n" in result.stderr
    assert f"Error: Job script {used.pk}: {used.name} was submitted 1 times" in result.stderr
    assert list(JobScript.objects.all()) == [used]


def test_more_than_one_request_takes_are_done_in_several(
    by_alice: Jobbergate, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "AT_ONCE", 2)
    scripts = [make_script(alice).pk for _ in range(5)]

    assert ids(by_alice("job-scripts", "archive", *scripts, "-o", "id")) == scripts
    assert archived() == scripts


@pytest.mark.parametrize("verb", ["archive", "unarchive", "delete"])
@pytest.mark.parametrize("words", [[], ["twelve"]])
def test_which_ones_has_to_be_said(by_alice: Jobbergate, verb: str, words: list[str]) -> None:
    assert by_alice("job-scripts", verb, *words).exit_code == 2


@pytest.mark.parametrize("number", [0, -1, 2**63])
def test_an_id_that_cannot_be_is_refused_in_words(by_alice: Jobbergate, number: int) -> None:
    result = by_alice("job-scripts", "delete", "--", number)

    assert (result.exit_code, result.stderr[:11]) == (1, "Error: ids:")


# --- sharing --------------------------------------------------------------------------------------------------------


def shares(script: JobScript) -> list[str]:
    return [str(share) for share in script.shares.all()]


def test_a_script_is_shared_listed_and_shared_no_more(by_alice: Jobbergate, alice: User, bob: User) -> None:
    script = make_script(alice)
    Group.objects.create(name="cfd")

    made = by_alice("job-scripts", "share", script.pk, "--user", "bob", "--group", "cfd", "-o", "json")
    by_alice("job-scripts", "share", script.pk, "--user", "bob", "--editor")

    assert (made.exit_code, made.stderr, [row["role"] for row in json.loads(made.stdout)]) == (0, "", ["reader"] * 2)
    assert shares(script) == ["bob, editor", "cfd, reader"]
    assert "editor" in by_alice("job-scripts", "shares", script.pk).stdout
    gone = by_alice("job-scripts", "unshare", script.pk, "--user", "bob")
    assert (gone.exit_code, gone.stderr) == (0, "It is not shared with bob any more.\n")
    assert shares(script) == ["cfd, reader"]


def test_what_was_shared_before_a_refusal_is_shown(by_alice: Jobbergate, alice: User, bob: User) -> None:
    script = make_script(alice)

    result = by_alice("job-scripts", "share", script.pk, "--user", "bob", "--user", "nobody", "-o", "json")

    assert (result.exit_code, [row["user"] for row in json.loads(result.stdout)]) == (1, ["bob"])
    assert "There is no active account 'nobody'" in result.stderr


def test_whom_it_is_not_shared_with_is_told(by_alice: Jobbergate, alice: User) -> None:
    result = by_alice("job-scripts", "unshare", make_script(alice).pk, "--user", "bob")

    assert (result.exit_code, result.stderr) == (
        1,
        "Error: It is not shared with the user bob; `jobbergate job-scripts shares` lists with whom it is.\n",
    )


def test_what_others_share_is_listed_downloaded_and_cloned(by_alice: Jobbergate, alice: User, tmp_path: Any) -> None:
    mine, his = make_script(alice), make_script(make_user("bob"))
    make_script(make_user("bob"))
    his.share("reader", user=alice)

    assert ids(by_alice("job-scripts", "list", "-o", "id")) == [mine.pk]
    assert ids(by_alice("job-scripts", "list", "--shared", "-o", "id")) == [his.pk]
    assert ids(by_alice("job-scripts", "list", "--shared", "--owner", "carol", "-o", "id")) == []
    assert by_alice("job-scripts", "download", his.pk, "-d", tmp_path / "run").exit_code == 0
    assert (tmp_path / "run" / "job.sh").read_bytes() == his.read_files()["job.sh"]
    copy = json.loads(by_alice("job-scripts", "clone", his.pk, "-o", "json").stdout)
    assert (copy["owner"], copy["parent"]) == ("alice", his.pk)
