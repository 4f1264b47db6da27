"""A job script made again: the same answers give the same bytes, and changes are just the changes."""

from jobscripts.models import JobScript
from tests.factories import make_application, make_script

CONDITIONAL = b"""\
jobbergate_config: {default_template: job.sh.j2}
questions:
  - {variable: solver, type: choice, message: Solver?, choices: [cg, gmres], default: gmres}
  - {variable: restart, type: integer, message: Restart?, default: 30, when: {variable: solver, equals: gmres}}
"""
TEMPLATE = b"#!/bin/bash\n#SBATCH --job-name={{ solver }}\nsolve {{ restart|default('') }}\n"
PROGRAM = {
    "jobbergate.yaml": b"jobbergate_config: {default_template: t}",
    "jobbergate.py": b"",
    "templates/t": b"#!/bin/sh\n{{ a }} {{ b }}",
}


def rerun(client, script, **body):
    return client.post(f"/api/job-scripts/{script if isinstance(script, int) else script.pk}/rerun/", body)


def test_the_same_inputs_give_the_same_bytes(as_alice, alice):
    files = {
        "jobbergate.yaml": b"jobbergate_config: {default_template: job.sh.j2, supporting_files: [data.j2]}\n"
        b"questions: [{variable: names, type: multiple_choice, message: Which?, choices: [a, b, c]}]\n",
        "templates/job.sh.j2": b"#!/bin/bash\n{% for name in names|sort %}{{ name }} {% endfor %}\n{{ names|random }}\n",
        "templates/data.j2": b"{{ data|tojson }}\n{{ ['x', 'y', 'z']|random }}\n",
    }
    application = make_application(alice, files)
    script = make_script(alice, application, answers={"names": ["c", "a", "b"]}, sbatch_parameters=("--time=10",))

    again = [JobScript.objects.get(pk=rerun(as_alice, script).json()["id"]) for _ in range(5)]

    assert [one.read_files() for one in again] == [script.read_files()] * 5


def test_a_script_made_again_says_from_which(as_alice, alice):
    script = make_script(alice, name="mine", description="d", answers={"nodes": 3}, sbatch_parameters=("--time=10",))

    row = rerun(as_alice, script).json()

    assert {name: row[name] for name in ("name", "description", "parent", "version", "answers", "sbatch_parameters")} == {
        "name": "mine", "description": "d", "parent": script.pk, "version": 1, "answers": {"nodes": 3},
        "sbatch_parameters": ["--time=10"],
    }  # fmt: skip


def test_changes_go_over_the_stored_answers(as_alice, alice):
    script = make_script(alice, answers={"nodes": 3}, sbatch_parameters=("--time=10",))

    row = rerun(as_alice, script, answers={"nodes": 8}, sbatch_parameters=["--time=20"], name="Eight").json()

    assert (row["name"], row["answers"], row["sbatch_parameters"]) == ("Eight", {"nodes": 8}, ["--time=20"])
    made = JobScript.objects.get(pk=row["id"])
    assert made.read_entrypoint() == "#!/bin/bash\n#SBATCH --nodes=8\n#SBATCH --time=20\necho hello\n"


def test_it_comes_from_its_own_version_unless_the_latest_is_wanted(as_alice, alice):
    application = make_application(alice)
    script = make_script(alice, application, answers={"nodes": 3})
    files = application.version().read_files()
    application.publish({**files, "templates/job.sh.j2": b"#!/bin/bash\n# new, {{ nodes }}\n"}, alice)

    own, latest = rerun(as_alice, script).json(), rerun(as_alice, script, latest=True).json()

    assert (own["version"], latest["version"]) == (1, 2)
    assert JobScript.objects.get(pk=own["id"]).read_files() == script.read_files()
    assert JobScript.objects.get(pk=latest["id"]).read_entrypoint() == "#!/bin/bash\n# new, 3\n"


def test_a_stored_answer_that_is_not_asked_for_any_more_is_left_out_and_named(as_alice, alice):
    application = make_application(alice, {"jobbergate.yaml": CONDITIONAL, "templates/job.sh.j2": TEMPLATE})
    script = make_script(alice, application, answers={"restart": 50})

    row = rerun(as_alice, script, answers={"solver": "cg"}).json()

    assert row["answers"] == {"solver": "cg"}
    assert [(one["variable"], one["message"]) for one in row["warnings"]] == [
        ("restart", "restart is not asked for any more with these answers, so the stored answer was left out.")
    ]


