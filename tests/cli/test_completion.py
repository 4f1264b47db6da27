"""The Tab key: names come from the server, or not at all."""

from pathlib import Path
from typing import Any

import pytest
from click.shell_completion import ShellComplete
from django.contrib.auth.models import Group, User

from cli.main import jobbergate
from tests.cli.conftest import Jobbergate
from tests.factories import FOLDER, make_application, make_cluster, make_script, make_submission, make_user


def completed(*words: Any) -> list[str]:
    """What is offered for the last word."""
    *before, incomplete = map(str, words)
    complete = ShellComplete(jobbergate, {}, "jobbergate", "_JOBBERGATE_COMPLETE")
    return [item.value for item in complete.get_completions(before, incomplete)]


def test_nouns_verbs_and_formats_are_completed() -> None:
    assert completed("job") == ["job-scripts", "job-submissions"]
    assert completed("applications", "d") == ["delete", "download", "diff"]
    assert completed("applications", "list", "--output", "") == ["table", "json", "yaml", "csv", "id"]


@pytest.mark.usefixtures("by_alice")
def test_applications_are_completed_by_identifier(alice: User) -> None:
    make_application(alice, identifier="motorbike")
    make_application(alice, identifier="motorboat")
    nameless = make_application(alice, name="motor without an identifier")

    assert sorted(completed("run", "motor")) == ["motorbike", "motorboat"]
    assert str(nameless.pk) in completed("applications", "get", "")


@pytest.mark.usefixtures("by_alice")
def test_ids_and_clusters_are_completed(alice: User) -> None:
    make_cluster("hilbert")
    submission = make_submission(alice)

    assert completed("job-scripts", "get", "") == [str(submission.job_script_id)]
    assert completed("job-submissions", "cancel", "") == [str(submission.pk)]
    assert completed("run", "x", "--cluster", "hil") == ["hilbert"]


@pytest.mark.usefixtures("by_alice")
def test_what_an_application_has_is_completed_once_it_is_named(alice: User) -> None:
    application = make_application(alice, identifier="hello", tags=["cfd", "cpu"])
    application.publish({**FOLDER, "more": b"1"}, alice)
    application.share("reader", user=make_user("bob"))
    application.share("editor", group=Group.objects.create(name="cfd"))

    assert completed("applications", "list", "--tag", "c") == ["cfd", "cpu"]
    assert completed("applications", "update", "hello", "--untag", "cp") == ["cpu"]
    assert completed("applications", "archive", "hello", "he") == ["hello"]
    assert completed("applications", "diff", "hello", "") == ["2", "1"]
    assert completed("applications", "restore", "hello", "1") == ["1"]
    assert completed("applications", "unshare", "hello", "--user", "") == ["bob"]
    assert completed("applications", "unshare", "hello", "--group", "") == ["cfd"]
    assert completed("applications", "unshare", "nothing", "--group", "") == []
    assert completed("applications", "unshare", "--group", "") == []


@pytest.mark.usefixtures("by_alice")
def test_what_a_job_script_has_is_completed_once_it_is_named(alice: User) -> None:
    script = make_script(alice)
    script.put_file("input/mesh.txt", b"1")
    script.share("reader", user=make_user("bob"))
    script.share("editor", group=Group.objects.create(name="cfd"))

    for verb in ("edit", "show", "rename", "remove"):
        assert completed("job-scripts", verb, script.pk, "i") == ["input/mesh.txt"]
    assert completed("job-scripts", "remove", script.pk, "job.sh", "") == ["input/mesh.txt", "job.sh"]
    assert completed("job-scripts", "archive", script.pk, "") == [str(script.pk)]
    assert completed("job-scripts", "unshare", script.pk, "--user", "") == ["bob"]
    assert completed("job-scripts", "unshare", script.pk, "--group", "") == ["cfd"]
    assert completed("job-scripts", "unshare", "--group", "") == []
    assert completed("job-scripts", "show", "99", "") == []


@pytest.mark.usefixtures("server")
def test_nobody_signed_in_completes_nothing_and_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert completed("run", "") == []
    assert capsys.readouterr() == ("", "")


def test_no_server_completes_nothing_and_says_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JOBBERGATE_USERNAME", "alice")
    monkeypatch.setenv("JOBBERGATE_PASSWORD", "x")

    assert completed("--server", "http://127.0.0.1:9", "run", "") == []
    assert capsys.readouterr() == ("", "")


def test_a_broken_config_file_completes_nothing(config_directory: Path) -> None:
    config_directory.mkdir()
    (config_directory / "config.toml").write_text("broken")

    assert completed("run", "") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(run_jobbergate: Jobbergate, shell: str) -> None:
    result = run_jobbergate("completion", shell)

    assert result.exit_code == 0
    assert f"_JOBBERGATE_COMPLETE={shell}_complete" in result.stdout
