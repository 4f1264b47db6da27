"""Every page of the admin works for staff who are no superusers."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from jobscripts.models import JobScript
from tests.admin.forms import saved
from tests.factories import make_application, make_cluster, make_script, make_submission, make_user

MODELS = [
    "applications_application", "applications_applicationversion", "jobscripts_jobscript", "submissions_jobsubmission",
    "submissions_cluster", "jobscripts_sweep",
]  # fmt: skip
ADDED = ["applications_application", "jobscripts_jobscript", "submissions_jobsubmission", "submissions_cluster"]
FILTERS = {
    "applications_application": [
        "visibility__exact=public",
        "is_archived__exact=0",
        "updated_at__gte=2020-01-01 00:00:00Z",
    ],
    "applications_applicationversion": ["kind__exact=declarative", "created_at__gte=2020-01-01 00:00:00Z"],
    "jobscripts_jobscript": ["is_archived__exact=0"],
    "submissions_jobsubmission": ["status__exact=pending", "via__exact=login_node", "is_archived__exact=0"],
    "submissions_cluster": [],
    "jobscripts_sweep": ["is_archived__exact=0", "as_array__exact=0"],
}


def listed(client: Client, model: str, query: str = "") -> str:
    answer = client.get(f"{reverse(f'admin:{model}_changelist')}?{query}")
    assert answer.status_code == 200, (model, query, answer.get("Location"))
    return answer.content.decode()


def page(client: Client, model: str, row: Any) -> str:
    answer = client.get(reverse(f"admin:{model}_change", args=[row.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_everybody_else_is_asked_to_sign_in(client: Client, bob: Any):
    client.force_login(bob)

    for model in MODELS:
        answer = client.get(reverse(f"admin:{model}_changelist"))
        assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/admin/login/")


def test_the_first_page_names_every_resource(as_clerk, rows):
    content = as_clerk.get("/admin/").content.decode()

    assert all(reverse(f"admin:{model}_changelist") in content for model in MODELS)


@pytest.mark.parametrize("model", MODELS)
def test_a_list_shows_its_rows(as_clerk, rows, model):
    assert reverse(f"admin:{model}_change", args=[rows[model].pk]) in listed(as_clerk, model)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    "query", ["q=e", "q=HELLO", "q=hilbert", "q=nothing+such", "q=%00", "q=%25", "q=ü", "o=1", "o=-2", "all=", "p=1"]
)
def test_a_list_is_searched_and_sorted(as_clerk, rows, model, query):
    listed(as_clerk, model, query)


@pytest.mark.parametrize(
    ("model", "query"), [(model, query) for model, queries in FILTERS.items() for query in queries]
)
def test_a_list_is_filtered(as_clerk, rows, model, query):
    assert reverse(f"admin:{model}_change", args=[rows[model].pk]) in listed(as_clerk, model, query)


def test_a_list_is_narrowed_to_what_was_searched(as_clerk, rows, alice):
    other = make_application(alice, name="Good Bye")
    content = listed(as_clerk, "applications_application", "q=bye+GOOD")

    assert reverse("admin:applications_application_change", args=[other.pk]) in content
    assert reverse("admin:applications_application_change", args=[rows["applications_application"].pk]) not in content


@pytest.mark.parametrize("model", MODELS)
def test_a_row_has_a_page_with_its_history(as_clerk, rows, model):
    page(as_clerk, model, rows[model])
    for name in ("history",):
        assert as_clerk.get(reverse(f"admin:{model}_{name}", args=[rows[model].pk])).status_code == 200


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("pk", ["0", "999999", "x", "9" * 30, "_00"])
def test_a_row_that_is_not_there_leads_back(as_clerk, rows, model, pk):
    answer = as_clerk.get(f"{reverse(f'admin:{model}_changelist')}{pk}/change/")

    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


@pytest.mark.parametrize("model", ADDED)
def test_a_form_for_a_new_row_is_shown(as_clerk, rows, model):
    assert as_clerk.get(reverse(f"admin:{model}_add")).status_code == 200


def test_a_version_cannot_be_added_changed_or_deleted(as_clerk, rows):
    version = rows["applications_applicationversion"]
    model, change = "applications_applicationversion", {"note": "changed", "number": "9"}

    assert as_clerk.get(reverse(f"admin:{model}_add")).status_code == 403
    assert saved(as_clerk, version, change).status_code == 403
    assert as_clerk.post(reverse(f"admin:{model}_delete", args=[version.pk]), {"post": "yes"}).status_code == 403
    assert 'name="_save"' not in page(as_clerk, model, version)
    version.refresh_from_db()
    assert (version.note, version.number) == ("", 1)


def test_a_sweep_is_read_and_leads_to_its_scripts(as_clerk, rows):
    sweep = rows["jobscripts_sweep"]

    content = page(as_clerk, "jobscripts_sweep", sweep)

    assert as_clerk.get(reverse("admin:jobscripts_sweep_add")).status_code == 403
    assert 'name="_save"' not in content
    assert f"sweep__id__exact={sweep.pk}" in content
    scripts = listed(as_clerk, "jobscripts_jobscript", f"sweep__id__exact={sweep.pk}")
    assert [f">Hello, nodes={nodes}</a>" in scripts for nodes in (1, 2, 3, 4)] == [True, True, True, False]
    assert "Hello, nodes=" not in listed(as_clerk, "jobscripts_jobscript")


def test_files_are_read_in_place(as_clerk, rows):
    version = page(as_clerk, "applications_applicationversion", rows["applications_applicationversion"])
    script = page(as_clerk, "jobscripts_jobscript", rows["jobscripts_jobscript"])

    assert "#SBATCH --nodes={{ nodes }}" in version
    assert "not text" in version
    assert "larger than 32 KiB" in version
    assert "#SBATCH --nodes=2" in script


def test_what_people_upload_is_never_markup(as_clerk, alice):
    evil = "<script>alert(1)</script>"
    application = make_application(
        alice,
        {"templates/job.sh.j2": f"#!{evil}".encode(), evil.replace("/", "_"): b"<b>"},
        name=evil,
        description=evil,
    )
    script = make_script(alice, application)
    make_submission(alice, script, name=evil)

    pages = [listed(as_clerk, model) for model in MODELS]
    pages += [
        page(as_clerk, "applications_applicationversion", application.version()),
        page(as_clerk, "jobscripts_jobscript", script),
    ]
    pages += [page(as_clerk, "applications_application", application)]

    assert not any("<script>alert" in content or "<b>" in content for content in pages)


def test_events_are_read_and_never_changed(as_clerk, rows):
    content = page(as_clerk, "submissions_jobsubmission", rows["submissions_jobsubmission"])

    assert "Slurm job 7 on hilbert, held." in content
    assert "events-TOTAL_FORMS" not in content or 'name="events-0-reason"' not in content


@pytest.mark.parametrize("model", ["applications_application", "jobscripts_jobscript", "submissions_jobsubmission"])
def test_a_row_is_renamed(as_clerk, rows, model, alice):
    row = rows[model]
    body = {"name": "New", "description": "d", "owner": alice.pk, "visibility": "private", "identifier": "new"}

    answer = saved(as_clerk, row, body)

    assert answer.status_code == 302, answer.context["adminform"].form.errors
    row.refresh_from_db()
    assert (row.name, row.description) == ("New", "d")
    assert row.search_text.startswith("new\n")


def test_a_cluster_is_made_changed_and_deleted(as_clerk, bob):
    from submissions.clusters import Cluster

    url = reverse("admin:submissions_cluster_add")
    assert as_clerk.post(url, {"name": "bad name", "description": ""}).status_code == 200
    assert as_clerk.post(url, {"name": "noether", "description": "", "agent": bob.pk}).status_code == 302
    cluster = Cluster.objects.get()
    assert (cluster.name, cluster.agent) == ("noether", bob)

    assert (
        as_clerk.post(reverse("admin:submissions_cluster_delete", args=[cluster.pk]), {"post": "yes"}).status_code
        == 302
    )
    assert not Cluster.objects.exists()


def test_people_are_chosen_by_staff_without_a_look_at_their_accounts(as_clerk, alice):
    url = reverse("admin:autocomplete")
    query = {"term": "ali", "app_label": "applications", "model_name": "application", "field_name": "owner"}

    answer = as_clerk.get(url, query)

    assert (answer.status_code, answer.json()["results"]) == (200, [{"id": str(alice.pk), "text": "alice"}])
    assert as_clerk.get(reverse("admin:auth_user_changelist")).status_code == 403
    assert as_clerk.get(reverse("admin:auth_user_change", args=[alice.pk])).status_code == 403


@pytest.mark.parametrize(("model", "field"), [("jobsubmission", "job_script"), ("jobsubmission", "cluster")])
def test_rows_are_chosen_by_their_words(as_clerk, rows, model, field):
    answer = as_clerk.get(
        reverse("admin:autocomplete"),
        {"term": "h", "app_label": "submissions", "model_name": model, "field_name": field},
    )

    assert (answer.status_code, len(answer.json()["results"])) == (200, 1)


# --- deleting -------------------------------------------------------------------------------------------------------


def test_an_unfinished_submission_is_not_deleted_and_says_why(as_clerk, rows):
    submission = rows["submissions_jobsubmission"]
    url = reverse("admin:submissions_jobsubmission_delete", args=[submission.pk])

    answer = as_clerk.post(url, {"post": "yes"}, follow=True)

    assert answer.status_code == 200
    assert "It is pending; cancel it first, so that no job is left that nobody follows." in answer.content.decode()
    submission.refresh_from_db()


def test_of_several_submissions_none_is_deleted_where_one_is_unfinished(as_clerk, rows, alice):
    from submissions.models import JobSubmission

    make_submission(alice, rows["jobscripts_jobscript"])
    url = reverse("admin:submissions_jobsubmission_changelist")
    body = {
        "action": "delete_selected",
        "_selected_action": list(JobSubmission.objects.values_list("pk", flat=True)),
        "post": "yes",
    }

    answer = as_clerk.post(url, body, follow=True)

    assert answer.status_code == 200
    assert "cancel it first" in answer.content.decode()
    assert JobSubmission.objects.count() == 2


def test_a_script_that_was_submitted_is_not_deleted_and_says_why(as_clerk, rows):
    script = rows["jobscripts_jobscript"]

    for data in ({}, {"post": "yes"}):
        answer = as_clerk.post(reverse("admin:jobscripts_jobscript_delete", args=[script.pk]), data, follow=True)
        assert answer.status_code == 200
    script.refresh_from_db()


def test_an_application_is_deleted_and_what_its_scripts_need_is_kept(as_clerk, rows):
    from applications.models import Application
    from applications.versions import ApplicationVersion

    application = rows["applications_application"]
    url = reverse("admin:applications_application_delete", args=[application.pk])
    assert as_clerk.get(url).status_code == 200

    answer = as_clerk.post(url, {"post": "yes"}, follow=True)

    assert answer.status_code == 200
    assert (Application.objects.count(), ApplicationVersion.objects.count()) == (0, 1)
    for model in ("applications_applicationversion", "jobscripts_jobscript"):
        assert "(deleted application)" in page(as_clerk, model, rows[model])
        listed(as_clerk, model)


@pytest.mark.parametrize(
    "model", ["applications_application", "jobscripts_jobscript", "submissions_jobsubmission", "submissions_cluster"]
)
def test_several_rows_are_deleted_at_once(as_clerk, model, alice):
    makers = {
        "applications_application": lambda n: make_application(alice, name=f"n{n}"),
        "jobscripts_jobscript": lambda n: make_script(alice),
        "submissions_jobsubmission": lambda n: make_submission(alice),
        "submissions_cluster": lambda n: make_cluster(f"c{n}"),
    }
    rows = [makers[model](number) for number in range(3)]
    body = {"action": "delete_selected", "_selected_action": [row.pk for row in rows]}
    url = reverse(f"admin:{model}_changelist")

    assert as_clerk.post(url, body).status_code == 200
    assert as_clerk.post(url, {**body, "post": "yes"}).status_code == 302
    assert not type(rows[0])._default_manager.exists()


def test_a_person_who_owns_something_is_not_deleted(as_superuser, rows, alice):
    answer = as_superuser.post(reverse("admin:auth_user_delete", args=[alice.pk]), {"post": "yes"}, follow=True)

    assert answer.status_code in (200, 403)
    alice.refresh_from_db()
    make_user("alice")


def test_what_a_script_asks_for_and_what_is_wrong_with_it_is_on_its_page(as_clerk, alice):
    script = JobScript.upload(alice, {"job.sh": b"#!/bin/bash\n#SBATCH --tme=<1> -N 3\n"}, "", "", force=True)

    content = page(as_clerk, "jobscripts_jobscript", script)

    assert "error: job.sh, line 2: sbatch has no option --tme." in content
    assert "nodes min: 3" in content


@pytest.mark.parametrize(("force", "made"), [({}, 0), ({"force": "on"}, 1)])
def test_a_script_that_sbatch_would_refuse_is_uploaded_by_force_alone(as_clerk, alice, force, made):
    upload = SimpleUploadedFile("job.sh", b"#!/bin/bash\n#SBATCH --tme=1\n")
    url = reverse("admin:jobscripts_jobscript_add")

    answer = as_clerk.post(url, {"name": "By hand", "owner": alice.pk, "upload": upload, **force})

    assert (answer.status_code, JobScript.objects.count()) == (302 if made else 200, made)
    assert made or "sbatch has no option --tme." in answer.content.decode()
