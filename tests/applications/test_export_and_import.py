"""Applications move from one server to another in one file, with all their versions, and nothing of it is believed."""

import gzip
import hashlib
import os
import subprocess
import sys
import tarfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from applications import archive, export
from applications.models import Application
from applications.versions import ApplicationFile, ApplicationVersion
from tests.applications.commands import manage
from tests.archives import entry, link, tar_of
from tests.factories import FOLDER, make_application

FORM = {
    "captured": True,
    "multi_step": True,
    "questions": [{"variable": "n", "type": "integer", "message": "?", "default": 1}],
}
PROGRAM = {"jobbergate.yaml": b"jobbergate_config: {}", "jobbergate.py": b"class X: pass"}
MORE = {**FOLDER, "data/größe.bin": bytes(range(256))}

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(alice: User, bob: User) -> None:
    """Three applications of two people, one of them without an identifier."""
    first = make_application(
        alice, identifier="motorbike", description="Steady flow.", tags=["cfd", "steady"], note="First."
    )
    first.publish(MORE, bob, note="Finer mesh.")
    first.publish(FOLDER, alice, note="Back again.")
    Application.create(PROGRAM, bob, FORM, name="Program", visibility="private", is_archived=True)
    make_application(bob, identifier="wing")


@pytest.fixture
def file(site: None, tmp_path: Path) -> Path:
    assert manage("export_applications", "--to", tmp_path / "all.tar.gz").exit_code == 0
    return tmp_path / "all.tar.gz"


def members(file: Path) -> dict[str, bytes]:
    with tarfile.open(file) as opened:
        return {member.name: opened.extractfile(member).read() for member in opened}


def manifest_of(file: Path) -> dict[str, Any]:
    return orjson.loads(members(file)["applications.json"])


