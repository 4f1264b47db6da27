"""An application's own tests: what is one, when it passes, and what publishing makes of one that does not."""

import json
import time

import pytest

from applications import selftests
from applications.differences import MAX_LINE, MAX_SHOWN, difference
from applications.models import Application
from applications.versions import ApplicationVersion
from cli.answers import read_file
from tests.archives import upload
from tests.factories import FOLDER, make_application

RENDERED = b"#!/bin/bash\n#SBATCH --nodes=4\necho hello\n"
ANSWERS, EXPECTED = "tests/small/answers.yaml", "tests/small/expected/job.sh"
GOOD = {**FOLDER, ANSWERS: b"nodes: 4\n", EXPECTED: RENDERED}
BAD = {**GOOD, EXPECTED: b"#!/bin/bash\n#SBATCH --nodes=3\necho hello\n"}
PROGRAMMED = {**GOOD, "jobbergate.yaml": b"jobbergate_config: {default_template: job.sh.j2}\n", "jobbergate.py": b""}
URL = "/api/applications/check/"


def checked(client, files, **fields):
    body = {name: value if isinstance(value, str) else json.dumps(value) for name, value in fields.items()}
    return client.post(URL, {"archive": upload(files), **body}, format="multipart")


def results(client, files, **fields):
    answer = checked(client, files, **fields)
    assert answer.status_code == 200, answer.json()
    return {test["name"]: test for test in answer.json()["tests"]}


def outcome(client, files, **fields):
    """The status and the message of the test `small`."""
    test = results(client, files, **fields)["small"]
    return test["status"], test["message"]


# --- what passes and what fails -------------------------------------------------------------------------------------


def test_a_check_says_what_the_folder_is_and_saves_nothing(as_bob):
    answer = checked(as_bob, GOOD)

    version = ApplicationVersion.from_files(GOOD, None)
    passed = {"status": "passed", "message": "", "differences": [], "warnings": []}
    assert (answer.status_code, answer.json()) == (
        200,
        {"kind": "declarative", "sha256": version.sha256, "size": version.size, "files": 4, "questions": 1, "ok": True,
         "tests": [{"name": "defaults", **passed}, {"name": "small", **passed}]},
    )  # fmt: skip
    assert not Application.objects.exists()


def test_a_file_that_differs_is_a_failure_with_a_short_diff(as_alice):
    answer = checked(as_alice, BAD).json()

    assert answer["ok"] is False
    assert answer["tests"][1] == {
        "name": "small",
        "status": "failed",
        "message": "job.sh is not as in tests/small/expected/, from line 2 on.",
        "differences": [
            {"path": "job.sh",
             "diff": "@@ -1,3 +1,3 @@\n #!/bin/bash\n-#SBATCH --nodes=3\n+#SBATCH --nodes=4\n echo hello"},
        ],
        "warnings": [],
    }  # fmt: skip


def test_a_file_that_is_not_rendered_is_named_with_what_is(as_alice):
    test = results(as_alice, {**GOOD, "tests/small/expected/input/case.json": b"{}"})["small"]

    assert (test["status"], test["message"]) == (
        "failed",
        "input/case.json is expected and not rendered; job.sh is.",
    )
    assert test["differences"] == [{"path": "input/case.json", "diff": ""}]


def test_sbatch_reads_bytes_so_a_missing_last_newline_is_a_difference(as_alice):
    diff = results(as_alice, {**GOOD, EXPECTED: RENDERED[:-1]})["small"]["differences"][0]["diff"]

    assert diff.splitlines()[-2:] == ["-echo hello (no newline at its end)", "+echo hello"]


def test_a_test_without_expectations_passes_if_it_renders(as_alice):
    bare = {**FOLDER, ANSWERS: b"nodes: 4"}

    assert outcome(as_alice, bare) == ("passed", "")
    assert outcome(as_alice, {**bare, ANSWERS: b"nodes: 65"}) == (
        "failed",
        "nodes: 65 is not accepted; give an integer from 1 to 64.",
    )


