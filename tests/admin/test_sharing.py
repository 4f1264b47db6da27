"""Staff share applications, give them away, archive many, and bring earlier versions back."""

from typing import Any

import pytest
from django.contrib.admin import site
from django.contrib.auth.models import Group
from django.db import connection
from django.http import HttpRequest
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from applications import selftests
from applications.admin import ApplicationAdmin, ApplicationForm
from applications.models import Application, ApplicationShare
from tests.admin.forms import saved
from tests.admin.test_query_counts import queries
from tests.archives import upload
from tests.factories import FOLDER, make_application, make_user

LIST, ADD = reverse("admin:applications_application_changelist"), reverse("admin:applications_application_add")


def columns(application: Application, **changes: Any) -> dict[str, Any]:
    """What the page's own form sends, unchanged."""
    return {
        "name": application.name, "identifier": application.identifier or "", "description": "", "tags": "",
        "owner": application.owner_id, "visibility": application.visibility, **changes,
    }  # fmt: skip


def new_share(**fields: Any) -> dict[str, Any]:
    return {"shares-TOTAL_FORMS": 1} | {f"shares-0-{name}": value for name, value in fields.items()}


def shares(application: Application) -> list[str]:
    return [str(share) for share in application.shares.all()]


def problems(answer: Any) -> list[Any]:
    assert answer.status_code == 200
    return [error for inline in answer.context["inline_admin_formsets"] for error in inline.formset.errors if error]


def test_an_application_is_shared_with_a_person_and_with_a_group(as_clerk, alice, bob):
    application, cfd = make_application(alice, visibility="private"), Group.objects.create(name="cfd")

    body = columns(application) | new_share(group=cfd.pk, role="editor")
    assert saved(as_clerk, application, body).status_code == 302
    application.refresh_from_db()
    assert (shares(application), application.visibility) == (["cfd, editor"], "private")

    kept = application.shares.get()
    body = columns(application) | {"shares-TOTAL_FORMS": 2, "shares-0-id": kept.pk, "shares-0-role": "editor"}
    body |= {"shares-1-user": bob.pk, "shares-1-role": "reader"}
    assert saved(as_clerk, application, body).status_code == 302
    application.refresh_from_db()
    assert (shares(application), application.visibility) == (["cfd, editor", "bob, reader"], "shared")


def test_a_role_is_changed_and_nobody_else_put_in_their_place(as_clerk, alice, bob):
    application, eve = make_application(alice), make_user("eve")
    share, _ = application.share("reader", user=bob)
    body = {"shares-0-id": share.pk, "shares-0-user": eve.pk, "shares-0-role": "editor"}

    assert saved(as_clerk, application, columns(application) | body).status_code == 302
    assert shares(application) == ["bob, editor"]


def test_a_share_is_taken_away(as_clerk, alice, bob):
    application = make_application(alice)
    share, _ = application.share("reader", user=bob)
    body = {"shares-0-id": share.pk, "shares-0-role": "reader", "shares-0-DELETE": "on"}

    assert saved(as_clerk, application, columns(application) | body).status_code == 302
    assert shares(application) == []


@pytest.mark.parametrize(
    ("share", "words"),
    [
        ({"user": "bob", "group": "cfd"}, {"__all__": ["Give either a user or a group."]}),
        ({}, {"__all__": ["Give either a user or a group."]}),
        ({"user": "gone"}, {"user": ["gone is not active."]}),
        ({"user": "rea"}, {"__all__": ["Please correct the duplicate values below."]}),
    ],
    ids=str,
)
def test_a_share_that_cannot_be_is_a_message(as_clerk, alice, bob, share, words):
    application = make_application(alice)
    kept, _ = application.share("editor", user=make_user("rea"))
    make_user("gone", is_active=False)
    fields = {"user": make_user(share["user"]).pk} if "user" in share else {}
    if "group" in share:
        fields["group"] = Group.objects.create(name="cfd").pk
    body = {"shares-TOTAL_FORMS": 2, "shares-0-id": kept.pk, "shares-0-role": "editor", "shares-1-role": "editor"}
    body |= {f"shares-1-{name}": value for name, value in fields.items()}

    assert problems(saved(as_clerk, application, columns(application) | body)) == [words]
    assert shares(application) == ["rea, editor"]


@pytest.mark.parametrize("field", ["user", "group"])
def test_people_and_groups_are_chosen_by_name_without_a_look_at_them(as_clerk, alice, field):
    Group.objects.create(name="alpine")
    query = {"term": "al", "app_label": "applications", "model_name": "applicationshare", "field_name": field}

    answer = as_clerk.get(reverse("admin:autocomplete"), query)

    names = [found["text"] for found in answer.json()["results"]]
    assert (answer.status_code, names) == (200, ["alice"] if field == "user" else ["alpine"])
    assert as_clerk.get(reverse(f"admin:auth_{field}_changelist")).status_code == 403


