"""Whatever a request holds, it is answered in the API's one shape of an error, and never with a 500."""

import json

import pytest

from tests.factories import make_application, make_cluster, make_script, make_submission

PATHS = [
    "/api/applications/{}/", "/api/applications/{}/versions/", "/api/applications/{}/versions/1/",
    "/api/applications/{}/versions/1/archive/", "/api/job-scripts/{}/", "/api/job-scripts/{}/archive/",
    "/api/job-scripts/{}/files/job.sh", "/api/job-submissions/{}/", "/api/job-submissions/{}/events/",
    "/api/clusters/{}/",
]  # fmt: skip
NAMES = [
    "0", "-1", "9" * 18, "9" * 19, str(2**63), "9" * 30, "9" * 5000, "1e3", "1.0", "0x1", "٣", "²", "%00", "a%00b", "%ff", "%ED%A0%80",
    "..", "%2e%2e", "null", "%20", "%0a", "a" * 5000, "%F0%9F%9A%80", "'; DROP TABLE auth_user; --",
]  # fmt: skip


def shape(answer):
    body = answer.json()
    assert sorted(body) == ["code", "detail", "errors"], body
    assert body["code"]
    assert body["detail"]
    return body


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name[:20])
@pytest.mark.parametrize("path", PATHS)
def test_a_name_that_names_nothing_is_not_found(as_alice, alice, path, name):
    make_submission(alice)

    answer = as_alice.get(path.format(name))

    assert answer.status_code == 404
    assert shape(answer)["code"] == "not_found"


@pytest.mark.parametrize("number", ["0", "2", "9" * 10, "9" * 5000, "00000000001", "x", "-1", "%00"])
def test_a_version_that_is_not_there_is_not_found(as_alice, alice, number):
    application = make_application(alice)

    answer = as_alice.get(f"/api/applications/{application.pk}/versions/{number}/")

    assert answer.status_code == 404
    shape(answer)


@pytest.mark.parametrize(
    "path", ["nope", "../job.sh", "%2e%2e/job.sh", "job.sh%00", "JOB.SH", "a" * 3000, "job.sh/x", "%ff"]
)
def test_a_file_that_is_not_there_is_not_found(as_alice, alice, path):
    script = make_script(alice)

    answer = as_alice.get(f"/api/job-scripts/{script.pk}/files/{path}")

    assert answer.status_code == 404
    shape(answer)


QUERIES = [
    "limit=0", "limit=501", "limit=x", "limit=", "limit=-1", "limit=1.5", "limit=" + "9" * 5000, "limit=0000000051000", "limit=٣",
    "limit=²", "ordering=x", "ordering=--id", "ordering=owner", "ordering=search_text", "cursor=x", "cursor=%00", "cursor=%ff",
    "cursor=W10", "cursor=bnVsbA", "cursor=" + "A" * 5000, "cursor=é", "nope=1", "owner__password=x", "archived=maybe", "archived=True",
    "search=%00", "search=" + "+".join("abcdefghijk"), "owner=%00",
]  # fmt: skip
FILTERS = {
    "/api/applications/": ["visibility=x", "identifier=%00", "tag=%00", "tag=a+b", "tag=%25s"],
    "/api/job-scripts/": ["application=x", "application=-1", "application=" + "9" * 30, "version=" + "9" * 12, "application=nan"],
    "/api/job-submissions/": [
        "job_script=x", "slurm_job_id=" + "9" * 30, "via=x", "status=%00", "cluster=%00", "slurm_job_id=1e400",
        "job_script=1e18&limit=x",
    ],
}  # fmt: skip
LISTS = [(path, query) for path, filters in FILTERS.items() for query in [*QUERIES, *filters]]


@pytest.mark.parametrize(("path", "query"), LISTS, ids=lambda text: text[:40])
def test_a_query_that_no_list_takes_is_refused_by_name(as_alice, path, query):
    answer = as_alice.get(f"{path}?{query}")

    assert answer.status_code == 400
    assert set(shape(answer)["errors"]) <= {pair.partition("=")[0] for pair in query.split("&")}


@pytest.mark.parametrize(
    "query", ["owner=nobody", "search=%25", "search=_", "search=%5C", "search=%ff", "owner=%F0%9F%9A%80", "cursor="]
)
@pytest.mark.parametrize("path", FILTERS)
def test_a_query_that_finds_nothing_is_an_empty_list(as_alice, alice, path, query):
    answer = as_alice.get(f"{path}?{query}")

    assert (answer.status_code, answer.json()) == (200, {"next": None, "previous": None, "results": []})


