"""Somebody else's code in our process: what it finds while it runs, what stays of it, and whose its errors are."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import Any

import click

from cli import compatibility
from cli.compatibility import FUNCTIONS
from cli.errors import CliError
from cli.folder import PROGRAM
from cli.question import FailedQuestion

PACKAGE = "jobbergate_cli"
Functions = Mapping[str, Callable[..., Any]]
INSTALLED = (Path(sys.prefix), Path(__file__).parent)


class ForeignError(CliError):
    """The application's own code failed."""


def load_class(folder: Path) -> Any:
    """The class JobbergateApplication of the folder's jobbergate.py."""
    program = folder / PROGRAM
    module = ModuleType("jobbergate_application")
    module.__file__ = str(program)
    # Dataclasses and pickles look for the module of their class here.
    sys.modules[module.__name__] = module
    with errors_told(folder, "<module>"):
        code = compile(program.read_bytes(), str(program), "exec", dont_inherit=True)
        exec(code, vars(module))  # noqa: S102  Its user has trusted this very content.
    found = vars(module).get("JobbergateApplication")
    if not isinstance(found, type):
        raise ForeignError(f"{PROGRAM} defines no class JobbergateApplication.")
    return found


@contextmanager
def surroundings(folder: Path, functions: Functions = FUNCTIONS) -> Iterator[None]:
    """What an application's code expects to find. Afterwards everything is as it was before, errors or not."""
    with ExitStack() as stack:
        stack.enter_context(known_modules(folder, functions))
        stack.enter_context(search_path(folder))
        stack.enter_context(stdout_on_stderr())
        stack.enter_context(same_place())
        yield


@contextmanager
def same_place() -> Iterator[None]:
    """Our own relative paths mean what they meant before, and so does our environment."""
    before, place = dict(os.environ), os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield
    finally:
        os.fchdir(place)
        os.close(place)
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def known_modules(folder: Path, functions: Functions) -> Iterator[None]:
    before = dict(sys.modules)
    for name in [name for name in before if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]
    sys.modules.update(compatibility.modules(functions))
    try:
        yield
    finally:
        new = {name: module for name, module in sys.modules.items() if before.get(name) is not module}
        for name in [name for name, module in new.items() if is_foreign(name, module, folder)]:
            del sys.modules[name]
        sys.modules.update({name: module for name, module in before.items() if name.partition(".")[0] == PACKAGE})


def is_foreign(name: str, module: ModuleType | None, folder: Path) -> bool:
    if name.partition(".")[0] in (PACKAGE, "jobbergate_application"):
        return True
    places = [getattr(module, "__file__", None), *list(getattr(module, "__path__", None) or [])]
    return any(isinstance(place, str) and is_theirs(place, folder) for place in places)


def is_theirs(place: str, folder: Path) -> bool:
    """In the folder, and not in a virtual environment, perhaps our own, that somebody keeps there."""
    path = Path(place)
    installed = [place for place in INSTALLED if place.is_relative_to(folder)]
    return path.is_relative_to(folder) and not any(path.is_relative_to(place) for place in installed)


@contextmanager
def search_path(folder: Path) -> Iterator[None]:
    """The folder's own modules can be imported, after everything that is installed; no bytecode is left in it."""
    before, bytecode = list(sys.path), sys.dont_write_bytecode
    sys.path.append(str(folder))
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.path[:] = before
        sys.dont_write_bytecode = bytecode


class KeptOpen:
    """A stream that is ours, too: who closes it closes nothing."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def __enter__(self) -> KeptOpen:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.stream.flush()


@contextmanager
def stdout_on_stderr() -> Iterator[None]:
    """Standard output is for our data: what the code and the programs that it starts print there is talk."""
    sys.stdout.flush()
    kept, talk = os.dup(1), KeptOpen(sys.stderr)
    try:
        os.dup2(2, 1)
        with redirect_stdout(talk), redirect_stderr(talk):
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


@contextmanager
def errors_told(folder: Path, step: str, *, ours_too: bool = True) -> Iterator[None]:
    """Errors within are told as the application's, with its file and line.

    With `ours_too=False` an error with no line of the application in its traceback is ours, and stays as it is.
    """
    process = os.getpid()
    try:
        yield
    except (CliError, click.Abort, KeyboardInterrupt):
        raise
    except FailedQuestion as failed:
        cause = failed.__cause__ or failed
        at = place_of(cause, folder) or place_of_function(failed.functions, folder) or f"{PROGRAM}, in {step}"
        raise ForeignError(f"{at}: {failed.variable}: {described(cause)}") from cause
    # Somebody else's code may raise anything, and may call exit(); all of it is an answer to the person who runs it.
    except BaseException as error:
        place = place_of(error, folder)
        if place is None and (not ours_too or isinstance(error, GeneratorExit)):
            raise
        if place is None:
            place = PROGRAM if step == "<module>" else f"{PROGRAM}, in {step}"
        raise ForeignError(f"{place}: {described(error)}") from error
    finally:
        # A child that the code forked, and that came back from it: going on is for its parent alone.
        if os.getpid() != process:
            os._exit(0)


def place_of(error: BaseException, folder: Path) -> str | None:
    """File, line and function of the application's innermost line."""
    if isinstance(error, SyntaxError) and isinstance(error.filename, str) and is_theirs(error.filename, folder):
        return f"{Path(error.filename).relative_to(folder)}, line {error.lineno or 1}"
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if is_theirs(frame.filename, folder)]
    if not frames:
        return None
    innermost = frames[-1]
    where = "" if innermost.name == "<module>" else f", in {innermost.name}"
    return f"{Path(innermost.filename).relative_to(folder)}, line {innermost.lineno}{where}"


def place_of_function(functions: Sequence[Any], folder: Path) -> str | None:
    """Where a function stands that could not even be called, or gave something wrong."""
    codes = [code for function in functions if (code := getattr(function, "__code__", None))]
    if len(codes) != 1 or not is_theirs(codes[0].co_filename, folder):
        return None
    return f"{Path(codes[0].co_filename).relative_to(folder)}, line {codes[0].co_firstlineno}"


def described(error: BaseException) -> str:
    try:
        text = str(error.msg if isinstance(error, SyntaxError) else error)
    except Exception:  # Their own __str__ may fail too.
        text = ""
    if isinstance(error, SystemExit) and error.code is None:
        return "it called exit()"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
