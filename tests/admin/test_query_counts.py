"""A list of the admin costs the same with one row and with thirty, and so does a page with many rows on it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from submissions.models import JobSubmission
from tests.factories import make_application, make_cluster, make_script, make_submission, make_sweep, make_user

MAKERS = {
    "applications_application": lambda n: make_application(make_user(f"u{n}"), name=f"a{n}"),
    "applications_applicationversion": lambda n: make_application(make_user(f"u{n}"), name=f"a{n}"),
    "jobscripts_jobscript": lambda n: make_script(make_user(f"u{n}")),
    "jobscripts_sweep": lambda n: make_sweep(make_user(f"u{n}")),
    "submissions_jobsubmission": lambda n: make_submission(make_user(f"u{n}"), cluster=make_cluster(f"c{n}")),
    "submissions_cluster": lambda n: make_cluster(f"c{n}", agent=make_user(f"u{n}")),
}


def queries(client, url) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


@pytest.mark.parametrize("model", MAKERS)
def test_a_list(as_clerk, model):
    url = reverse(f"admin:{model}_changelist")
    MAKERS[model](0)
    as_clerk.get(url)
    one = queries(as_clerk, url)
    for number in range(1, 12):
        MAKERS[model](number)

    assert queries(as_clerk, url) == one


def test_a_version_with_many_files(as_clerk, alice):
    few = make_application(alice).version()
    many = make_application(alice, {f"f{number}": b"x" for number in range(30)}).version()
    url = "admin:applications_applicationversion_change"
    as_clerk.get(reverse(url, args=[few.pk]))

    assert queries(as_clerk, reverse(url, args=[few.pk])) == queries(as_clerk, reverse(url, args=[many.pk]))


def test_an_application_with_many_versions(as_clerk, alice):
    few, many = make_application(alice), make_application(alice)
    for number in range(12):
        many.publish({**many.version().read_files(), "n": str(number).encode()}, make_user(f"u{number}"))
    url = "admin:applications_application_change"
    as_clerk.get(reverse(url, args=[few.pk]))

    assert queries(as_clerk, reverse(url, args=[few.pk])) == queries(as_clerk, reverse(url, args=[many.pk]))


def test_a_submission_with_many_events(as_clerk, alice):
    few, many = make_submission(alice), make_submission(alice)
    for number in range(20):
        many.events.create(at=many.created_at, old_status=str(number), new_status=str(number + 1))
    url = "admin:submissions_jobsubmission_change"
    as_clerk.get(reverse(url, args=[few.pk]))

    assert queries(as_clerk, reverse(url, args=[few.pk])) == queries(as_clerk, reverse(url, args=[many.pk]))
    assert JobSubmission.objects.count() == 2
