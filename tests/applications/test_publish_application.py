"""A site's folders become applications by one command, which may run as often as one likes."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from applications import selftests
from applications.models import Application
from cli.folder import LEFT_OUT, read_folder
from tests.applications.commands import manage
from tests.factories import FOLDER, YAML, make_application, make_user

CAPTURED = {"captured": True, "multi_step": False, "questions": [{"variable": "n", "type": "integer", "message": "?"}]}
PROGRAM = {"jobbergate.yaml": b"jobbergate_config: {}", "jobbergate.py": b"raise SystemExit('it ran')"}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def owner(alice):
    return alice


@pytest.fixture
def site(tmp_path: Path) -> Path:
    directory = tmp_path / "site"
    write(directory / "motorbike", FOLDER)
    write(directory / "wing", FOLDER)
    return directory


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def publish(*words: object, owner: str = "alice"):
    return manage("publish_application", *words, "--owner", owner)


def published(identifier: str) -> Application:
    return Application.objects.get(identifier=identifier)


# --- what is done ---------------------------------------------------------------------------------------------------


def test_a_directory_of_folders_is_published_and_then_is_unchanged(site, alice):
    first, second = publish(site), publish(site)

    assert (first.exit_code, first.stdout) == (0, "motorbike: created, version 1\nwing: created, version 1\n")
    assert (second.exit_code, second.stdout, second.stderr) == (
        0, "motorbike: unchanged, version 1\nwing: unchanged, version 1\n", "",
    )  # fmt: skip
    made = published("motorbike")
    assert (made.name, made.owner, made.visibility, made.version().created_by) == ("motorbike", alice, "public", alice)
    assert made.version().read_files() == FOLDER


def test_what_has_changed_is_the_next_version(site):
    publish(site)
    (site / "wing" / "more.txt").write_bytes(b"1")

    done = publish(site, "--note", "Finer mesh.")

    assert done.stdout == "motorbike: unchanged, version 1\nwing: version 2\n"
    assert published("wing").version().note == "Finer mesh."


def test_one_folder_is_published_by_itself(site):
    assert publish(site / "wing", "--visibility", "private").stdout == "wing: created, version 1\n"
    assert [row.visibility for row in Application.objects.all()] == ["private"]


def test_the_visibility_of_what_is_there_stays(site):
    publish(site / "wing", "--visibility", "private")
    (site / "wing" / "more.txt").write_bytes(b"1")

    assert publish(site / "wing").stdout == "wing: version 2\n"
    assert published("wing").visibility == "private"


def test_a_folder_is_named_from_within(site, monkeypatch):
    monkeypatch.chdir(site / "wing")

    assert publish(".").stdout == "wing: created, version 1\n"


def test_a_dry_run_says_the_same_and_does_nothing(site):
    write(site / "broken", {"jobbergate.yaml": b"a: ["})

    dry, rows = publish(site, "--dry-run"), Application.objects.count()

    assert (rows, dry) == (0, publish(site))


@pytest.mark.parametrize(
    ("name", "identifier"),
    [("Größe 3.2 (new)", "Große-3-2-new"), ("a_b-c", "a_b-c"), ("-x-", "x"), ("v2", "v2"), ("ä" * 9, "a" * 9)],
)
def test_a_folder_s_name_becomes_an_identifier(name, identifier, tmp_path):
    done = publish(write(tmp_path / name, FOLDER))

    plain = identifier.replace("ß", "")
    assert (done.exit_code, done.stdout) == (0, f"{plain}: created, version 1\n")
    assert published(plain).name == name


def test_what_the_client_leaves_out_is_left_out(site):
    for name in (*LEFT_OUT, "a.pyc", "b~"):
        write(site / "wing" / name, {"x": b"1"})
        write(site / name, FOLDER)
    write(site / "docs", {"README.md": b"no application"})

    publish(site)

    assert published("wing").version().read_files() == read_folder(site / "wing") == FOLDER
    assert Application.objects.count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("there", [True, False], ids=["next", "first"])
@pytest.mark.parametrize("words", [(), ("--dry-run",)], ids=["published", "dry run"])
def test_its_own_tests_run_while_nobody_waits_for_us(site, alice, monkeypatch, there, words):
    seen, run = [], selftests.results
    if there:
        make_application(alice, {"first.txt": b"1"}, identifier="wing")
    monkeypatch.setattr(selftests, "results", lambda *given: seen.append(connection.in_atomic_block) or run(*given))

    done = publish(site / "wing", *words)

    assert (done.stdout, seen) == (f"wing: {'version 2' if there else 'created, version 1'}\n", [False])
    assert Application.objects.filter(latest_version=1 + there).exists() == (not words)


# --- programs -------------------------------------------------------------------------------------------------------


def test_a_program_is_not_run_and_published_without_a_form(tmp_path):
    done = publish(write(tmp_path / "program", PROGRAM))

    assert (done.exit_code, done.stdout) == (
        0, "program: created, version 1, without a form: its jobbergate.py is not run here\n",
    )  # fmt: skip


def test_the_form_of_the_same_program_is_carried_over(tmp_path, alice):
    Application.create(PROGRAM, alice, CAPTURED, name="Program", identifier="program")
    folder = write(tmp_path / "program", {**PROGRAM, "templates/more.j2": b"x"})

    assert publish(folder).stdout == "program: version 2, with the form of version 1\n"
    assert published("program").version().form == published("program").version(1).form


def test_the_form_of_a_program_that_was_published_without_one_comes_afterwards(tmp_path, alice):
    folder = write(tmp_path / "program", PROGRAM)
    publish(folder)

    version = published("program").publish(PROGRAM, alice, CAPTURED, note="Asked.")

    assert (version.number, version.note, version.form["captured"]) == (2, "Asked.", True)
    assert publish(folder).stdout == "program: unchanged, version 2\n"


@pytest.mark.parametrize("changed", ["jobbergate.py", "jobbergate.yaml"])
def test_a_changed_program_has_no_form(changed, tmp_path, alice):
    Application.create(PROGRAM, alice, CAPTURED, name="Program", identifier="program")
    folder = write(tmp_path / "program", {**PROGRAM, changed: PROGRAM[changed] + b"\n"})

    assert publish(folder).stdout == "program: version 2, without a form: its jobbergate.py is not run here\n"
    assert published("program").version().form is None


# --- whose it is ----------------------------------------------------------------------------------------------------


def test_somebody_else_s_application_is_left_alone(site, bob):
    make_application(bob, {"hers.txt": b"1"}, identifier="wing")

    done = publish(site)

    assert (done.exit_code, done.stdout) == (1, "motorbike: created, version 1\n")
    assert done.stderr == (
        f"{site}/wing: It is an application of bob's, so alice may not publish it; "
        "give --owner bob, an editor or one of staff, or rename the folder.\n1 of 2 could not be published.\n"
    )
    assert published("wing").latest_version == 1


def test_staff_publish_everybody_s_in_their_own_name(site, bob, carol):
    make_application(bob, {"hers.txt": b"1"}, identifier="wing")

    assert publish(site / "wing", owner="carol").stdout == "wing: version 2\n"
    assert (published("wing").owner, published("wing").version().created_by) == (bob, carol)


# --- what is refused ------------------------------------------------------------------------------------------------


def test_a_broken_folder_is_told_with_its_line_and_the_others_go_on(site):
    write(site / "broken", {"jobbergate.yaml": b"a: 1\nb: [\n"})
    write(site / "hole", {"jobbergate.yaml": YAML, "templates/job.sh.j2": b"#!/bin/sh\n{% if %}"})

    done = publish(site)

    assert (done.exit_code, done.stdout) == (1, "motorbike: created, version 1\nwing: created, version 1\n")
    assert done.stderr == (
        f"{site}/broken: jobbergate.yaml, line 3: did not find expected node content\n"
        f"{site}/hole: templates/job.sh.j2, line 2: Expected an expression, got 'end of statement block'\n"
        "2 of 4 could not be published.\n"
    )


def test_a_version_whose_own_tests_fail_is_published_only_by_force(site):
    write(site / "wing", {"tests/small/answers.yaml": b"nodes: 4\n", "tests/small/expected/job.sh": b"other\n"})

    refused, forced = publish(site / "wing"), publish(site / "wing", "--force")

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "Its own test fails: small." in refused.stderr
    assert (forced.exit_code, forced.stdout) == (0, "wing: created, version 1\n")
    assert published("wing").version().note == "Published although its own test fails: small."


def test_links_and_pipes_are_refused_by_name(site, tmp_path):
    write(tmp_path, {"secret": b"x"})
    (site / "wing" / "a").symlink_to(tmp_path / "secret")
    os.mkfifo(site / "motorbike" / "pipe")
    (site / "again").symlink_to(site / "wing")

    done = publish(site)

    assert (done.exit_code, done.stdout, Application.objects.count()) == (1, "", 0)
    assert done.stderr.splitlines()[:3] == [
        f"{site}/again: {site}/again is a symbolic link; give the folder itself.",
        f"{site}/motorbike: {site}/motorbike/pipe is a pipe, socket or device; an application holds only files and folders.",
        f"{site}/wing: {site}/wing/a is a symbolic link; an application holds only files and folders.",
    ]


def test_folders_of_one_identifier_are_told(tmp_path):
    write(tmp_path / "a b", FOLDER)
    write(tmp_path / "a-b", FOLDER)

    done = publish(tmp_path)

    assert (done.exit_code, done.stdout) == (1, "a-b: created, version 1\n")
    assert done.stderr.startswith(
        f"{tmp_path}/a-b: {tmp_path}/a b makes the same identifier, 'a-b'; rename one of them."
    )


@pytest.mark.parametrize("name", ["123", "漢字", "x" * 65, "---", "a\nb", b"a\xff"])
def test_a_name_that_makes_no_identifier_is_told(name, tmp_path):
    folder = write(tmp_path / os.fsdecode(name), FOLDER)

    done = publish(folder)

    assert (done.exit_code, done.stdout) == (1, "")
    assert "Rename the folder." in done.stderr


def test_a_path_that_is_none_is_told_and_the_others_go_on(site, tmp_path):
    (tmp_path / "empty").mkdir()
    with socket.socket(socket.AF_UNIX):
        done = publish(tmp_path / "nowhere", tmp_path / "empty", site / "wing")

    assert (done.exit_code, done.stdout) == (1, "wing: created, version 1\n")
    assert done.stderr.splitlines() == [
        f"{tmp_path}/nowhere cannot be read: No such file or directory.",
        f"{tmp_path}/empty has no jobbergate.yaml, and no folder with one.",
        "2 of 3 could not be published.",
    ]


def test_what_is_larger_than_an_upload_may_be_is_refused(tmp_path):
    large = {f"{number}": bytes(9 * 2**20) for number in range(6)}

    done = publish(
        write(tmp_path / "large", {**FOLDER, **large}), write(tmp_path / "huge", {**FOLDER, "x": bytes(11 * 2**20)})
    )

    assert done.stderr.splitlines()[:2] == [
        f"{tmp_path}/large: The files are larger than 50 MiB together.",
        f"{tmp_path}/huge: 'x' is larger than 10 MiB.",
    ]


@pytest.mark.parametrize("owner", ["nobody", "a\nb", "\udcff"])
def test_an_owner_who_is_not_there_is_told(owner, site):
    done = publish(site, owner=owner)

    assert (done.exit_code, done.stdout, Application.objects.count()) == (1, "", 0)
    assert "There is no active account" in done.stderr or "give printable text" in done.stderr


def test_the_help_says_what_it_does_and_nothing_runs_without_an_owner(tmp_path):
    command = [sys.executable, "manage.py", "publish_application"]
    environment = {**os.environ, "JOBBERGATE_DATA_DIR": str(tmp_path)}

    shown = subprocess.run([*command, "--help"], capture_output=True, text=True, env=environment, check=False)
    refused = subprocess.run([*command, "x"], capture_output=True, text=True, env=environment, check=False)

    assert (shown.returncode, refused.returncode) == (0, 2)
    assert "jobbergate.yaml" in shown.stdout
    assert "--owner" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_one_who_is_gone_owns_no_new_versions_of_others(site, bob):
    """Rights are looked at anew each time: whoever was of staff is not for ever."""
    make_application(bob, {"hers.txt": b"1"}, identifier="wing")
    carol = make_user("carol", is_staff=True)
    assert publish(site / "wing", owner="carol").exit_code == 0
    carol.is_staff = False
    carol.save()
    (site / "wing" / "more.txt").write_bytes(b"1")

    assert publish(site / "wing", owner="carol").exit_code == 1
