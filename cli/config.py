"""Who is asked and who asks: the server, the credentials and the tokens of this user.

Nothing is read from the current directory: a folder that somebody else filled must not choose where passwords go.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cli.errors import CliError, UsageProblem

DEFAULT_SERVER = "http://127.0.0.1:8000"
KNOWN_KEYS = ("server", "username", "password_file")


def config_directory() -> Path:
    """`JOBBERGATE_CONFIG_DIR`, or the user's config directory. It may not exist yet."""
    if named := os.environ.get("JOBBERGATE_CONFIG_DIR"):
        return Path(named).expanduser()
    from platformdirs import user_config_path

    return user_config_path("jobbergate")


@dataclass(frozen=True)
class Credentials:
    username: str
    password: str


@dataclass(frozen=True)
class Settings:
    """`server` is normalized; the username and the password are there only when somebody gave them."""

    directory: Path
    server: str
    username: str | None
    password: str | None
    # The server of the config file or the environment, which `login --server` cannot replace.
    server_is_fixed: bool = False

    @property
    def credentials(self) -> Credentials | None:
        if self.username is None or self.password is None:
            return None
        return Credentials(self.username, self.password)

    @property
    def tokens(self) -> TokenFile:
        return TokenFile(self.directory / "tokens", self.server)


def read_settings(server: str | None = None) -> Settings:
    """The command line first, then the environment, then config.toml, then the server signed in to last."""
    directory = config_directory()
    written = _read_config_file(directory / "config.toml")
    chosen = os.environ.get("JOBBERGATE_SERVER") or written.get("server")
    return Settings(
        directory=directory,
        server=normalized(server or chosen or last_server(directory) or DEFAULT_SERVER),
        username=os.environ.get("JOBBERGATE_USERNAME") or written.get("username"),
        password=_password(written.get("password_file")),
        server_is_fixed=chosen is not None,
    )


def normalized(server: str) -> str:
    """One spelling for each server, since tokens are kept by it."""
    wanted = f"{server!r} is not the address of a server; give one such as https://jobbergate.example.org."
    try:
        parts = urlsplit(server.strip())
        port = parts.port
    except ValueError as error:
        raise UsageProblem(wanted) from error
    more = parts.query or parts.fragment or "@" in parts.netloc
    if parts.scheme not in ("http", "https") or not parts.hostname or more:
        raise UsageProblem(wanted)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    shown_port = "" if port in (None, {"http": 80, "https": 443}[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{host}{shown_port}{parts.path.rstrip('/')}"


def is_loopback(server: str) -> bool:
    from ipaddress import ip_address

    host = urlsplit(server).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def last_server(directory: Path) -> str | None:
    try:
        return _last_server_file(directory).read_text().strip() or None
    except FileNotFoundError:
        return None


def remember_server(directory: Path, server: str) -> None:
    _write_private(_last_server_file(directory), server + "\n")


def _last_server_file(directory: Path) -> Path:
    return directory / "tokens" / "last-server"


def _read_config_file(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    import tomllib

    try:
        content = tomllib.loads(path.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CliError(f"{path} is not TOML: {error}.") from error
    for key, value in content.items():
        if key not in KNOWN_KEYS or not isinstance(value, str):
            raise CliError(f"{path}: {key} is not accepted; give {', '.join(KNOWN_KEYS)}, each a text.")
    return content


def _password(written_file: str | None) -> str | None:
    if password := os.environ.get("JOBBERGATE_PASSWORD"):
        return password
    named = os.environ.get("JOBBERGATE_PASSWORD_FILE") or written_file
    if not named:
        return None
    try:
        return Path(named).expanduser().read_text().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise CliError(f"The password file {named} cannot be read: {error}.") from error


@dataclass(frozen=True)
class Tokens:
    username: str
    access: str
    refresh: str


class TokenFile:
    """The tokens for one server, in a file of their own, so that they can never be sent to another one.

    There is no lock: home directories are often on NFS. Files are replaced whole, and two commands that refresh at
    once both hold a good access token, whichever is kept.
    """

    def __init__(self, directory: Path, server: str) -> None:
        self.server = server
        name = "".join(letter if letter.isalnum() else "-" for letter in urlsplit(server).netloc)
        self.path = directory / f"{name}-{hashlib.sha256(server.encode()).hexdigest()[:12]}.json"

    def read(self) -> Tokens | None:
        try:
            content = json.loads(self.path.read_text())
        except FileNotFoundError:
            return None
        except ValueError:
            # A file that is no JSON is as good as none: signing in again replaces it.
            return None
        if not isinstance(content, dict) or content.get("server") != self.server:
            return None
        values = [str(content[key]) for key in ("username", "access", "refresh") if isinstance(content.get(key), str)]
        return Tokens(*values) if len(values) == 3 else None

    def write(self, tokens: Tokens) -> None:
        content = {
            "server": self.server,
            "username": tokens.username,
            "access": tokens.access,
            "refresh": tokens.refresh,
        }
        _write_private(self.path, json.dumps(content) + "\n")

    def renew(self, tokens: Tokens) -> None:
        """Keep a new access token, unless a `logout` or another `login` has come in between."""
        kept = self.read()
        if kept is not None and kept.refresh == tokens.refresh:
            self.write(tokens)

    def delete(self) -> None:
        self.path.unlink(missing_ok=True)


def _write_private(path: Path, content: str) -> None:
    """Whole or not at all, and at no moment readable by others (mkstemp makes files 0600)."""
    path.parent.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    if path.parent.stat().st_mode & 0o077:
        path.parent.chmod(0o700)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(content)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