def rewritten(file: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    """The same file with another manifest."""
    found = members(file)
    manifest = orjson.loads(found["applications.json"])
    change(manifest)
    return packed(file, {**found, "applications.json": orjson.dumps(manifest)})


def packed(file: Path, found: dict[str, bytes]) -> Path:
    path = file.with_name("changed.tar.gz")
    path.write_bytes(gzip.compress(tar_of((entry(*pair) for pair in found.items()), tarfile.USTAR_FORMAT)))
    return path


def emptied() -> None:
    Application.objects.all().delete()


def stored() -> tuple[int, int, int]:
    return Application.objects.count(), ApplicationVersion.objects.count(), ApplicationFile.objects.count()


# --- there and back -------------------------------------------------------------------------------------------------


def test_what_is_exported_imported_and_exported_is_the_same(file, tmp_path):
    rows = list(
        Application.objects.order_by("pk").values("name", "identifier", "search_text", "latest_version", "created_at")
    )
    emptied()

    done = manage("import_applications", file)
    manage("export_applications", "--to", tmp_path / "again.tar.gz")

    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == "motorbike: created, 3 versions\nProgram: created, 1 version\nwing: created, 1 version\n"
    assert members(tmp_path / "again.tar.gz") == members(file)
    assert rows == list(
        Application.objects.order_by("pk").values("name", "identifier", "search_text", "latest_version", "created_at")
    )


@pytest.mark.django_db(transaction=True)
def test_another_database_gets_the_same(file, tmp_path):
    """As an operator does it: another server's own database, by other processes."""
    command = [sys.executable, "manage.py"]
    environment = {**os.environ, "JOBBERGATE_DATA_DIR": str(tmp_path / "other")}
    environment.pop("JOBBERGATE_DATABASE_URL", None)

    def run(*words: str, **more: Any) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([*command, *words], env=environment, capture_output=True, check=False, **more)

    run("migrate", "-v0")
    run(
        "shell",
        "-v0",
        "-c",
        "from django.contrib.auth.models import User; [User.objects.create_user(n) for n in ('alice', 'bob')]",
    )
    done = run("import_applications", "-", input=file.read_bytes())
    again = run("export_applications", "--to", "-")

    assert (done.returncode, done.stderr.decode()) == (0, "")
    (tmp_path / "again.tar.gz").write_bytes(again.stdout)
    assert members(tmp_path / "again.tar.gz") == members(file)


def test_an_export_says_all_of_a_version(file, alice):
    told = manifest_of(file)
    motorbike = told["applications"][0]
    version = Application.objects.get(identifier="motorbike").version(2)

    assert told["format"] == 1
    assert {name: motorbike[name] for name in ("identifier", "name", "description", "owner", "visibility", "is_archived")} == {
        "identifier": "motorbike", "name": "Hello", "description": "Steady flow.", "owner": "alice",
        "visibility": "public", "is_archived": False,
    }  # fmt: skip
    assert motorbike["versions"][1] | {"files": sorted(motorbike["versions"][1]["files"])} == {
        "number": 2, "sha256": version.sha256, "kind": "declarative", "note": "Finer mesh.", "form": version.form,
        "created_by": "bob", "created_at": orjson.loads(orjson.dumps(version.created_at)), "files": sorted(MORE),
    }  # fmt: skip


def test_each_content_is_in_it_once(file):
    with tarfile.open(file) as opened:
        names = opened.getnames()

    contents = {*FOLDER.values(), *MORE.values(), *PROGRAM.values()}
    assert (len(names), len(set(names))) == (len(contents) + 1, len(contents) + 1)


def test_only_the_named_ones_are_exported(file, tmp_path):
    program = Application.objects.get(name="Program").pk

    manage("export_applications", "wing", program, "--to", tmp_path / "some.tar.gz")

    assert [row["name"] for row in manifest_of(tmp_path / "some.tar.gz")["applications"]] == ["Program", "Hello"]


def test_an_empty_server_s_export_is_read(tmp_path):
    manage("export_applications", "--to", tmp_path / "none.tar.gz")

    assert manage("import_applications", tmp_path / "none.tar.gz").exit_code == 0


# --- writing --------------------------------------------------------------------------------------------------------


def test_a_failed_export_leaves_the_file_of_before(file, tmp_path):
    before = file.read_bytes()

    def fail_half_way() -> None:
        with export.whole_or_nothing(file) as out:
            out.write(b"half of it")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["all.tar.gz"]


def test_an_export_is_for_its_owner_alone(file):
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nowhere"], "There is no application 'nowhere'; give an identifier or an id."),
        (["999999999"], "There is no application '999999999'; give an identifier or an id."),
    ],
)
def test_an_application_that_is_not_there_is_told(words, told, tmp_path):
    done = manage("export_applications", *words, "--to", tmp_path / "x")

    assert (done.exit_code, done.stderr, list(tmp_path.iterdir())) == (1, f"{told}\n", [])


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    done = manage("export_applications", "--to", tmp_path / "no" / "x")

    assert (done.exit_code, done.stderr) == (1, f"{tmp_path}/no/x cannot be written: No such file or directory.\n")


def test_the_memory_of_an_export_does_not_grow_with_the_number_of_applications(alice):
    def peak(count: int) -> int:
        for number in range(count):
            files = {**FOLDER, "noise": os.urandom(200_000)}
            make_application(alice, files, name=f"{number}")
        with Path(os.devnull).open("wb") as out:
            tracemalloc.start()
            export.write(Application.objects.all(), out)
            found = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return found

    few, many = peak(5), peak(45)

    assert many < few + 300_000


# --- what is here already -------------------------------------------------------------------------------------------


def test_the_same_file_again_changes_nothing(file):
    before = stored()

    done = manage("import_applications", file)

    assert (done.exit_code, done.stdout) == (0, "motorbike: unchanged\nProgram: unchanged\nwing: unchanged\n")
    assert stored() == before


def test_versions_that_follow_are_added(file, tmp_path, alice):
    Application.objects.get(identifier="motorbike").publish(MORE, alice, note="Fourth.")
    manage("export_applications", "--to", tmp_path / "newer.tar.gz")
    emptied()
    manage("import_applications", file)

    done = manage("import_applications", tmp_path / "newer.tar.gz")

    assert done.stdout == "motorbike: 1 version added\nProgram: unchanged\nwing: unchanged\n"
    assert Application.objects.get(identifier="motorbike").version().note == "Fourth."


