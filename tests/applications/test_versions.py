"""Versions are numbered snapshots that never change, and stay as long as a job script needs them."""

import pytest
from django.core.exceptions import ValidationError

from applications.api.views import ApplicationViewSet
from applications.config import BadConfig
from applications.models import RESERVED, Application
from applications.questions import InvalidForm
from applications.versions import ApplicationFile, ApplicationVersion
from jobbergate.core.errors import NotThere
from tests.archives import upload
from tests.factories import FOLDER, make_application, make_script

MORE = {**FOLDER, "more.txt": b"1"}


def published(client, application, files, **body):
    return client.post(
        f"/api/applications/{application.pk}/versions/", {"archive": upload(files), **body}, format="multipart"
    )


def test_versions_are_numbered_from_one(as_alice, alice):
    application = make_application(alice)
    numbers = [
        published(as_alice, application, {**FOLDER, "n": str(n).encode()}, note=str(n)).json()["number"]
        for n in range(3)
    ]

    assert numbers == [2, 3, 4]
    rows = as_alice.get(f"/api/applications/{application.pk}/versions/").json()["results"]
    assert [(row["number"], row["note"], row["created_by"]) for row in rows] == [
        (4, "2", "alice"), (3, "1", "alice"), (2, "0", "alice"), (1, "", "alice"),
    ]  # fmt: skip
    assert as_alice.get(f"/api/applications/{application.pk}/").json()["latest_version"] == 4


def test_the_same_files_again_make_no_version(as_alice, alice):
    application = make_application(alice)

    again = published(as_alice, application, FOLDER, note="again")
    other = published(as_alice, application, MORE)
    back = published(as_alice, application, FOLDER)

    assert (again.status_code, again.json()["number"], again.json()["note"]) == (200, 1, "")
    assert (other.status_code, other.json()["number"], back.status_code, back.json()["number"]) == (201, 2, 201, 3)
    assert back.json()["sha256"] == again.json()["sha256"] != other.json()["sha256"]


def test_a_colleague_does_not_publish(as_bob, alice):
    application = make_application(alice)

    answer = published(as_bob, application, MORE)

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert application.versions.count() == 1


def test_staff_publish_in_their_own_name(as_carol, alice):
    assert published(as_carol, make_application(alice), MORE).json()["created_by"] == "carol"


def test_a_version_never_changes(alice):
    version = make_application(alice).version()
    version.note = "changed"

    with pytest.raises(ValidationError):
        version.save()


def test_a_captured_form_comes_with_its_version(as_alice, alice):
    folder = {"jobbergate.yaml": b"jobbergate_config: {}", "jobbergate.py": b"class X: pass"}
    form = '{"captured": true, "multi_step": true, "questions": [{"variable": "n", "type": "integer", "message": "?", "default": 1}]}'
    application = make_application(alice)

    answer = published(as_alice, application, folder, form=form)

    assert (answer.status_code, answer.json()["kind"], answer.json()["form"]) == (
        201,
        "programmed",
        {"captured": True, "multi_step": True,
         "questions": [{"variable": "n", "type": "integer", "message": "?", "default": 1}]},
    )  # fmt: skip


# JSON that can be read, and is too deep for anything that looks at it.
NESTED = '{"questions": [{"variable": "a", "type": "constant", "default": ' + "[" * 900 + "]" * 900 + "}]}"


@pytest.mark.parametrize("form", ["{", "[]", '{"questions": 3}', '{"questions": [{"variable": "a", "type": "x"}]}', "[" * 5000,
                                  '{"questions": [' * 300, "3", '"x"', NESTED])  # fmt: skip
def test_what_is_no_form_is_refused(as_alice, alice, form):
    application = make_application(alice)

    answer = published(as_alice, application, {"jobbergate.yaml": b"a: 1", "jobbergate.py": b""}, form=form)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["form"])
    assert application.versions.count() == 1


def test_null_is_no_form(as_alice, alice):
    folder = {"jobbergate.yaml": b"a: 1", "jobbergate.py": b""}

    assert published(as_alice, make_application(alice), folder, form="null").json()["form"] is None


# --- deletion -------------------------------------------------------------------------------------------------------


def test_a_deleted_application_takes_what_no_script_needs(as_alice, alice):
    application = make_application(alice)
    published(as_alice, application, MORE)

    assert as_alice.delete(f"/api/applications/{application.pk}/").status_code == 204

    assert (Application.objects.count(), ApplicationVersion.objects.count(), ApplicationFile.objects.count()) == (
        0,
        0,
        0,
    )


