"""Several who change one application at the same moment: it ends as if one had come after the other."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client

from applications.models import Application
from applications.versions import ApplicationVersion
from jobbergate.core.errors import DomainError
from jobscripts.models import JobScript
from tests.admin.forms import saved
from tests.factories import FOLDER, make_application, make_script, make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.parametrize("round", range(5))]


def at_once(*steps: Callable[[], Any]) -> list[Any]:
    """What each gives, or which DomainError it raises, in threads that begin together."""
    barrier = Barrier(len(steps))

    def run(step: Callable[[], Any]) -> Any:
        try:
            barrier.wait()
            return step()
        except DomainError as refusal:
            return refusal.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(steps)) as pool:
        return list(pool.map(run, steps))


def read(pk: int) -> Application:
    return Application.objects.select_related("owner").get(pk=pk)


def publishing(application: Application, user: User, note: bytes = b"1") -> Callable[[], int]:
    own = read(application.pk)
    return lambda: own.publish({**FOLDER, "note": note}, user).number


def numbers(application: Application) -> list[int]:
    return list(application.versions.values_list("number", flat=True))


def test_the_same_files_published_twice_are_one_version(round: int, alice: User) -> None:
    application = make_application(alice)

    assert at_once(*(publishing(application, alice) for _ in range(4))) == [2] * 4

    assert (read(application.pk).latest_version, numbers(application)) == (2, [2, 1])


def test_of_a_deleted_application_no_version_is_left(round: int, alice: User) -> None:
    application = make_application(alice)
    gone = read(application.pk)

    results = at_once(publishing(application, alice), gone.delete, publishing(application, alice, b"2"))

    assert {result for result in results[::2] if isinstance(result, str)} <= {"not_found"}
    assert not Application.objects.exists()
    assert not ApplicationVersion.objects.exists()


def test_of_two_deletions_the_second_finds_nothing(round: int, alice: User) -> None:
    application = make_application(alice)

    results = at_once(read(application.pk).delete, read(application.pk).delete)

    assert results.count("not_found") == 1
    assert not Application.objects.exists()


def test_with_its_last_script_a_version_of_a_deleted_application_goes(round: int, alice: User) -> None:
    application = make_application(alice)
    scripts = [JobScript.objects.get(pk=make_script(alice, application).pk) for _ in range(2)]

    at_once(read(application.pk).delete, *(script.delete for script in scripts))

    assert not JobScript.objects.exists()
    assert not ApplicationVersion.objects.exists()


def test_sharing_and_a_transfer_wait_for_each_other_and_not_for_ever(round: int, alice: User, bob: User) -> None:
    application, rea = make_application(alice, visibility="private"), make_user("rea")
    share, _ = application.share("reader", user=make_user("gone"))
    first, second, third, fourth, fifth = (read(application.pk) for _ in range(5))

    results = at_once(
        lambda: first.share("editor", user=bob),
        lambda: second.transfer(bob),
        lambda: third.unshare(share.pk),
        lambda: fourth.share("reader", user=rea),
        lambda: fifth.share("reader", user=alice),
    )

    application = read(application.pk)
    assert application.owner == bob
    # Bob has either got his share before it was his, or is its owner and needs none; so it is with Alice.
    assert results[0] == "invalid" or results[0][1]
    assert results[4] == "invalid" or not results[4][1]
    assert sorted(str(share.user) for share in application.shares.all()) == ["alice", "rea"]


def test_a_version_that_is_published_while_staff_change_a_column_stays(round: int, alice: User) -> None:
    application, client = make_application(alice), Client()
    client.force_login(make_user("clerk", is_staff=True))
    columns = {"name": "New", "owner": alice.pk, "visibility": "shared"}

    answer, *published = at_once(
        lambda: saved(client, application, columns),
        *(publishing(application, alice, str(note).encode()) for note in range(3)),
    )

    application = read(application.pk)
    assert (answer.status_code, sorted(published)) == (302, [2, 3, 4])
    assert (application.name, application.visibility, application.latest_version) == ("New", "shared", 4)
    assert numbers(application) == [4, 3, 2, 1]
