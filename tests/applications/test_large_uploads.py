"""What is as large as it may be comes in one request and one transaction, and takes little memory; or leaves nothing."""

import os
import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.signals import request_started
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework_simplejwt.tokens import RefreshToken

from applications import archive
from applications.archive import pack
from applications.models import Application
from applications.versions import ApplicationFile, ApplicationVersion
from benchmarks.serving import Server, started
from benchmarks.uploads import (
    BOUNDARY,
    FOLDER,
    MIB,
    Growth,
    asked,
    family,
    folder,
    form,
    get,
    largest_of_few,
    largest_of_many,
    one_worker,
    post,
)
from jobscripts.files import JobScriptFile
from jobscripts.models import JobScript
from tests.archives import upload

SIZE = 50 * MIB
LARGEST = {"1,000 files": largest_of_many, "files of 10 MiB": largest_of_few}
by_largest = pytest.mark.parametrize("make", LARGEST.values(), ids=LARGEST.keys())


def database_url() -> str:
    found = connection.settings_dict
    return f"postgres://{found['USER']}:{found['PASSWORD']}@{found['HOST']}:{found['PORT']}/{found['NAME']}"


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    directory = tmp_path / "temporary"
    directory.mkdir()
    return directory


@pytest.fixture
def server(transactional_db: None, tmp_path: Path, temporary: Path) -> Iterator[Server]:
    """The production server, with one worker, on the tests' own database."""
    environment = {**os.environ, "JOBBERGATE_DATA_DIR": str(tmp_path), "TMPDIR": str(temporary)}
    environment["JOBBERGATE_SECRET_KEY"] = settings.SECRET_KEY
    if connection.vendor == "postgresql":
        environment["JOBBERGATE_DATABASE_URL"] = database_url()
    else:
        (tmp_path / "jobbergate.sqlite3").symlink_to(connection.settings_dict["NAME"])
    with started(one_worker, environment) as server:
        yield server


@pytest.fixture
def token(alice: User) -> str:
    return str(RefreshToken.for_user(alice).access_token)


def soon(happens: Callable[[], object]) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if happens():
            return True
        time.sleep(0.02)
    return False


# --- memory ---------------------------------------------------------------------------------------------------------


@by_largest
def test_the_server_grows_by_less_than_three_times_what_goes_up_and_down(make, server, token):
    files = make()
    body, url = form(pack(files), {"name": "Large"}), "/api/applications/"
    post(server.port, url, token, form(pack(FOLDER), {"name": "Small"}))
    grown = Growth(server.pid)

    up = [post(server.port, url, token, body)[0] for _ in range(2)]
    after_uploads = grown()
    newest = Application.objects.latest("id")
    down = [get(server.port, f"{url}{newest.pk}/versions/1/archive/", token) for _ in range(2)]

    assert (up, [status for status, _ in down]) == ([201, 201], [200, 200])
    assert (newest.version().size, newest.version().files.count()) == (sum(map(len, files.values())), len(files))
    assert after_uploads < 3 * SIZE
    assert grown() < 3 * SIZE
    # Less than what was sent would mean that nothing was measured.
    assert after_uploads > SIZE / 2


@by_largest
def test_a_job_script_of_that_size_takes_no_more(make, server, token):
    body = form(pack(make()), {"entrypoint": "templates/job.sh.j2"})
    post(server.port, "/api/job-scripts/", token, form(pack(FOLDER), {"entrypoint": "templates/job.sh.j2"}))
    grown = Growth(server.pid)

    status, _ = post(server.port, "/api/job-scripts/", token, body)
    newest = JobScript.objects.latest("id")
    got, _ = get(server.port, f"/api/job-scripts/{newest.pk}/archive/", token)

    assert (status, got) == (201, 200)
    assert SIZE / 2 < grown() < 3 * SIZE


@by_largest
def test_rendering_from_it_takes_no_more(make, server, token, alice):
    application = Application.create(make(), alice, name="Large")
    Application.create(FOLDER, alice, name="Small", identifier="small")
    rendered(server, token, "small")
    grown = Growth(server.pid)

    answers = [rendered(server, token, str(application.pk)) for _ in range(2)]

    assert answers == [201, 201]
    assert SIZE / 2 < grown() < 3 * SIZE


def rendered(server: Server, token: str, application: str) -> int:
    body = orjson.dumps({"application": application, "answers": {}})
    with asked(server.port, "POST", "/api/job-scripts/", token, body, {"Content-Type": "application/json"}) as answer:
        return answer.status


@by_largest
def test_what_was_uploaded_is_stored_as_it_is(make, as_alice):
    files = make()

    answer = as_alice.post("/api/applications/", {"name": "Large", "archive": upload(files)}, format="multipart")

    assert answer.status_code == 201
    assert Application.objects.get().version().read_files() == files