def test_expectations_without_answers_are_a_failure(as_alice):
    files = {path: content for path, content in GOOD.items() if path != ANSWERS}

    assert outcome(as_alice, files) == ("failed", "tests/small/expected/ is there without tests/small/answers.yaml.")


@pytest.mark.parametrize("path", ["tests/test_solver.py", "tests/small/notes.txt", "tests/expected", "tests/a/b/answers.yaml",
                                  "tests/answers.yaml", "tests/small/expected", "more/tests/x/answers.yaml"])  # fmt: skip
def test_whatever_else_is_below_tests_is_left_alone(as_alice, path):
    assert list(results(as_alice, {**FOLDER, path: b"{{ broken"})) == ["defaults"]


def test_holes_are_warnings_of_the_test_that_falls_into_them(as_alice):
    yaml = FOLDER["jobbergate.yaml"].replace(b"job.sh.j2", b"job.sh.j2\n  undefined: warn")
    template = b"{% if nodes == 4 %}{{ nothing }}{% endif %}"
    files = {"jobbergate.yaml": yaml, "templates/job.sh.j2": template, ANSWERS: b"nodes: 4"}

    found = results(as_alice, files)

    assert found["defaults"]["warnings"] == []
    assert [hole["message"] for hole in found["small"]["warnings"]] == [
        "templates/job.sh.j2, line 1: 'nothing' is not defined."
    ]


def test_one_s_own_test_of_the_defaults_stands_in_their_place(as_alice):
    files = {**FOLDER, "tests/defaults/answers.yaml": b"{}", "tests/defaults/expected/job.sh": b"else"}

    assert [test["status"] for test in checked(as_alice, files).json()["tests"]] == ["failed"]


def test_defaults_that_miss_one_are_skipped_and_say_which(as_alice):
    yaml = FOLDER["jobbergate.yaml"].replace(b"default: 2, ", b"")

    answer = checked(as_alice, {**FOLDER, "jobbergate.yaml": yaml}).json()

    assert answer["ok"] is True
    assert answer["tests"][0]["status"] == "skipped"
    assert answer["tests"][0]["message"].startswith("nodes: an answer is missing; ")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"jobbergate.yaml": b"[1]"}, "bad_config"),
        ({"templates/job.sh.j2": b"{% if %}"}, "template_error"),
        ({"jobbergate.yaml": b"questions: [3]"}, "bad_config"),
    ],
)
def test_what_publishing_refuses_is_the_same_refusal(as_alice, changes, code):
    answer = checked(as_alice, {**GOOD, **changes})
    published = as_alice.post(
        "/api/applications/", {"name": "n", "archive": upload({**GOOD, **changes})}, format="multipart"
    )

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.json() == published.json()