def test_a_change_that_is_not_asked_for_is_refused(as_alice, alice):
    application = make_application(alice, {"jobbergate.yaml": CONDITIONAL, "templates/job.sh.j2": TEMPLATE})
    script = make_script(alice, application)

    answer = rerun(as_alice, script, answers={"solver": "cg", "restart": 5})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_answers")
    assert "only when solver is" in answer.json()["errors"]["restart"][0]


def test_a_question_that_is_new_in_the_latest_version_is_named(as_alice, alice):
    application = make_application(alice)
    script = make_script(alice, application)
    asked = b"jobbergate_config: {default_template: job.sh.j2}\nquestions: [{variable: nodes, type: integer, message: M}, {variable: mesh, type: text, message: M}]"
    application.publish({**application.version().read_files(), "jobbergate.yaml": asked}, alice)

    answer = rerun(as_alice, script, latest=True)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["mesh"])


def test_code_of_an_application_has_to_run_again_where_something_changes(as_alice, alice):
    application = make_application(alice, PROGRAM)
    body = {"application": application.pk, "answers": {"a": 1}, "computed": {"b": 20}}
    script = as_alice.post("/api/job-scripts/", body).json()

    same = rerun(as_alice, script["id"]).json()
    changed = rerun(as_alice, script["id"], answers={"a": 2})
    run = rerun(as_alice, script["id"], answers={"a": 2}, computed={"b": 40}).json()

    assert JobScript.objects.get(pk=same["id"]).read_entrypoint() == "#!/bin/sh\n1 20"
    assert (changed.status_code, changed.json()["code"]) == (400, "code_has_to_run")
    assert JobScript.objects.get(pk=run["id"]).read_entrypoint() == "#!/bin/sh\n2 40"


def test_an_uploaded_script_has_nothing_to_be_rendered_from(as_alice, alice):
    script = JobScript.upload(alice, {"job.sh": b"#!/bin/sh\n"}, "", "")

    answer = rerun(as_alice, script)

    assert (answer.status_code, answer.json()["code"]) == (400, "not_rendered")


def test_a_script_outlives_its_application_and_is_made_again(as_alice, alice):
    application = make_application(alice)
    script = make_script(alice, application, answers={"nodes": 5})
    application.delete()

    again, latest = rerun(as_alice, script), rerun(as_alice, script, latest=True)

    assert JobScript.objects.get(pk=again.json()["id"]).read_files() == script.read_files()
    assert (latest.status_code, latest.json()["code"]) == (404, "not_found")


def test_the_latest_version_of_what_one_may_not_see_any_more_is_not_there(as_bob, alice, bob):
    application = make_application(alice)
    script = make_script(bob, application)
    application.change(visibility="private")

    assert rerun(as_bob, script, latest=True).status_code == 404
    assert rerun(as_bob, script).status_code == 201


def test_an_edited_script_is_copied_with_its_edits_and_rendered_without_them(as_alice, alice):
    script = make_script(alice)
    script.files.filter(path="job.sh").update(content=b"#!/bin/sh\n# edited\n", size=20)
    JobScript.objects.filter(pk=script.pk).update(edited_at=script.updated_at)

    copy = as_alice.post(f"/api/job-scripts/{script.pk}/clone/", {}).json()
    again = rerun(as_alice, script).json()

    assert JobScript.objects.get(pk=copy["id"]).read_entrypoint() == "#!/bin/sh\n# edited\n"
    assert (copy["edited_at"] is None, copy["parent"], copy["answers"]) == (False, script.pk, {"nodes": 2})
    assert "#SBATCH --nodes=2" in JobScript.objects.get(pk=again["id"]).read_entrypoint()
    assert (again["edited_at"], [one["message"] for one in again["warnings"]]) == (
        None, ["Hello was edited by hand; a script that is rendered again has no edits."],
    )  # fmt: skip


def test_a_request_that_is_sent_again_makes_no_second_script(as_alice, alice):
    script = make_script(alice)
    path = f"/api/job-scripts/{script.pk}/rerun/"

    first, second = (as_alice.post(path, {}, headers={"Idempotency-Key": "once"}).json() for _ in range(2))

    assert first == second
    assert JobScript.objects.count() == 2