def test_an_application_with_many_shares_costs_what_one_with_few_does(as_clerk, alice):
    few, many = make_application(alice), make_application(alice)
    few.share("reader", user=make_user("u0"))
    few.share("reader", group=Group.objects.create(name="g0"))
    for number in range(12):
        many.share("reader", user=make_user(f"u{number}"))
        many.share("reader", group=Group.objects.get_or_create(name=f"g{number}")[0])
    url = "admin:applications_application_change"
    as_clerk.get(reverse(url, args=[few.pk]))

    assert queries(as_clerk, reverse(url, args=[few.pk])) == queries(as_clerk, reverse(url, args=[many.pk]))


def queries_of_saving(client: Client, count: int, role: str, added: int = 0) -> int:
    """Of one application with so many shares, each put into this role, and with some more besides."""
    application = make_application(make_user("alice"))
    shares = [application.share("reader", user=make_user(f"u{number}"))[0] for number in range(count)]
    body = columns(application) | {"shares-TOTAL_FORMS": count + added}
    for number, share in enumerate(shares):
        body |= {f"shares-{number}-id": share.pk, f"shares-{number}-role": role}
    for number in range(count, count + added):
        body |= {f"shares-{number}-user": make_user(f"u{number}").pk, f"shares-{number}-role": "reader"}
    url = reverse("admin:applications_application_change", args=[application.pk])
    body |= {"shares-INITIAL_FORMS": count, "versions-TOTAL_FORMS": 0, "versions-INITIAL_FORMS": 0}
    with CaptureQueriesContext(connection) as captured:
        assert client.post(url, body).status_code == 302
    assert [str(share) for share in application.shares.all()] == [
        f"u{number}, {role if number < count else 'reader'}" for number in range(count + added)
    ]
    return len(captured)


def test_shares_that_stay_cost_nothing_to_save_and_a_changed_one_a_query(as_clerk, alice):
    queries_of_saving(as_clerk, 1, "reader")

    assert queries_of_saving(as_clerk, 12, "reader") == queries_of_saving(as_clerk, 2, "reader")
    assert queries_of_saving(as_clerk, 12, "editor") == queries_of_saving(as_clerk, 2, "editor") + 10
    assert queries_of_saving(as_clerk, 2, "reader", added=12) == queries_of_saving(as_clerk, 2, "reader", added=2) + 20


@pytest.mark.parametrize("wrong", ["0", "x", "9" * 30, "another's"])
def test_a_share_that_is_not_there_any_more_is_a_message(as_clerk, alice, bob, wrong):
    application, other = make_application(alice), make_application(alice)
    share, _ = other.share("reader", user=bob)
    application.share("reader", user=bob)
    pk = str(share.pk) if wrong == "another's" else wrong
    body = {"shares-0-id": pk, "shares-0-user": bob.pk, "shares-0-role": "editor"}

    assert list(problems(saved(as_clerk, application, columns(application) | body))[0]) == ["id"]
    assert shares(application) == shares(other) == ["bob, reader"]


def test_names_in_shares_are_never_markup(as_clerk, alice):
    application = make_application(alice)
    application.share("reader", group=Group.objects.create(name="<script>alert(1)</script>"))

    content = as_clerk.get(reverse("admin:applications_application_change", args=[application.pk])).content.decode()

    assert "&lt;script&gt;alert(1)" in content
    assert "<script>alert" not in content


def test_tags_are_words_with_blanks_or_commas_between_them(as_clerk, alice):
    application = make_application(alice, tags=["old"])
    url = reverse("admin:applications_application_change", args=[application.pk])
    assert 'value="old"' in as_clerk.get(url).content.decode()

    assert saved(as_clerk, application, columns(application, tags="OpenFOAM, cfd old")).status_code == 302
    application.refresh_from_db()
    assert application.tags == ["cfd", "old", "openfoam"]

    answer = saved(as_clerk, application, columns(application, tags="a#b"))
    assert list(answer.context["adminform"].form.errors) == ["tags"]


def test_another_owner_keeps_the_former_one_as_an_editor(as_clerk, alice, bob):
    application = make_application(alice, idempotency_key="k")
    make_application(bob, idempotency_key="k")
    share, _ = application.share("reader", user=bob)
    body = {"owner": bob.pk, "name": "New", "shares-0-id": share.pk, "shares-0-role": "reader"}

    assert saved(as_clerk, application, columns(application) | body).status_code == 302

    application.refresh_from_db()
    assert (application.owner, application.name, shares(application)) == (bob, "New", ["alice, editor"])


