"""Which server is asked, by whom, and where that is kept."""

import stat
from pathlib import Path

import pytest

from cli.config import (
    Credentials,
    TokenFile,
    Tokens,
    config_directory,
    is_loopback,
    normalized,
    read_settings,
    remember_server,
)
from cli.errors import CliError, UsageProblem

TOKENS = Tokens("alice", "an access token", "a refresh token")


def write_config(directory: Path, text: str) -> None:
    directory.mkdir(parents=True)
    (directory / "config.toml").write_text(text)


def test_with_nothing_set_the_server_is_on_this_machine() -> None:
    settings = read_settings()

    assert settings.server == "http://127.0.0.1:8000"
    assert settings.credentials is None


def test_the_command_line_goes_before_the_environment_before_the_file_before_the_last_login(
    config_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember_server(config_directory, "https://last.example.org")
    assert read_settings().server == "https://last.example.org"

    (config_directory / "config.toml").write_text('server = "https://file.example.org"')
    assert read_settings().server == "https://file.example.org"

    monkeypatch.setenv("JOBBERGATE_SERVER", "https://environment.example.org")
    assert read_settings().server == "https://environment.example.org"

    assert read_settings("https://option.example.org").server == "https://option.example.org"


def test_the_config_file_may_say_who_signs_in(config_directory: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("correct horse\n")
    write_config(config_directory, f'username = "alice"\npassword_file = "{tmp_path / "secret"}"')

    assert read_settings().credentials == Credentials("alice", "correct horse")


@pytest.mark.parametrize("text", ["servr = 'x'", "server = 1", "server"])
def test_a_mistake_in_the_config_file_is_told_with_the_file_s_name(config_directory: Path, text: str) -> None:
    write_config(config_directory, text)

    with pytest.raises(CliError, match=r"config\.toml"):
        read_settings()


def test_a_password_file_ends_at_its_line_s_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text(" a password with blanks \n")
    monkeypatch.setenv("JOBBERGATE_USERNAME", "alice")
    monkeypatch.setenv("JOBBERGATE_PASSWORD_FILE", str(tmp_path / "secret"))

    assert read_settings().credentials == Credentials("alice", " a password with blanks ")


def test_a_password_file_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBBERGATE_PASSWORD_FILE", "/nowhere/secret")

    with pytest.raises(CliError, match="/nowhere/secret cannot be read"):
        read_settings()


def test_nothing_is_read_from_the_current_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("config.toml", ".env", "jobbergate.toml", ".jobbergate"):
        (tmp_path / name).write_text(
            'server = "https://evil.example.org"\nJOBBERGATE_SERVER=https://evil.example.org\n'
        )
    monkeypatch.chdir(tmp_path)

    assert read_settings().server == "http://127.0.0.1:8000"


def test_the_config_directory_is_the_users_unless_it_is_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JOBBERGATE_CONFIG_DIR")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/home/alice/.config")

    assert config_directory() == Path("/home/alice/.config/jobbergate")


@pytest.mark.parametrize(
    ("given", "server"),
    [
        ("https://Jobs.Example.org/", "https://jobs.example.org"),
        ("https://jobs.example.org:443", "https://jobs.example.org"),
        ("http://localhost:80/jobs/", "http://localhost/jobs"),
        (" http://[::1]:8000 ", "http://[::1]:8000"),
    ],
)
def test_a_server_has_one_spelling(given: str, server: str) -> None:
    assert normalized(given) == server


@pytest.mark.parametrize(
    "given",
    ["jobs.example.org", "ftp://x", "http://", "https://alice:secret@x", "http://x?y", "http://x:port", "http://["],
)
def test_what_is_no_server_is_refused_with_an_example(given: str) -> None:
    with pytest.raises(UsageProblem, match=r"give one such as https://"):
        normalized(given)


@pytest.mark.parametrize(
    ("server", "loopback"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://localhost", True),
        ("http://[::1]:8000", True),
        ("http://127.example.org", False),
        ("http://10.0.0.1", False),
    ],
)
def test_only_this_machine_is_this_machine(server: str, loopback: bool) -> None:
    assert is_loopback(server) is loopback


def test_tokens_are_readable_by_their_owner_alone(config_directory: Path) -> None:
    tokens = TokenFile(config_directory / "tokens", "https://a.example.org")
    tokens.write(TOKENS)

    assert tokens.read() == TOKENS
    assert stat.S_IMODE(tokens.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(tokens.path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(config_directory.stat().st_mode) == 0o700


def test_a_directory_that_others_may_read_is_closed(config_directory: Path) -> None:
    (config_directory / "tokens").mkdir(parents=True, mode=0o755)
    TokenFile(config_directory / "tokens", "https://a.example.org").write(TOKENS)

    assert stat.S_IMODE((config_directory / "tokens").stat().st_mode) == 0o700


def test_writing_leaves_one_file_and_nothing_temporary(config_directory: Path) -> None:
    tokens = TokenFile(config_directory / "tokens", "https://a.example.org")
    for _ in range(3):
        tokens.write(TOKENS)

    assert list((config_directory / "tokens").iterdir()) == [tokens.path]


def test_the_tokens_of_one_server_are_not_those_of_another(config_directory: Path) -> None:
    TokenFile(config_directory / "tokens", "https://a.example.org").write(TOKENS)

    assert TokenFile(config_directory / "tokens", "http://a.example.org").read() is None
    assert TokenFile(config_directory / "tokens", "https://a.example.org:8443").read() is None


def test_a_copied_token_file_does_not_serve_another_server(config_directory: Path) -> None:
    one = TokenFile(config_directory / "tokens", "https://a.example.org")
    other = TokenFile(config_directory / "tokens", "https://b.example.org")
    one.write(TOKENS)
    other.path.write_bytes(one.path.read_bytes())

    assert other.read() is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"server": "https://a.example.org", "username": 1}'])
def test_a_damaged_token_file_is_as_good_as_none(config_directory: Path, content: str) -> None:
    tokens = TokenFile(config_directory / "tokens", "https://a.example.org")
    tokens.write(TOKENS)
    tokens.path.write_text(content)

    assert tokens.read() is None


def test_a_refresh_does_not_bring_back_what_logout_deleted(config_directory: Path) -> None:
    tokens = TokenFile(config_directory / "tokens", "https://a.example.org")
    tokens.renew(TOKENS)

    assert tokens.read() is None


def test_a_refresh_does_not_overwrite_a_newer_login(config_directory: Path) -> None:
    tokens = TokenFile(config_directory / "tokens", "https://a.example.org")
    tokens.write(Tokens("bob", "bob's", "bob's own"))
    tokens.renew(TOKENS)

    assert tokens.read() == Tokens("bob", "bob's", "bob's own")