def test_a_version_that_scripts_were_made_from_stays_until_the_last_one_goes(as_alice, alice):
    application = make_application(alice)
    first, second = make_script(alice, application), make_script(alice, application)
    published(as_alice, application, MORE)
    as_alice.delete(f"/api/applications/{application.pk}/")

    assert [version.number for version in ApplicationVersion.objects.all()] == [1]
    row = as_alice.get(f"/api/job-scripts/{first.pk}/").json()
    assert (row["application"], row["application_name"], row["version"]) == (None, None, 1)
    again = as_alice.post(f"/api/job-scripts/{first.pk}/clone/", {"answers": {"nodes": 8}})
    assert (again.status_code, again.json()["answers"]) == (201, {"nodes": 8})

    for script in (first.pk, again.json()["id"]):
        assert as_alice.delete(f"/api/job-scripts/{script}/").status_code == 204
        assert ApplicationVersion.objects.count() == 1
    as_alice.delete(f"/api/job-scripts/{second.pk}/")
    assert (ApplicationVersion.objects.count(), ApplicationFile.objects.count()) == (0, 0)


def test_the_last_script_leaves_the_versions_of_an_application_that_is_there(as_alice, alice):
    script = make_script(alice)

    as_alice.delete(f"/api/job-scripts/{script.pk}/")

    assert ApplicationVersion.objects.count() == 1


def test_an_identifier_is_free_again_after_its_application_is_gone(alice):
    make_application(alice, identifier="mine").delete()

    assert make_application(alice, identifier="mine").latest_version == 1


# --- clones ---------------------------------------------------------------------------------------------------------


def test_a_clone_is_one_s_own_with_the_newest_version_first(as_bob, as_alice, alice, bob):
    application = make_application(alice, identifier="hers", description="d")
    published(as_alice, application, MORE)

    row = as_bob.post("/api/applications/hers/clone/", {"name": "Mine", "identifier": "mine"}).json()

    assert (row["owner"], row["name"], row["identifier"], row["description"], row["latest_version"], row["visibility"]) == (
        "bob", "Mine", "mine", "d", 1, "public",
    )  # fmt: skip
    version = Application.objects.get(identifier="mine").version()
    assert (version.read_files(), version.created_by, version.note) == (MORE, bob, "Clone of Hello.")
    published(as_bob, Application.objects.get(identifier="mine"), FOLDER)
    assert application.versions.count() == 2


def test_a_form_may_come_after_its_files_and_is_the_next_version(as_alice, alice):
    folder = {"jobbergate.yaml": b"a: 1", "jobbergate.py": b""}
    application = Application.create(folder, alice, name="P")
    asking = '{"captured": true, "questions": [{"variable": "%s", "type": "integer", "message": "?"}]}'

    without, given, again, another, none = (
        published(as_alice, application, folder, note=f"{note}.", **({"form": form} if form else {}))
        for note, form in enumerate(("", asking % "n", asking % "n", asking % "m", ""))
    )

    assert [answer.status_code for answer in (without, given, again, another, none)] == [200, 201, 200, 200, 200]
    assert [answer.json()["number"] for answer in (without, given, again, another, none)] == [1, 2, 2, 2, 2]
    assert (none.json()["note"], none.json()["form"]["questions"][0]["variable"]) == ("1.", "n")
    assert application.versions.get(number=1).form is None


def test_a_clone_of_a_program_keeps_its_captured_form(as_bob, alice):
    form = {"captured": True, "multi_step": False, "questions": [{"variable": "n", "type": "integer", "message": "?"}]}
    application = Application.create({"jobbergate.yaml": b"a: 1", "jobbergate.py": b""}, alice, form, name="P")

    row = as_bob.post(f"/api/applications/{application.pk}/clone/", {}).json()

    assert (row["name"], row["identifier"]) == ("P", None)
    assert Application.objects.get(pk=row["id"]).version().form == form


def test_a_clone_of_a_private_application_is_private(as_alice, alice):
    application = make_application(alice, visibility="private")

    assert as_alice.post(f"/api/applications/{application.pk}/clone/", {}).json()["visibility"] == "private"


# --- identifiers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("identifier", ["a", "A-b_9", "0a", "9-9", "x" * 64])
def test_an_identifier_is_a_word(as_alice, alice, identifier):
    application = make_application(alice)

    answer = as_alice.patch(f"/api/applications/{application.pk}/", {"identifier": identifier})

    assert (answer.status_code, as_alice.get(f"/api/applications/{identifier}/").json()["id"]) == (200, application.pk)