def cursor(value) -> str:
    import base64

    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("ordering", "value"),
    [
        ("-id", ["-id", 1]), ("-id", ["-id", 1, 2**63, False]), ("-id", ["-id", 1, True, False]), ("-id", ["id", 1, 1, False]),
        ("-id", ["-id", 1, 1, 0]), ("-id", {"a": 1}), ("-id", 5), ("-id", None), ("updated_at", ["updated_at", "x", 1, False]),
        ("updated_at", ["updated_at", None, 1, False]), ("updated_at", ["updated_at", 5, 1, False]),
        ("updated_at", ["updated_at", "2026-13-45", 1, False]), ("name", ["name", {"a": 1}, 1, False]),
        ("name", ["name", "a\0b", 1, False]), ("name", ["name", "\ud800", 1, False]), ("name", ["name", None, 1, False]),
        ("updated_at", ["updated_at", "0001-01-01T00:00:00+23:59", 1, False]),
    ],
)  # fmt: skip
def test_a_forged_cursor_is_refused_or_a_place_like_any_other(as_alice, alice, ordering, value):
    make_application(alice)

    answer = as_alice.get("/api/applications/", {"ordering": ordering, "cursor": cursor(value)})

    assert answer.status_code in (200, 400)
    if answer.status_code == 400:
        assert list(shape(answer)["errors"]) == ["cursor"]


BODIES = {
    "nothing": b"",
    "text": b"hello",
    "half": b'{"a": ',
    "a list": b"[]",
    "a number": b"5",
    "null": b"null",
    "NaN": b'{"job_script": NaN}',
    "a NUL": b'{"name": "a\\u0000b"}',
    "a NUL in a key": b'{"a\\u0000b": 1}',
    "half a pair": b'{"name": "\\ud800"}',
    "not UTF-8": b'{"name": "\xff"}',
    "deep": b'{"answers": ' + b"[" * 900 + b"]" * 900 + b"}",
    "deeper": b"[" * 100_000 + b"]" * 100_000,
    "deep mappings": b'{"a":' * 500 + b"1" + b"}" * 500,
    "a number without end": b'{"job_script": ' + b"9" * 5000 + b"}",
    "a large exponent": b'{"job_script": 1e999}',
}
POSTS = [
    "/api/job-scripts/", "/api/job-scripts/preview/", "/api/job-submissions/", "/api/job-submissions/report/",
    "/api/job-submissions/cancel/", "/api-auth-token/", "/api-auth-token/refresh/", "/api-auth-token/revoke/",
]  # fmt: skip


@pytest.mark.parametrize("content", BODIES.values(), ids=BODIES.keys())
@pytest.mark.parametrize("path", POSTS)
def test_a_body_that_makes_no_sense_is_refused(as_alice, path, content):
    answer = as_alice.generic("POST", path, content, content_type="application/json")

    assert answer.status_code == 400
    shape(answer)


@pytest.mark.parametrize("content", BODIES.values(), ids=BODIES.keys())
def test_a_change_that_makes_no_sense_changes_nothing(as_alice, alice, content):
    submission = make_submission(alice, name="same")

    answer = as_alice.generic(
        "PATCH", f"/api/job-submissions/{submission.pk}/", content, content_type="application/json"
    )

    submission.refresh_from_db()
    assert (answer.status_code < 500, submission.name) == (True, "same")


PROGRAM = {
    "jobbergate.yaml": b"jobbergate_config: {default_template: t}", "jobbergate.py": b"", "templates/t": b"#!{{ data }}",
}  # fmt: skip


def nested(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("levels", [50, 95, 99, 100, 101, 150, 240, 250, 255, 500])
def test_nested_values_are_kept_or_refused(as_alice, alice, levels):
    application = make_application(alice, PROGRAM)
    body = {"application": application.pk, "answers": {"x": nested(levels)}, "computed": {"y": nested(levels)}}

    answer = as_alice.generic("POST", "/api/job-scripts/", json.dumps(body), content_type="application/json")

    if levels <= 95:
        assert answer.status_code == 201
        assert as_alice.get(f"/api/job-scripts/{answer.json()['id']}/").json()["answers"] == {"x": nested(levels)}
    else:
        assert answer.status_code in (201, 400)


@pytest.mark.parametrize("text", ["\\u0000", "a\\\\u0000b", "C:\\users\\u0000", "\\", '"'])
def test_a_backslash_is_no_nul(as_alice, alice, text):
    submission = make_submission(alice)

    answer = as_alice.patch(f"/api/job-submissions/{submission.pk}/", {"name": text, "description": text})

    assert (answer.status_code, answer.json()["name"]) == (200, text)


@pytest.mark.parametrize("value", [2**63 - 1, 2**64 - 1, -(2**63), 1e20, 0.1, True, None, "🚀", [], {}, {"": {"": ""}}])
def test_a_program_s_answers_are_kept_as_they_are(as_alice, alice, value):
    application = make_application(alice, PROGRAM)

    made = as_alice.post(
        "/api/job-scripts/", {"application": application.pk, "answers": {"x": value}, "computed": {"y": value}}
    )

    row = as_alice.get(f"/api/job-scripts/{made.json()['id']}/").json()
    assert (row["answers"], row["computed"]) == ({"x": value}, {"y": value})


def test_a_float_that_postgresql_keeps_as_an_integer_is_shown(as_alice, alice):
    application = make_application(alice, PROGRAM)
    body = {"application": application.pk, "answers": {"x": 1e308}, "computed": {}}

    made = as_alice.post("/api/job-scripts/", body).json()

    assert float(as_alice.get(f"/api/job-scripts/{made['id']}/").json()["answers"]["x"]) == 1e308


def test_a_long_name_of_a_job_script_is_cut(as_alice, alice):
    application = make_application(alice, PROGRAM)
    body = {"application": application.pk, "answers": {}, "computed": {"job_script_name": "n" * 300}}

    assert as_alice.post("/api/job-scripts/", body).json()["name"] == "n" * 255


@pytest.mark.parametrize(
    "computed",
    [
        {"output_directory": "d" * 5000}, {"output_directory": 3}, {"default_template": []}, {"supporting_files": "nope"},
        {"supporting_files": [1]}, {"supporting_files_output_name": {"t": "../x"}}, {"supporting_files_output_name": [1]},
        {"undefined": "maybe"}, {"default_template": "jobbergate.nope"}, {"job_script_name": ["x"]},
        {"supporting_files_output_name": {"t": [["x"]]}}, {"verbatim_files": {"a": 1}}, {"undefined": []}, {"undefined": {}},
    ],
)  # fmt: skip
def test_what_a_program_computed_is_checked_as_its_configuration_is(as_alice, alice, computed):
    application = make_application(alice, PROGRAM)

    answer = as_alice.post("/api/job-scripts/", {"application": application.pk, "answers": {}, "computed": computed})

    assert answer.status_code == 400
    shape(answer)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("get", "/api/nothing/", 404, "not_found"),
        ("get", "/nothing", 404, "not_found"),
        ("put", "/api/applications/1/", 405, "method_not_allowed"),
        ("delete", "/api/applications/", 405, "method_not_allowed"),
        ("post", "/api/clusters/", 405, "method_not_allowed"),
        ("patch", "/api/applications/1/versions/1/", 405, "method_not_allowed"),
        ("delete", "/api/applications/1/versions/1/", 405, "method_not_allowed"),
        ("get", "/api-auth-token/", 405, "method_not_allowed"),
        ("trace", "/api/applications/", 405, "method_not_allowed"),
    ],
)
def test_what_is_not_there_is_said_in_the_same_shape(as_alice, method, path, status, code):
    answer = getattr(as_alice, method)(path)

    assert (answer.status_code, shape(answer)["code"]) == (status, code)


