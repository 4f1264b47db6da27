"""Which rows a `list` shows, how many, and how."""

import csv
import io
import json
import os
import subprocess
import sys
from typing import Any

import pytest
from django.contrib.auth.models import User

from cli.commands import applications, clusters, job_scripts, job_submissions
from tests.cli.conftest import Jobbergate
from tests.factories import make_application, make_cluster, make_script, make_submission


def ids(run: Jobbergate, *words: Any) -> list[int]:
    result = run(*words, "--output", "id")
    assert result.exit_code == 0, result.stderr
    return [int(line) for line in result.stdout.splitlines()]


@pytest.mark.parametrize("noun", ["applications", "job-scripts", "job-submissions", "clusters"])
def test_json_of_no_rows_is_an_empty_list(by_alice: Jobbergate, noun: str) -> None:
    result = by_alice(noun, "list", "--output", "json")

    assert (result.exit_code, result.stdout, result.stderr) == (0, "[]\n", "")


@pytest.mark.parametrize("noun", ["applications", "job-scripts", "job-submissions", "clusters"])
def test_a_table_of_no_rows_says_so_on_standard_error(by_alice: Jobbergate, noun: str) -> None:
    result = by_alice(noun, "list")

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith("There are no ")


@pytest.mark.parametrize("words", [["--output", "csv", "applications", "list"], ["applications", "list", "-o", "csv"]])
def test_the_format_is_named_before_the_noun_or_after_the_verb(by_alice: Jobbergate, words: list[str]) -> None:
    make_application(name="Hello")

    rows = list(csv.DictReader(io.StringIO(by_alice(*words).stdout)))

    assert [row["name"] for row in rows] == ["Hello"]


def test_the_command_s_own_format_wins(by_alice: Jobbergate) -> None:
    assert by_alice("--output", "csv", "applications", "list", "--output", "json").stdout == "[]\n"


@pytest.mark.parametrize(
    ("noun", "fields"),
    [
        ("applications", applications.rows.FIELDS),
        ("job-scripts", job_scripts.rows.FIELDS),
        ("job-submissions", job_submissions.rows.FIELDS),
        ("clusters", clusters.FIELDS),
    ],
)
def test_csv_has_every_field_that_the_server_gives(by_alice: Jobbergate, noun: str, fields: tuple[str, ...]) -> None:
    make_submission()
    make_cluster()

    (row,) = json.loads(by_alice(noun, "list", "--output", "json").stdout)

    assert list(row) == list(fields)


def test_a_limit_shows_the_first_and_says_that_there_are_more(by_alice: Jobbergate, alice: User) -> None:
    made = [make_application(alice).pk for _ in range(3)]

    result = by_alice("applications", "list", "--limit", "2", "--ordering", "id", "-o", "id")

    assert result.stdout.split() == [str(number) for number in made[:2]]
    assert result.stderr == "These are the first 2; --limit N or --all shows more.\n"


def test_a_limit_that_is_enough_says_nothing(by_alice: Jobbergate, alice: User) -> None:
    make_application(alice)

    assert by_alice("applications", "list", "--limit", "1").stderr == ""


def test_all_goes_through_every_page(by_alice: Jobbergate, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.client.PAGE", 2)
    made = [make_application(alice).pk for _ in range(5)]

    assert ids(by_alice, "applications", "list", "--all", "--ordering", "id") == made
    assert ids(by_alice, "applications", "list", "--limit", "3", "--ordering", "-id") == made[:1:-1]


def test_mine_owner_search_and_archived_choose_rows(by_alice: Jobbergate, alice: User, bob: User) -> None:
    hers = make_application(alice, name="Fluid dynamics")
    his = make_application(bob, name="Molecular dynamics")
    old = make_application(alice, name="Old", is_archived=True)

    assert ids(by_alice, "applications", "list", "--mine") == [hers.pk]
    assert ids(by_alice, "applications", "list", "--owner", "bob") == [his.pk]
    assert ids(by_alice, "applications", "list", "--search", "dynamics fluid") == [hers.pk]
    assert ids(by_alice, "applications", "list", "--archived") == [old.pk]
    assert set(ids(by_alice, "applications", "list")) == {hers.pk, his.pk}


def test_scripts_are_chosen_by_application(by_alice: Jobbergate, alice: User) -> None:
    one, other = make_script(alice), make_script(alice)
    assert one.version is not None

    assert ids(by_alice, "job-scripts", "list", "--application", one.version.application_id) == [one.pk]
    assert set(ids(by_alice, "job-scripts", "list")) == {one.pk, other.pk}


def test_submissions_are_chosen_by_their_state(by_alice: Jobbergate, alice: User) -> None:
    script = make_script(alice)
    waiting, over = make_submission(alice, script), make_submission(alice, script)
    over.cancel()

    assert ids(by_alice, "job-submissions", "list", "--status", "created,running") == [waiting.pk]
    assert ids(by_alice, "job-submissions", "list", "--unfinished") == [waiting.pk]
    assert ids(by_alice, "job-submissions", "list", "--finished") == [over.pk]
    assert ids(by_alice, "job-submissions", "list", "--job-script", script.pk) == [over.pk, waiting.pk]


def test_an_ordering_that_is_not_there_says_which_are(by_alice: Jobbergate) -> None:
    result = by_alice("applications", "list", "--ordering", "colour")

    assert result.exit_code == 1
    assert "name, -name" in result.stderr


def test_a_cluster_is_named_by_its_name(by_alice: Jobbergate) -> None:
    make_cluster("hilbert", description="128 nodes.")

    assert by_alice("clusters", "list", "-o", "id").stdout == "hilbert\n"
    assert by_alice("clusters", "get", "hilbert", "-o", "id").stdout == "hilbert\n"
    assert json.loads(by_alice("clusters", "get", "hilbert", "-o", "json").stdout)["description"] == "128 nodes."


@pytest.mark.usefixtures("by_alice")
def test_a_terminal_of_ascii_alone_shows_every_name_somehow(alice: User) -> None:
    make_application(alice, name="größer")
    command = [sys.executable, "-m", "cli.main", "applications", "list"]

    shown = subprocess.run(
        command, env={**os.environ, "PYTHONIOENCODING": "ascii"}, capture_output=True, text=True, check=True
    )

    assert "gr\\xf6\\xdfer" in shown.stdout


@pytest.mark.usefixtures("by_alice")
def test_a_list_into_a_closed_pipe_is_quiet(alice: User) -> None:
    make_application(alice)
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "cli.main", "applications", "list", "-o", "json"]

    process = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)

    assert (process.returncode, process.stderr) == (141, "")