@pytest.mark.parametrize(
    "identifier", ["123", "-a", "_a", "a b", "a/b", "ä", "a.b", "x" * 65, "a\n", "latest/", 3, [], True]
)
def test_what_is_no_identifier_is_refused(as_alice, alice, identifier):
    application = make_application(alice)

    answer = as_alice.patch(f"/api/applications/{application.pk}/", {"identifier": identifier})

    if identifier in ("a\n",):  # Space around a text is taken away.
        assert answer.json()["identifier"] == "a"
        return
    application.refresh_from_db()
    assert (answer.status_code, list(answer.json()["errors"]), application.identifier) == (400, ["identifier"], None)


@pytest.mark.parametrize("blank", ["", None])
def test_an_identifier_is_taken_away(as_alice, alice, blank):
    application = make_application(alice, identifier="mine")

    answer = as_alice.patch(f"/api/applications/{application.pk}/", {"identifier": blank})

    assert (answer.status_code, answer.json()["identifier"]) == (200, None)


def test_an_identifier_that_is_taken_is_a_conflict_that_names_it(as_bob, as_alice, alice, bob):
    make_application(alice, identifier="taken", visibility="private")
    own = make_application(bob, identifier="own")
    words = "The identifier 'taken' is taken; choose another."

    answers = [
        as_bob.post(
            "/api/applications/", {"name": "n", "identifier": "taken", "archive": upload(FOLDER)}, format="multipart"
        ),
        as_bob.post("/api/applications/own/clone/", {"identifier": "taken"}),
        as_bob.patch("/api/applications/own/", {"identifier": "taken"}),
    ]

    for answer in answers:
        assert (answer.status_code, answer.json()) == (
            409, {"code": "conflict", "detail": words, "errors": {"identifier": [words]}},
        )  # fmt: skip
    own.refresh_from_db()
    assert (own.identifier, Application.objects.count()) == ("own", 2)


def test_a_version_that_is_not_there_is_told_with_the_newest(alice):
    with pytest.raises(NotThere, match=r"^Hello has no version 2; the newest is 1\.$"):
        make_application(alice).version(2)


@pytest.mark.parametrize("identifier", ["check", "Check"])
def test_an_identifier_that_an_action_has_is_refused(as_alice, alice, identifier):
    application = make_application(alice)

    answer = as_alice.patch(f"/api/applications/{application.pk}/", {"identifier": identifier})

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["identifier"])


def test_every_action_of_the_list_has_its_name_to_itself():
    actions = {action.url_path for action in ApplicationViewSet.get_extra_actions() if not action.detail}

    assert actions <= RESERVED


ASKING = {"jobbergate.yaml": b"jobbergate_config: {}", "jobbergate.py": b"", "templates/a": b""}


def test_a_form_may_speak_of_nul(alice):
    form = {"questions": [{"variable": "n", "type": "text", "message": "not \\u0000"}]}

    version = Application.create(ASKING, alice, form, name="x").version()

    assert version.form["questions"][0]["message"] == "not \\u0000"


@pytest.mark.parametrize("message", ["say \0", "\\\0"])
def test_a_form_may_have_no_nul(alice, message):
    form = {"questions": [{"variable": "n", "type": "text", "message": message}]}

    with pytest.raises(InvalidForm, match="the form has a NUL character"):
        Application.create(ASKING, alice, form, name="x")


MISPLACED = b"""\
jobbergate_config: {default_template: job.sh.j2}
questions:
  - {variable: nodes, type: integer, default: 2, exists: true, pattern: "[0-9]+"}
  - {variable: name, type: text, default: x, min: 3, choices: [a]}
"""


def test_keys_that_mean_nothing_are_refused_at_publication_and_ignored_where_they_were_published_before(alice):
    """Rules that come later must not make what is there unusable."""
    files = {**FOLDER, "jobbergate.yaml": MISPLACED}
    with pytest.raises(BadConfig, match="line 3: questions: nodes: pattern goes with text, file, directory"):
        Application.create(files, alice, name="new")

    old = Application.begin(ApplicationVersion.from_files(files, None, strict=False), files, alice, name="old")

    assert make_script(alice, old).read_entrypoint().splitlines()[1] == "#SBATCH --nodes=2"
    assert make_script(alice, old.clone(alice)).version.number == 1


def test_a_form_that_the_newest_version_lacks_makes_the_next_one(alice):
    """Somebody published without running the program, and somebody who trusts it publishes again."""
    form = {"questions": [{"variable": "n", "type": "text"}]}
    application = Application.create(ASKING, alice, name="x")

    second = application.publish(ASKING, alice, form, "With its form.")
    third = application.publish(ASKING, alice)

    assert (second.number, second.note, second.form["captured"]) == (2, "With its form.", True)
    assert third == second == application.publish(ASKING, alice, form)