# --- answers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"nodes: 1\nother: [\n", "tests/small/answers.yaml, line 3: "),
        (b"- 1\n", "tests/small/answers.yaml, line 1: it holds a list; give a mapping from variables to answers."),
        (b"", "tests/small/answers.yaml: it is empty; give {} where every default is meant."),
        (b"\xff", "tests/small/answers.yaml, line 1: it is not UTF-8."),
        (b"a: &a [*a]", "tests/small/answers.yaml, line 1: a value contains itself."),
        (b"a: " + b"[" * 5000, "tests/small/answers.yaml, line 1: it is nested more than 100 levels deep."),
        (b"a: &a [1,1,1,1,1,1,1,1,1,1]\n" + b"".join(
            b"%c: &%c [%s]\n" % (98 + n, 98 + n, b",".join([b"*%c" % (97 + n)] * 10)) for n in range(9)),
         "tests/small/answers.yaml: it stands for more than 20000 values."),
        (b"a: " + b"9" * 5000, "tests/small/answers.yaml, line 1: a number has more than 300 digits."),
        (b"a: !!python/object/apply:os.system [ls]", "tests/small/answers.yaml, line 1: "),
        (b"a: !!timestamp 2024-13-45", "tests/small/answers.yaml: "),
        (b'a: "\\0"', "tests/small/answers.yaml: "),
        (b"? {1: 2}\n: 3", "tests/small/answers.yaml, line 1: "),
        (b"? !!timestamp 2024-01-01\n: 3", "2024-01-01: no question asks for it."),
        (b"nodes: {? !!timestamp 2024-01-01 : 3}", 'nodes: {"2024-01-01": 3} is not accepted;'),
        (b"nodes: !!float .nan", "nodes: null is not accepted; give an integer from 1 to 64."),
        (b"nodes: " + b"9" * 200, "nodes: "),
        (b"a: " + b"x" * 300_000, "tests/small/answers.yaml: it is larger than 256 KiB."),
        (b"".join(b"a%d: 1\n" % n for n in range(501)), "tests/small/answers.yaml: it has more than 500 answers."),
    ],
)  # fmt: skip
def test_answers_that_are_none_are_a_failure_that_says_where(as_alice, content, message):
    status, words = outcome(as_alice, {**GOOD, ANSWERS: content})

    assert status == "failed"
    assert words.startswith(message), words


def test_answers_are_read_as_the_client_reads_them_from_a_file(tmp_path):
    text = b"time: 10:30:00\nid: 007\nword: no\nflag: true\nnone: ~\nmany: [1, 1.5, 1e3, 0x10, on]\nday: 2024-01-01\n"
    (tmp_path / "answers.yaml").write_bytes(text)

    assert selftests.read_answers(text, "") == read_file(str(tmp_path / "answers.yaml"))
    assert selftests.read_answers(text, "")["time"] == "10:30:00"


# --- programs -------------------------------------------------------------------------------------------------------


def test_a_program_is_not_run_by_the_server_so_its_tests_are_skipped(as_alice):
    answer = checked(as_alice, {**PROGRAMMED, "jobbergate.py": b"raise SystemExit"}).json()

    assert (answer["kind"], answer["ok"]) == ("programmed", True)
    assert [(test["name"], test["status"], test["message"]) for test in answer["tests"]] == [
        (name, "skipped", "It needs a run of jobbergate.py, and none was sent.") for name in ("defaults", "small")
    ]


def test_what_a_client_s_run_gave_is_rendered(as_alice):
    files = {**PROGRAMMED, "templates/job.sh.j2": b"{{ nodes }} {{ tasks }}", EXPECTED: b"4 8"}

    good = {"small": {"answers": {"nodes": 4}, "computed": {"tasks": 8}}}
    bad = {"small": {"answers": {"nodes": 4}, "computed": {"tasks": 9}}}

    assert outcome(as_alice, files, runs=good) == ("passed", "")
    assert outcome(as_alice, files, runs=bad)[0] == "failed"


def test_what_a_run_computed_may_choose_the_template(as_alice):
    files = {**PROGRAMMED, "templates/other.sh.j2": b"other", EXPECTED: b"", "tests/small/expected/other.sh": b"other"}
    del files[EXPECTED]

    run = {"answers": {}, "computed": {"default_template": "other.sh.j2"}}

    assert outcome(as_alice, files, runs={"small": run}) == ("passed", "")
    run["computed"]["default_template"] = ["no text"]
    assert outcome(as_alice, files, runs={"small": run})[0] == "failed"


def test_a_program_that_failed_is_a_failure_of_the_test(as_alice):
    runs = {"small": {"error": "jobbergate.py, line 12: ZeroDivisionError"}}

    assert outcome(as_alice, PROGRAMMED, runs=runs) == ("failed", "jobbergate.py, line 12: ZeroDivisionError")


def test_runs_count_for_programs_only(as_alice):
    runs = {"small": {"answers": {"nodes": 3}}, "defaults": {"error": "no"}}

    assert outcome(as_alice, GOOD, runs=runs) == ("passed", "")