def test_what_others_do_meanwhile_is_not_undone(alice, bob, clerk):
    """Between the reading of the row and its saving, in one request."""
    application = make_application(alice)
    form = ApplicationForm(columns(application, name="New"), instance=Application.objects.get(pk=application.pk))
    assert form.is_valid()
    application.publish({**FOLDER, "more": b"1"}, alice)
    application.transfer(bob)
    page, request = ApplicationAdmin(Application, site), HttpRequest()

    page.save_model(request, page.save_form(request, form, change=True), form, change=True)
    page.save_related(request, form, [], change=True)

    application.refresh_from_db()
    assert (application.name, application.latest_version, application.owner) == ("New", 2, bob)
    assert application.publish({**FOLDER, "more": b"2"}, bob).number == 3


def test_an_archive_and_another_name_come_in_one_request(as_clerk, alice):
    application = make_application(alice)
    body = columns(application, name="New") | {"archive": upload({**FOLDER, "more": b"1"})}

    assert saved(as_clerk, application, body).status_code == 302

    application.refresh_from_db()
    assert (application.name, application.latest_version, application.versions.count()) == ("New", 2, 2)


def test_an_application_that_was_deleted_meanwhile_is_a_message(as_clerk, alice):
    application = make_application(alice)
    gone = reverse("admin:applications_application_change", args=[application.pk])
    application.delete()

    body = columns(application) | {"archive": upload(FOLDER)}
    assert "Perhaps it was deleted?" in as_clerk.post(gone, body, follow=True).content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("there", [True, False], ids=["next", "first"])
def test_its_own_tests_run_before_the_page_s_transaction(as_clerk, alice, monkeypatch, there):
    seen, run = [], selftests.results
    monkeypatch.setattr(selftests, "results", lambda *given: seen.append(connection.in_atomic_block) or run(*given))
    body = {"name": "n", "owner": alice.pk, "visibility": "public", "archive": upload({**FOLDER, "more": b"1"})}
    application = make_application(alice) if there else None
    seen.clear()

    answer = saved(as_clerk, application, body) if application else as_clerk.post(ADD, body)

    assert (answer.status_code, seen) == (302, [False])


def test_an_application_is_not_given_to_somebody_who_has_left(as_clerk, alice):
    application, gone = make_application(alice), make_user("gone", is_active=False)

    answer = saved(as_clerk, application, columns(application, owner=gone.pk))

    assert answer.context["adminform"].form.errors == {"owner": ["gone is not active."]}


def test_an_application_of_somebody_who_has_left_is_changed(as_clerk, alice):
    application = make_application(alice)
    alice.is_active = False
    alice.save()

    assert saved(as_clerk, application, columns(application, name="New")).status_code == 302


def test_many_are_archived_and_brought_back(as_clerk, alice):
    chosen = [make_application(alice).pk for _ in range(3)]
    other = make_application(alice)

    for action, archived in (("archive", True), ("unarchive", False)):
        answer = as_clerk.post(LIST, {"action": action, "_selected_action": chosen})
        assert answer.status_code == 302
        assert set(Application.objects.filter(pk__in=chosen).values_list("is_archived", flat=True)) == {archived}
        other.refresh_from_db()
        assert not other.is_archived


# --- versions -------------------------------------------------------------------------------------------------------


def test_a_version_is_made_the_newest_by_a_button_on_its_page(as_clerk, clerk, alice):
    application = make_application(alice, {"first.txt": b"1"})
    first = application.version()
    application.publish(FOLDER, alice)
    page = as_clerk.get(reverse("admin:applications_applicationversion_change", args=[first.pk])).content.decode()
    url = reverse("admin:restore_version", args=[first.pk])
    assert f'action="{url}"' in page

    answer = as_clerk.post(url, follow=True)

    application.refresh_from_db()
    newest = application.version()
    assert "The newest version is 3 now." in answer.content.decode()
    assert (newest.number, newest.created_by, newest.read_files()) == (3, clerk, first.read_files())


def test_a_version_is_not_restored_by_a_link(as_clerk, alice):
    version = make_application(alice).version()

    assert as_clerk.get(reverse("admin:restore_version", args=[version.pk])).status_code == 405


@pytest.mark.parametrize("pk", ["0", "x", "9" * 30])
def test_a_version_that_is_not_there_is_not_restored(as_clerk, pk):
    answer = as_clerk.post(reverse("admin:restore_version", args=[pk]), follow=True)

    assert answer.status_code == 200
    assert "There is no application with this version any more." in answer.content.decode()


def test_only_staff_restore(client, bob, alice):
    version = make_application(alice, {"first.txt": b"1"}).version()
    assert version.application is not None
    version.application.publish(FOLDER, alice)
    client.force_login(bob)

    answer = client.post(reverse("admin:restore_version", args=[version.pk]))

    assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/admin/login/")
    assert version.application.versions.count() == 2
    assert not ApplicationShare.objects.exists()
