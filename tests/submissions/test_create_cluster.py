"""An operator makes a cluster: its agent's password is shown once, and kept nowhere."""

import re
from pathlib import Path
from unittest.mock import ANY

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from submissions.clusters import Cluster
from tests.applications.commands import Done, manage
from tests.factories import make_cluster, make_user

pytestmark = pytest.mark.django_db


def password_in(done: Done) -> str:
    found = re.search(r"^Its password, which is shown this once: (\S+)$", done.stdout, re.MULTILINE)
    assert found, done
    return found[1]


def sign_in(password: str, username: str = "agent-hilbert") -> int:
    answer = APIClient().post("/api-auth-token/", {"username": username, "password": password})
    return int(answer.status_code)


def test_a_cluster_is_made_with_an_account_that_can_sign_in() -> None:
    done = manage("create_cluster", "hilbert", "--description", "128 nodes.")

    cluster = Cluster.objects.get()
    assert (done.exit_code, done.stderr) == (0, "")
    assert (cluster.name, cluster.description, str(cluster.agent)) == ("hilbert", "128 nodes.", "agent-hilbert")
    assert "Cluster hilbert is made." in done.stdout
    assert "agent-hilbert" in done.stdout
    assert sign_in(password_in(done)) == 200
    assert sign_in("something else") == 401
    # Nobody who may look into what is not theirs.
    assert User.objects.filter(is_staff=True).count() == 0


def test_the_password_may_go_to_a_file_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "password"

    done = manage("create_cluster", "hilbert", "--password-file", file)

    assert (file.stat().st_mode & 0o777, file.stat().st_size > 20) == (0o600, True)
    password = file.read_text().rstrip("\n")
    assert password not in done.stdout
    assert f"Its password is in {file}." in done.stdout
    assert sign_in(password) == 200


@pytest.mark.parametrize("words", [(), ("--new-password",)])
def test_a_file_that_is_there_is_left_alone_and_nothing_is_done(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "password").write_text("precious\n")
    before = password_in(manage("create_cluster", "hilbert")) if words else ""

    done = manage("create_cluster", "hilbert", "--password-file", tmp_path / "password", *words)

    assert done == Done(1, "", f"{tmp_path}/password exists; give the name of a new file.\n")
    assert (tmp_path / "password").read_text() == "precious\n"
    assert Cluster.objects.count() == len(words)
    assert not words or sign_in(before) == 200


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "password").symlink_to(tmp_path / "elsewhere")

    assert manage("create_cluster", "hilbert", "--password-file", tmp_path / "password").exit_code == 1
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    done = manage("create_cluster", "hilbert", "--password-file", tmp_path / "no/password")

    assert done == Done(1, "", f"{tmp_path}/no/password cannot be written: No such file or directory.\n")
    assert not User.objects.exists()


def test_a_new_password_ends_the_old_one_and_what_was_signed_in_with_it() -> None:
    old = password_in(manage("create_cluster", "hilbert"))
    tokens = APIClient().post("/api-auth-token/", {"username": "agent-hilbert", "password": old}).json()
    agent = APIClient()
    agent.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens['access']}")
    assert agent.get("/api/clusters/").status_code == 200

    done = manage("create_cluster", "HILBERT", "--new-password")

    assert "Cluster hilbert has a new password." in done.stdout
    assert (sign_in(old), sign_in(password_in(done))) == (401, 200)
    assert agent.get("/api/clusters/").status_code == 401
    assert APIClient().post("/api-auth-token/refresh/", {"refresh": tokens["refresh"]}).status_code == 401


def test_a_cluster_without_an_account_gets_one_with_its_new_password() -> None:
    make_cluster("hilbert")

    assert sign_in(password_in(manage("create_cluster", "hilbert", "--new-password"))) == 200


def test_a_name_is_kept_as_slurm_tells_it() -> None:
    assert "Cluster hilbert is made." in manage("create_cluster", "Hilbert").stdout
    assert Cluster.objects.get().name == "hilbert"


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (["hilbert"], "There is a cluster 'hilbert' already; choose another name, or give it a new password. (--new-password)"),
        (["Hilbert"], "There is a cluster 'hilbert' already; choose another name, or give it a new password. (--new-password)"),
        (["noether"], "There is an account agent-noether already; rename it first."),
        (["bad name"], "'bad name' is no name of a cluster. Give the ClusterName of slurm.conf."),
        (["x" * 65], ANY),
        ([""], ANY),
        (["galois", "--new-password"], "There is no cluster 'galois'; there are: hilbert."),
        (["hilbert", "--new-password", "--description", "d"], "--new-password changes the password alone; change the description in the admin."),
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_said_in_a_sentence(words: list[str], refusal: str) -> None:
    make_cluster("hilbert")
    make_user("Agent-Noether")

    done = manage("create_cluster", *words)

    assert done == Done(1, "", ANY)
    assert done.stderr.strip() == refusal
    assert (Cluster.objects.count(), User.objects.count()) == (1, 1)