@pytest.mark.parametrize("runs", ["{", "[]", "3", '{"small": 3}', '{"small": {"answers": 3}}', '{"small": {"answers": {}, "computed": []}}',
                                  '{"small": {"error": {}}}', '{"small": {"more": 1}}', "[" * 5000, '{"small": {"answers": {"a": ' + "[" * 200 + "]" * 200 + "}}}",
                                  '{"small": {"error": "' + "x" * (4 * 2**20) + '"}}'])  # fmt: skip
def test_what_are_no_runs_is_refused(as_alice, runs):
    answer = checked(as_alice, PROGRAMMED, runs=runs)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["runs"])


# --- publishing -----------------------------------------------------------------------------------------------------

REFUSAL = {
    "code": "tests_fail",
    "detail": "Its own test fails: small. Mend what is wrong, or force the publication.",
    "errors": {
        "small": [
            "small: job.sh is not as in tests/small/expected/, from line 2 on.",
            "job.sh:\n@@ -1,3 +1,3 @@\n #!/bin/bash\n-#SBATCH --nodes=3\n+#SBATCH --nodes=4\n echo hello",
        ]
    },
}


def test_a_version_whose_own_test_fails_is_refused(as_alice, alice):
    application = make_application(alice, GOOD)

    created = as_alice.post("/api/applications/", {"name": "n", "archive": upload(BAD)}, format="multipart")
    published = as_alice.post(
        f"/api/applications/{application.pk}/versions/", {"archive": upload(BAD)}, format="multipart"
    )

    assert (created.status_code, created.json()) == (published.status_code, published.json()) == (400, REFUSAL)
    assert ApplicationVersion.objects.count() == 1


def test_force_publishes_it_and_its_note_says_so(as_alice, alice):
    application = make_application(alice, GOOD)
    files = {**BAD, "tests/other/answers.yaml": b"{}"}

    answer = as_alice.post(
        f"/api/applications/{application.pk}/versions/",
        {"archive": upload(files), "force": "true", "note": "Soon."},
        format="multipart",
    )

    assert (answer.status_code, answer.json()["note"]) == (
        201,
        "Soon.\nPublished although 1 of its 2 own tests fails: small.",
    )


def test_force_says_nothing_where_all_is_well(alice):
    assert Application.create(GOOD, alice, note="Fine.", force=True, name="n").version().note == "Fine."


def test_runs_of_a_program_count_when_it_is_published(as_alice):
    body = {"name": "n", "archive": upload(PROGRAMMED), "runs": json.dumps({"small": {"answers": {"nodes": 3}}})}

    answer = as_alice.post("/api/applications/", body, format="multipart")

    assert (answer.status_code, answer.json()["code"]) == (400, "tests_fail")


def test_the_same_files_again_and_a_clone_are_not_tested_again(alice, bob):
    application = Application.create(BAD, alice, force=True, name="n")

    assert application.publish(BAD, alice).number == 1
    assert application.clone(bob).version().note == "Clone of n."


def test_a_key_makes_one_application_however_often_its_tests_run(as_alice):
    def create():
        body = {"name": "n", "archive": upload(GOOD)}
        return as_alice.post("/api/applications/", body, format="multipart", HTTP_IDEMPOTENCY_KEY="k").json()["id"]

    assert create() == create()


# --- bounds ---------------------------------------------------------------------------------------------------------


def test_a_version_has_fifty_tests_at_most(as_alice):
    files = FOLDER | {f"tests/t{number:02}/answers.yaml": b"{}" for number in range(51)}

    found = results(as_alice, files)

    assert [name for name, test in found.items() if test["status"] == "failed"] == ["t50"]
    assert found["t50"]["message"] == "It was not run: a version has at most 50 tests."