@pytest.mark.parametrize(
    "type", ["text/csv", "application/xml", "application/x-www-form-urlencoded", "", "x", "application/json2"]
)
def test_another_type_of_body_is_not_read(as_alice, type):
    answer = as_alice.generic("POST", "/api/job-scripts/", b"x", content_type=type)

    assert (answer.status_code, shape(answer)["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "content",
    [b"", b"--x", b"--x\r\n\r\n", b'--x\r\nContent-Disposition: form-data; name="archive"; filename=""\r\n\r\n'],
)
@pytest.mark.parametrize(
    "type", ["multipart/form-data", "multipart/form-data; boundary=x", "multipart/form-data; boundary=" + "b" * 300]
)
def test_a_broken_upload_is_refused(as_alice, content, type):
    for path in ("/api/job-scripts/", "/api/applications/"):
        answer = as_alice.generic("POST", path, content, content_type=type)

        assert answer.status_code in (400, 415)
        shape(answer)


def test_a_body_that_is_too_large_is_refused(as_alice, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000

    answer = as_alice.post("/api/job-submissions/", {"job_script": 1, "name": "x" * 2000})

    assert (answer.status_code, shape(answer)["code"]) == (413, "too_large")


def test_too_many_files_are_refused(as_alice):
    from django.core.files.uploadedfile import SimpleUploadedFile

    files = [SimpleUploadedFile(f"f{number}", b"x") for number in range(1001)]

    answer = as_alice.post("/api/job-scripts/", {"files": files, "entrypoint": "f0"}, format="multipart")

    assert (answer.status_code, shape(answer)["code"]) == (413, "too_large")


@pytest.mark.parametrize("host", ["evil.example.org", "a b", "[::1", "x" * 300])
def test_another_host_is_refused(as_alice, host):
    answer = as_alice.get("/api/whoami/", HTTP_HOST=host)

    assert (answer.status_code, shape(answer)["code"]) == (400, "bad_request")


def test_every_path_works_with_and_without_its_last_slash(as_alice, alice):
    submission, _ = make_submission(alice), make_cluster("c")
    script, application = submission.job_script, submission.job_script.version.application
    for path in (
        "/api/applications", f"/api/applications/{application.pk}", f"/api/applications/{application.pk}/versions",
        f"/api/applications/{application.pk}/shares", f"/api/applications/{application.pk}/versions/latest", f"/api/applications/{application.pk}/versions/1/archive",
        "/api/job-scripts", f"/api/job-scripts/{script.pk}", f"/api/job-scripts/{script.pk}/archive",
        f"/api/job-scripts/{script.pk}/files/job.sh", "/api/job-submissions", f"/api/job-submissions/{submission.pk}",
        f"/api/job-submissions/{submission.pk}/events", "/api/clusters", "/api/clusters/c", "/api/whoami", "/healthz", "/readyz",
        "/docs", "/redoc",
    ):  # fmt: skip
        assert (as_alice.get(path).status_code, as_alice.get(f"{path}/").status_code) == (200, 200), path