def test_bytes_and_names_of_every_kind_are_stored_as_they_are(as_alice):
    content = bytes(range(256)) * (archive.PORTION // 256 + 1)
    files = {**FOLDER, 'data/größe, 漢字; it\'s 100 % "N"': content, "\\N".replace("\\", "-"): b"\\N\t\n"}

    answer = as_alice.post("/api/applications/", {"name": "Odd", "archive": upload(files)}, format="multipart")

    version = Application.objects.get(pk=answer.json()["id"]).version()
    assert version.read_files() == files
    assert list(version.files.values_list("size", flat=True)) == [len(files[path]) for path in sorted(files)]


@pytest.mark.parametrize(
    ("sizes", "portions"),
    [
        ({}, []),
        ({"b": 1, "a": 1}, [["a", "b"]]),
        ({"a": archive.PORTION, "b": 1}, [["a"], ["b"]]),
        ({"a": 1, "b": 10 * archive.PORTION, "c": 1}, [["a"], ["b"], ["c"]]),
        ({"a": archive.PORTION - 1, "b": 1, "c": 1}, [["a", "b"], ["c"]]),
        ({f"{n:03}": 0 for n in range(101)}, [[f"{n:03}" for n in range(100)], ["100"]]),
    ],
)
def test_a_statement_carries_a_portion_or_one_file(sizes, portions):
    assert list(archive.portions(sizes)) == portions


# --- one request, one transaction -----------------------------------------------------------------------------------


@by_largest
def test_all_of_it_is_one_transaction(make, transactional_db, as_alice):
    body = {"name": "Large", "archive": upload(make())}

    with CaptureQueriesContext(connection) as seen:
        answer = as_alice.post("/api/applications/", body, format="multipart")

    words = [query["sql"].split()[0] for query in seen]
    inserts = [number for number, word in enumerate(words) if word in ("INSERT", "COPY")]
    assert answer.status_code == 201
    assert (words.count("BEGIN"), words.count("COMMIT"), words.count("ROLLBACK")) == (1, 1, 0)
    assert words.index("BEGIN") < inserts[0] <= inserts[-1] < words.index("COMMIT")


def test_the_command_line_sends_it_in_one_request(transactional_db, live_server, alice, tmp_path, monkeypatch):
    from click.testing import CliRunner

    from cli.main import jobbergate
    from tests.cli.conftest import sign_in

    monkeypatch.setenv("JOBBERGATE_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("JOBBERGATE_SERVER", live_server.url)
    sign_in(alice, live_server.url, tmp_path / "config")
    for path, content in folder(1000, 100).items():
        (tmp_path / "many" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "many" / path).write_bytes(content)
    requests = []

    def note(environ, **signal):
        requests.append((environ["REQUEST_METHOD"], environ["PATH_INFO"]))

    request_started.connect(note)
    try:
        done = CliRunner().invoke(jobbergate, ["applications", "create", str(tmp_path / "many")])
    finally:
        request_started.disconnect(note)

    assert (done.exit_code, requests) == (0, [("POST", "/api/applications/")])
    assert ApplicationFile.objects.count() == 1000


# --- clients that are killed ----------------------------------------------------------------------------------------


def beginning(port: int, token: str, path: str, body: bytes, sent: int) -> socket.socket:
    """A connection on which so many bytes of a request's body have been sent."""
    lines = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Authorization: Bearer {token}"]
    lines += [f"Content-Type: multipart/form-data; boundary={BOUNDARY}", f"Content-Length: {len(body)}", "", ""]
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall("\r\n".join(lines).encode() + body[:sent])
    return client


def close(client: socket.socket) -> None:
    client.close()


def reset(client: socket.socket) -> None:
    """As a machine does that has lost its power and comes back: whatever is under way is void."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def names(directory: Path) -> list[str]:
    return [entry.name for entry in directory.iterdir()]


def open_files(server: Server, directory: Path) -> list[str]:
    """The files in a directory that the server's processes hold open, those without a name too."""
    found = []
    for process in family(server.pid):
        for entry in Path(f"/proc/{process}/fd").iterdir():
            try:
                target = str(entry.readlink())
            except FileNotFoundError:
                continue
            found += [target] * target.startswith(f"{directory}/")
    return found


@pytest.mark.parametrize("path", ["/api/applications/", "/api/applications/{pk}/versions/", "/api/job-scripts/"])
@pytest.mark.parametrize("die", [close, reset])
def test_a_client_that_is_killed_half_way_leaves_nothing_behind(die, path, server, token, alice, temporary):
    application = Application.create(FOLDER, alice, name="Small")
    body = form(pack(folder(20, MIB // 2)), {"name": "Large"})

    client = beginning(server.port, token, path.format(pk=application.pk), body, len(body) // 2)
    assert soon(lambda: names(temporary)), "The upload was not under way."
    die(client)

    assert soon(lambda: not names(temporary) and not open_files(server, temporary))
    assert post(server.port, "/api/applications/", token, form(pack(FOLDER), {"name": "Next"}))[0] == 201
    assert sorted(Application.objects.values_list("name", flat=True)) == ["Next", "Small"]
    assert (ApplicationVersion.objects.count(), ApplicationFile.objects.count()) == (2, 2 * len(FOLDER))
    assert (JobScript.objects.count(), JobScriptFile.objects.count()) == (0, 0)


def test_a_client_that_is_killed_before_the_last_line_leaves_nothing_behind(server, token, temporary):
    """The archive is complete here; the request is not."""
    body = form(pack(folder(20, MIB // 2)), {"name": "Large"})
    client = beginning(server.port, token, "/api/applications/", body, len(body) - 10)
    assert soon(lambda: names(temporary))
    client.close()

    assert soon(lambda: not names(temporary) and not open_files(server, temporary))
    assert Application.objects.count() == 0


def test_a_reader_that_is_killed_half_way_leaves_nothing_behind(server, token, alice, temporary):
    application = Application.create(folder(20, MIB // 2), alice, name="Large")
    client = socket.create_connection(("127.0.0.1", server.port))
    client.sendall(
        f"GET /api/applications/{application.pk}/versions/1/archive/ HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        f"Authorization: Bearer {token}\r\n\r\n".encode()
    )
    client.recv(1000)
    assert open_files(server, temporary), "The download was not under way."
    client.close()

    assert soon(lambda: not open_files(server, temporary))
    assert names(temporary) == []