def test_all_tests_together_end_in_time(as_alice, monkeypatch):
    monkeypatch.setattr(selftests, "MAX_SECONDS", 0.3)
    slow = b"{% for a in range(99999) %}{% for b in range(99999) %}{{ nodes }}{% endfor %}{% endfor %}"
    files = {**GOOD, "templates/job.sh.j2": slow, "tests/a/answers.yaml": b"{}", "tests/b/answers.yaml": b"{}"}

    start = time.thread_time()
    found = results(as_alice, files)

    assert time.thread_time() - start < 5
    assert [found[name]["message"] for name in ("a", "b", "small")] == [
        "It was not run: all tests together have 0 s of CPU time."
    ] * 3


def test_many_files_that_differ_are_counted_and_five_are_shown(as_alice):
    names = [f"data/{number}.txt" for number in range(9)]
    yaml = FOLDER["jobbergate.yaml"].replace(
        b"job.sh.j2", b"job.sh.j2\n  verbatim_files: %s" % json.dumps(names).encode()
    )
    files = {**GOOD, "jobbergate.yaml": yaml, **dict.fromkeys(names, b"is"), **{f"tests/small/expected/{name}": b"was" for name in names}}  # fmt: skip

    test = results(as_alice, files)["small"]

    assert test["message"].endswith("from line 1 on. 4 more files are not as expected.")
    assert [bool(found["diff"]) for found in test["differences"]] == [True] * 5 + [False] * 4


@pytest.mark.parametrize(
    ("expected", "rendered"),
    [
        (b"\n" * 2**22, b"\n" * 2**22 + b"x"),
        (b"\n" * 2**22, b"x\n" * 2**21),
        (b"x" * 2**23, b"x" * 2**22 + b"y" * 2**22),
        (b"".join(b"%d\n" % (n % 7) for n in range(10**6)), b"".join(b"%d\n" % (n % 5) for n in range(10**6))),
        (b"a\n" * 50 + b"b\n" * 50, b"b\na\n" * 50),
        (b"\r" * 2**22, b"\r" * 2**21),
        (b"\0" * 2**22, b"\1" * 2**22),
        (b"", b"x" * 2**23),
    ],
    ids=range(8),
)
def test_a_difference_is_found_soon_and_stays_small(expected, rendered):
    start = time.thread_time()
    shown = difference(expected, rendered)

    assert time.thread_time() - start < 1
    assert 0 < len(shown) <= (MAX_SHOWN + 1) * (MAX_LINE + 10)


@pytest.mark.parametrize(
    ("expected", "rendered", "shown"),
    [
        (b"a\nb\nc\nd\ne\n", b"a\nb\nc\nd\nE\n", "@@ -2,4 +2,4 @@\n b\n c\n d\n-e\n+E"),
        (b"a\nb\n", b"b\n", "@@ -1,2 +1,1 @@\n-a\n b"),
        (b"", b"a\n", "@@ -1,0 +1,1 @@\n+a"),
        (b"a\r\n", b"a\n", "@@ -1,1 +1,1 @@\n-a^M\n+a"),
        (b"1\n" * 9000 + b"x\n", b"1\n" * 9000 + b"y\n", "@@ -8998,4 +8998,4 @@\n 1\n 1\n 1\n-x\n+y"),
        (b"x\n" + b"1\n" * 9000, b"y\nz\n" + b"1\n" * 9000, "@@ -1,4 +1,5 @@\n-x\n+y\n+z\n 1\n 1\n 1"),
        (b"\0\1", b"\0\2", "They are not text. 2 bytes are expected, 2 are rendered, and byte 2 differs."),
        ("ä".encode(), "ö".encode(), "@@ -1,1 +1,1 @@\n-ä (no newline at its end)\n+ö (no newline at its end)"),
        (
            b"x" * 50_000 + b"1",
            b"x" * 50_000 + b"2",
            "They differ in byte 50001, too far into a long line to be shown.",
        ),
    ],
)
def test_a_difference_names_its_lines(expected, rendered, shown):
    assert difference(expected, rendered) == shown
