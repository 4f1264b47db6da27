"""`jobbergate applications trust`: what runs as its user is listed, and can be taken back."""

import json
from pathlib import Path

import pytest

from cli.trust import Content, TrustStore
from tests.cli.conftest import Jobbergate
from tests.cli.test_applications import PROGRAMMED
from tests.factories import make_application, make_user


def content(number: int, application: str = "heat", **where: object) -> Content:
    return Content({"a": str(number).encode()}, application, "bob", number, **where)  # type: ignore[arg-type]


HEAT = [content(number, server="https://j.example", application_id=7) for number in (1, 2)]
WAVE = content(3, "wave", server="https://j.example", application_id=8)


@pytest.fixture
def store(config_directory: Path) -> TrustStore:
    store = TrustStore(config_directory)
    for one in (*HEAT, WAVE):
        store.remember(one)
    return store


def test_nothing_is_trusted_at_first(run_jobbergate: Jobbergate) -> None:
    shown, data = (run_jobbergate("applications", "trust", "list", "-o", form) for form in ("table", "json"))

    assert (shown.exit_code, shown.stdout, shown.stderr) == (0, "", "Nothing is trusted.\n")
    assert json.loads(data.stdout) == []


def test_list_shows_what_is_trusted_and_needs_no_server(run_jobbergate: Jobbergate, store: TrustStore) -> None:
    data = json.loads(run_jobbergate("applications", "trust", "list", "-o", "json").stdout)
    table = run_jobbergate("applications", "trust", "list").stdout

    by_sha256 = {row.pop("sha256"): row for row in data}
    assert set(by_sha256) == {one.sha256 for one in (*HEAT, WAVE)}
    assert {**by_sha256[WAVE.sha256], "trusted_at": ...} == {
        "application": "wave",
        "owner": "bob",
        "version": 3,
        "server": "https://j.example",
        "trusted_at": ...,
    }
    assert WAVE.sha256[:16] in table
    assert WAVE.sha256 not in table


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ([WAVE.sha256], HEAT),
        ([WAVE.sha256[:6].upper()], HEAT),
        (["heat"], [WAVE]),
        (["heat", WAVE.sha256[:8], "wave"], []),
        (["--all"], []),
    ],
)
def test_what_is_revoked_is_gone_with_all_that_was_kept_of_it(
    run_jobbergate: Jobbergate, store: TrustStore, words: list[str], left: list[Content]
) -> None:
    result = run_jobbergate("applications", "trust", "revoke", *words)

    assert (result.exit_code, result.stdout) == (0, "")
    assert set(store.read()) == {one.sha256 for one in left}
    assert {path.stem for path in store.snapshots.iterdir()} == {one.sha256 for one in left}


def test_revoked_contents_are_data_where_a_program_asks(run_jobbergate: Jobbergate, store: TrustStore) -> None:
    result = run_jobbergate("applications", "trust", "revoke", "wave", "-o", "id")

    assert result.stdout == f"{WAVE.sha256}\n"
    assert "wave, version 3" in result.stderr


@pytest.mark.parametrize("words", [["waves"], ["heat", "ffffffff"], ["../trust"], [""]])
def test_what_is_not_there_cannot_be_revoked_and_then_nothing_is(
    run_jobbergate: Jobbergate, store: TrustStore, words: list[str]
) -> None:
    result = run_jobbergate("applications", "trust", "revoke", *words)

    assert result.exit_code == 1
    assert f"Nothing trusted is called {words[-1]}" in result.stderr
    assert len(store.read()) == 3


def test_an_ambiguous_beginning_is_refused_with_what_it_may_mean(run_jobbergate: Jobbergate, store: TrustStore) -> None:
    for number in range(17):
        store.remember(content(100 + number))
    first = next(digit for digit in "0123456789abcdef" if sum(s.startswith(digit) for s in store.read()) > 1)

    result = run_jobbergate("applications", "trust", "revoke", first)

    assert result.exit_code == 1
    assert [line.split()[0] for line in result.stderr.splitlines()[1:]] == sorted(
        sha256 for sha256 in store.read() if sha256.startswith(first)
    )


@pytest.mark.parametrize("words", [[], ["heat", "--all"]])
def test_revoke_wants_names_or_all(run_jobbergate: Jobbergate, words: list[str]) -> None:
    assert run_jobbergate("applications", "trust", "revoke", *words).exit_code == 2


def test_all_of_nothing_is_no_error(run_jobbergate: Jobbergate, config_directory: Path) -> None:
    result = run_jobbergate("applications", "trust", "revoke", "--all")

    assert (result.exit_code, result.stderr) == (0, "Nothing is trusted.\n")
    assert not config_directory.exists()


def test_a_folder_is_revoked_by_its_path(
    run_jobbergate: Jobbergate, store: TrustStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.remember(Content.of_folder(tmp_path / "folder", {"a": b"folder"}))
    monkeypatch.chdir(tmp_path)

    assert run_jobbergate("applications", "trust", "revoke", "./folder").exit_code == 0
    assert len(store.read()) == 3


def test_revoked_code_does_not_run_again_unasked(by_alice: Jobbergate) -> None:
    make_application(make_user("bob"), files=PROGRAMMED, identifier="theirs")
    assert by_alice("job-scripts", "create", "theirs", "--fast", "--trust").exit_code == 0
    assert by_alice("job-scripts", "create", "theirs", "--fast").exit_code == 0

    assert by_alice("applications", "trust", "revoke", "theirs").exit_code == 0

    assert "is not trusted yet" in by_alice("job-scripts", "create", "theirs", "--fast").stderr