def test_an_older_file_takes_nothing_away(file, alice):
    Application.objects.get(identifier="motorbike").publish(MORE, alice, note="Fourth.")

    assert manage("import_applications", file).stdout.startswith("motorbike: unchanged\n")
    assert Application.objects.get(identifier="motorbike").latest_version == 4


def test_other_content_under_the_same_number_is_a_conflict_and_the_others_go_on(file, alice):
    emptied()
    make_application(alice, {"other.txt": b"1"}, identifier="motorbike")

    done = manage("import_applications", file)

    assert (done.exit_code, done.stdout) == (1, "Program: created, 1 version\nwing: created, 1 version\n")
    assert done.stderr == (
        "motorbike: version 1 is another one here; rename one of the two applications.\n1 of 3 could not be imported.\n"
    )
    assert Application.objects.get(identifier="motorbike").latest_version == 1


def test_two_of_the_same_name_without_an_identifier_stay_two(alice, tmp_path):
    for _ in range(2):
        make_application(alice, name="Twin")
    manage("export_applications", "--to", tmp_path / "twins.tar.gz")
    emptied()

    first = manage("import_applications", tmp_path / "twins.tar.gz")
    second = manage("import_applications", tmp_path / "twins.tar.gz")

    assert (first.stdout, second.stdout) == ("Twin: created, 1 version\n" * 2, "Twin: unchanged\n" * 2)
    assert Application.objects.count() == 2


def test_a_dry_run_says_the_same_and_stores_nothing(file):
    emptied()

    dry, rows = manage("import_applications", file, "--dry-run"), stored()

    assert (rows, dry) == ((0, 0, 0), manage("import_applications", file))


# --- people ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def of_strangers(file: Path) -> Path:
    def change(manifest: dict[str, Any]) -> None:
        motorbike, program, _ = manifest["applications"]
        motorbike["versions"][1]["created_by"], program["owner"] = "zoe", "yann"

    emptied()
    return rewritten(file, change)


def test_all_people_who_are_missing_are_told_before_anything_is_stored(of_strangers):
    done = manage("import_applications", of_strangers)

    assert (done.exit_code, done.stdout, stored()) == (1, "", (0, 0, 0))
    assert done.stderr == (
        "These people are not here: yann, zoe. Add them, or give --owner USERNAME to stand for them.\n"
    )


def test_somebody_stands_for_those_who_are_missing(of_strangers, carol):
    done = manage("import_applications", of_strangers, "--owner", "carol")
    again = manage("import_applications", of_strangers, "--owner", "carol")

    assert (done.exit_code, again.stdout) == (0, "motorbike: unchanged\nProgram: unchanged\nwing: unchanged\n")
    assert Application.objects.get(name="Program").owner == carol
    versions = Application.objects.get(identifier="motorbike").versions.all()
    assert [version.created_by.username for version in versions] == ["alice", "carol", "alice"]


def test_who_is_to_stand_for_them_has_to_be_here(of_strangers):
    done = manage("import_applications", of_strangers, "--owner", "nobody")

    assert (done.exit_code, stored()) == (1, (0, 0, 0))
    assert done.stderr.startswith("There is no active account 'nobody'; ")


# --- the file is not believed ---------------------------------------------------------------------------------------


def first_version(manifest: dict[str, Any]) -> dict[str, Any]:
    return manifest["applications"][0]["versions"][0]


def renamed(manifest: dict[str, Any], path: str) -> None:
    files = first_version(manifest)["files"]
    files[path] = files.pop("templates/job.sh.j2")


