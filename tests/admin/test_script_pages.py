"""Staff at a job script's page: whom it is shared with, what was edited, and that nobody's change of files is undone."""

from django.contrib.auth.models import Group
from django.urls import reverse

from jobscripts.models import JobScript
from tests.admin.forms import saved
from tests.admin.test_query_counts import queries
from tests.factories import make_script, make_user

LIST = reverse("admin:jobscripts_jobscript_changelist")


def url(script):
    return reverse("admin:jobscripts_jobscript_change", args=[script.pk])


def columns(script, **changes):
    return {"name": script.name, "description": "", "owner": script.owner_id, **changes}


def new_share(**fields):
    return {"shares-TOTAL_FORMS": 1} | {f"shares-0-{name}": value for name, value in fields.items()}


def shares(script):
    return [str(share) for share in script.shares.all()]


def test_a_script_is_shared_changed_and_shared_no_more(as_clerk, alice, bob):
    script = make_script(alice)

    assert saved(as_clerk, script, columns(script) | new_share(user=bob.pk, role="reader")).status_code == 302
    assert shares(script) == ["bob, reader"]

    share = {"shares-TOTAL_FORMS": 1, "shares-0-id": script.shares.get().pk, "shares-0-role": "editor"}
    assert saved(as_clerk, script, columns(script) | share).status_code == 302
    assert shares(script) == ["bob, editor"]
    assert saved(as_clerk, script, columns(script) | share | {"shares-0-DELETE": "on"}).status_code == 302
    assert shares(script) == []


def test_a_share_is_of_a_user_or_of_a_group(as_clerk, alice, bob):
    script, cfd = make_script(alice), Group.objects.create(name="cfd")

    for whom in ({}, {"user": bob.pk, "group": cfd.pk}):
        answer = saved(as_clerk, script, columns(script) | new_share(role="editor", **whom))
        assert answer.status_code == 200
    assert shares(script) == []


def test_its_page_and_the_list_say_that_it_was_edited_and_what_it_was_cloned_from(as_clerk, alice):
    script = make_script(alice, name="The first")
    script.put_file("job.sh", b"edited\n")
    copy = script.clone(alice, name="The second")

    page = as_clerk.get(url(copy)).content.decode()

    assert url(script) in page
    assert "edited" in page
    assert 'class="field-edited_at' in as_clerk.get(LIST).content.decode()


def test_what_staff_change_undoes_no_change_of_files(as_clerk, alice, monkeypatch):
    script = make_script(alice)
    change = JobScript.change

    def after_a_rename(self, **fields):
        JobScript.objects.get(pk=script.pk).rename_file("job.sh", "run.sh")
        change(self, **fields)

    monkeypatch.setattr(JobScript, "change", after_a_rename)

    assert saved(as_clerk, script, columns(script, name="New", owner=make_user("bob").pk)).status_code == 302

    script.refresh_from_db()
    assert (script.name, script.owner.get_username(), script.entrypoint) == ("New", "bob", "run.sh")
    assert script.edited_at is not None


def test_many_are_archived_in_the_list(as_clerk, alice):
    scripts = [make_script(alice) for _ in range(3)]

    as_clerk.post(LIST, {"action": "archive", "_selected_action": [script.pk for script in scripts[:2]]})

    assert [JobScript.objects.get(pk=script.pk).is_archived for script in scripts] == [True, True, False]


def test_a_page_with_many_shares_and_files_costs_what_one_with_few_does(as_clerk, alice):
    few, many = make_script(alice), make_script(alice)
    few.share("reader", user=make_user("u0"))
    many.add({f"f{number}": b"x" for number in range(20)})
    for number in range(10):
        many.share("reader", user=make_user(f"u{number}"))
    as_clerk.get(url(few))

    assert queries(as_clerk, url(few)) == queries(as_clerk, url(many))