REFUSED: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a path that leads out": (lambda m: renamed(m, "../evil"), "version 1: '../evil' leads out of the folder."),
    "another file": (lambda m: renamed(m, "other"), "version 1: its files are not those of its SHA-256."),
    "another hash": (lambda m: first_version(m).update(sha256="0" * 64), "version 1: its files are not those of its SHA-256."),
    "another kind": (lambda m: first_version(m).update(kind="programmed"), "version 1: it is declarative, and not programmed."),
    "an identifier": (lambda m: m["applications"][0].update(identifier="a/b"), "identifier: "),
    "a long name": (lambda m: m["applications"][0].update(identifier="b", name="x" * 256), "name: "),
    "a tag": (lambda m: m["applications"][0].update(identifier="d", tags=["two words"]), "'two words' is not accepted; a tag is"),
    "a visibility": (lambda m: m["applications"][0].update(identifier="c", visibility="none"), "visibility: "),
    "too many files": (
        lambda m: first_version(m)["files"].update({f"{n}": first_version(m)["files"]["jobbergate.yaml"] for n in range(1000)}),
        "version 1: There are more than 1000 files.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_an_application_that_no_upload_could_make_is_refused_and_the_others_go_on(change, words, file):
    emptied()

    done = manage("import_applications", rewritten(file, change))

    assert (done.exit_code, done.stdout) == (1, "Program: created, 1 version\nwing: created, 1 version\n")
    assert words in done.stderr
    assert Application.objects.count() == ApplicationVersion.objects.count() == 2


def test_a_broken_version_is_refused_with_all_of_its_application(file):
    emptied()
    broken = {"jobbergate.yaml": b"a: 1\nb: [\n"}

    def change(manifest: dict[str, Any]) -> None:
        version = manifest["applications"][0]["versions"][2]
        version["files"] = {path: hashlib.sha256(content).hexdigest() for path, content in broken.items()}
        version["sha256"] = archive.sha256(broken)

    changed = rewritten(file, change)
    found = members(changed)
    name = f"files/{hashlib.sha256(broken['jobbergate.yaml']).hexdigest()}"

    done = manage("import_applications", packed(file, {**found, name: broken["jobbergate.yaml"]}))

    assert "motorbike: version 3: jobbergate.yaml, line 3: did not find expected node content" in done.stderr
    assert not Application.objects.filter(identifier="motorbike").exists()


NO_EXPORT: dict[str, Callable[[dict[str, Any]], object]] = {
    "another format": lambda m: m.update(format=2),
    "no format": lambda m: m.pop("format"),
    "applications of another type": lambda m: m.update(applications={}),
    "an application of another type": lambda m: m["applications"].append(3),
    "no owner": lambda m: m["applications"][0].pop("owner"),
    "a name of another type": lambda m: m["applications"][0].update(name=["x"]),
    "a NUL": lambda m: m["applications"][0].update(description="a\0b"),
    "true as a number": lambda m: first_version(m).update(number=True),
    "number 0": lambda m: first_version(m).update(number=0),
    "a number twice": lambda m: first_version(m).update(number=2),
    "a time of nonsense": lambda m: first_version(m).update(created_at="yesterday"),
    "a time before all others": lambda m: first_version(m).update(created_at="0001-01-01T00:00:00+14:00"),
    "a hash that leads out": lambda m: first_version(m)["files"].update({"a": "../../../etc/passwd"}),
    "a content that is not there": lambda m: first_version(m)["files"].update({"a": "0" * 64}),
}


@pytest.mark.parametrize("change", NO_EXPORT.values(), ids=NO_EXPORT.keys())
def test_a_manifest_that_we_never_write_is_refused_as_a_whole(change, file):
    emptied()

    done = manage("import_applications", rewritten(file, change))

    assert (done.exit_code, done.stdout, stored()) == (1, "", (0, 0, 0))
    assert len(done.stderr.splitlines()) == 1


WHOLE = gzip.compress(tar_of([entry("applications.json", b'{"format": 1, "applications": []}')], tarfile.USTAR_FORMAT))
BAD = {
    "nothing": b"",
    "no gzip": b"hello",
    "no tar": gzip.compress(b"hello" * 500),
    "no manifest": gzip.compress(tar_of([], tarfile.USTAR_FORMAT)),
    "cut": WHOLE[:-20],
    "another checksum": WHOLE[:-8] + b"\0" * 8,
    "no JSON": gzip.compress(tar_of([entry("applications.json", b"{")], tarfile.USTAR_FORMAT)),
    "deep JSON": gzip.compress(tar_of([entry("applications.json", b"[" * 100_000)], tarfile.USTAR_FORMAT)),
    "a link": gzip.compress(tar_of([link("files/" + "0" * 64, "/etc/passwd")], tarfile.USTAR_FORMAT)),
    "another name": gzip.compress(tar_of([entry("../evil", b"x")], tarfile.USTAR_FORMAT)),
    "another content": gzip.compress(tar_of([entry("files/" + "0" * 64, b"x")], tarfile.USTAR_FORMAT)),
    "a pax header of a gigabyte": gzip.compress(
        entry("x", type=tarfile.XHDTYPE, size=2**30)[0].tobuf(tarfile.USTAR_FORMAT)
    ),
    "a negative size": gzip.compress(entry("files/" + "0" * 64, size=-1)[0].tobuf(tarfile.GNU_FORMAT)),
    "a file of a gigabyte": gzip.compress(entry("files/" + "0" * 64, size=2**30)[0].tobuf(tarfile.USTAR_FORMAT)),
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD.keys())
def test_what_is_no_export_is_told_in_a_sentence(content, tmp_path):
    (tmp_path / "bad").write_bytes(content)

    done = manage("import_applications", tmp_path / "bad")

    assert (done.exit_code, done.stdout, stored()) == (1, "", (0, 0, 0))
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.endswith(".\n")


def large(content: bytes) -> bytes:
    name = f"files/{hashlib.sha256(content).hexdigest()}"
    manifest = b'{"format": 1, "applications": []}'
    return tar_of([entry(name, content), entry("applications.json", manifest)], tarfile.USTAR_FORMAT)


TOO_LARGE = {
    "contents": gzip.compress(large(bytes(2 * 2**20))),
    "nothing but headers": gzip.compress(tar_of([entry("x/", type=tarfile.DIRTYPE)] * 3000, tarfile.USTAR_FORMAT)),
    "zeros after its end": gzip.compress(large(b"x") + bytes(2 * 2**20)),
}


@pytest.mark.parametrize("content", TOO_LARGE.values(), ids=TOO_LARGE.keys())
def test_what_unpacks_to_more_than_it_may_is_refused_while_it_unpacks(content, tmp_path):
    (tmp_path / "large").write_bytes(content)

    done = manage("import_applications", tmp_path / "large", "--max-size", "1")

    assert (done.exit_code, done.stderr) == (
        1,
        "The file unpacks to more than 1 MiB. Where you trust it, raise --max-size; or export fewer applications at a "
        "time.\n",
    )


def test_a_manifest_that_would_take_all_memory_is_refused_before_it_is_read(tmp_path):
    manifest = b'{"format": 1, "applications": []' + b" " * 2**20 + b"}"
    (tmp_path / "large").write_bytes(
        gzip.compress(tar_of([entry("applications.json", manifest)], tarfile.USTAR_FORMAT))
    )

    refused, raised = (manage("import_applications", tmp_path / "large", "--max-size", size) for size in (256, 512))

    assert (refused.exit_code, raised.exit_code) == (1, 0)
    assert refused.stderr.startswith("applications.json unpacks to more than 1 MiB. ")


@pytest.mark.parametrize("size", ["0", "-1", "x", "1e3", "9" * 20])
def test_a_size_that_is_none_is_refused(size, tmp_path):
    done = manage("import_applications", tmp_path / "x", f"--max-size={size}")

    assert "give a number from 1 on" in done.stderr


def test_a_file_that_is_not_there_is_told(tmp_path):
    done = manage("import_applications", tmp_path / "nowhere")

    assert (done.exit_code, done.stderr) == (1, f"{tmp_path}/nowhere cannot be read: No such file or directory.\n")


def test_an_export_that_was_unpacked_and_packed_by_hand_is_read(file, tmp_path):
    emptied()
    (tmp_path / "folder").mkdir()
    subprocess.run(["tar", "-xzf", file, "-C", tmp_path / "folder"], check=True)
    subprocess.run(["tar", "-czf", tmp_path / "again", "-C", tmp_path / "folder", "."], check=True)

    assert manage("import_applications", tmp_path / "again").exit_code == 0


@pytest.mark.parametrize("command", ["export_applications", "import_applications"])
def test_the_help_says_what_it_does(command, capsys):
    with pytest.raises(SystemExit) as end:
        call_command(command, "--help")

    assert end.value.code == 0
    assert "export_applications" in capsys.readouterr().out
