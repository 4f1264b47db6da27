"""An application's own tests: `tests/NAME/answers.yaml`, and what comes of them in `tests/NAME/expected/`. Pure.

The server runs no program. A test of a programmed application is a rendering of what a client's run of it gave: its
answers, what it computed, or its error.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from applications import config
from applications.archive import Files
from applications.config import BadConfig
from applications.differences import difference, first_line
from applications.forms import Form, InvalidAnswers
from applications.plain_yaml import PlainLoader
from applications.rendering import Hole, NotedUndefined, Rendering, render
from applications.templates import MAX_NAMES_SHOWN, TemplateSet
from jobbergate.core.errors import DomainError

FOLDER, ANSWERS, EXPECTED = "tests", "answers.yaml", "expected"
DEFAULTS = "defaults"
PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
# A rendering has two seconds; all of a version's tests have this many, of CPU time.
MAX_TESTS, MAX_SECONDS = 50, 20.0
MAX_ANSWERS, MAX_DIFFERENCES, MAX_MESSAGE, MAX_DIFF_LINES_IN_ERRORS = 500, 5, 1000, 20
NOT_RUN = f"It needs a run of {config.PROGRAM}, and none was sent."

# By a test's name: {"answers": {…}, "computed": {…}}, {"error": "…"}, or for the defaults {"missing": "…"}.
Runs = Mapping[str, Mapping[str, Any]]


class FailedTests(DomainError):
    """A version's own tests fail, so it is not published."""

    code = "tests_fail"


@dataclass(frozen=True)
class OwnTest:
    """A folder below `tests/`. `answers` is the text of its answers.yaml; None where there is none."""

    name: str
    answers: bytes | None = None
    expected: dict[str, bytes] = field(default_factory=dict)

    def given(self) -> dict[str, Any]:
        if self.answers is None:
            raise BadTest(f"{self.place(EXPECTED)}/ is there without {self.place(ANSWERS)}.")
        return read_answers(self.answers, self.place(ANSWERS))

    def place(self, path: str) -> str:
        return f"{FOLDER}/{self.name}/{path}"


class BadTest(DomainError):
    """A test cannot be read."""

    code = FailedTests.code


@dataclass(frozen=True)
class Difference:
    """A file that was not rendered as expected. No diff: it was not rendered at all, or there are many."""

    path: str
    diff: str = ""

    def as_json(self) -> dict[str, Any]:
        return {"path": self.path, "diff": self.diff}


@dataclass(frozen=True)
class Result:
    name: str
    status: str = PASSED
    message: str = ""
    differences: tuple[Difference, ...] = ()
    warnings: tuple[Hole, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "status": self.status,
            "message": self.message,
            "differences": [found.as_json() for found in self.differences],
            "warnings": [hole.as_json() for hole in self.warnings],
        }

    def words(self) -> list[str]:
        """A sentence, and the first lines of what differs."""
        diffs = [f"{found.path}:\n{found.diff}" for found in self.differences if found.diff]
        lines = "\n".join(diffs).splitlines()[:MAX_DIFF_LINES_IN_ERRORS]
        return [f"{self.name}: {self.message}", *(["\n".join(lines)] if lines else [])]


# --- reading --------------------------------------------------------------------------------------------------------


def own_tests(files: Files) -> list[OwnTest]:
    """Whatever else is below `tests/` is none of ours."""
    found: dict[str, OwnTest] = {}
    for path in sorted(path for path in files if path.startswith(f"{FOLDER}/")):
        _, name, *rest = path.split("/")
        if rest == [ANSWERS]:
            known = found.get(name, OwnTest(name))
            found[name] = OwnTest(name, files[path], known.expected)
        elif len(rest) > 1 and rest[0] == EXPECTED:
            found.setdefault(name, OwnTest(name)).expected["/".join(rest[1:])] = files[path]
    return list(found.values())


def read_answers(content: bytes, place: str) -> dict[str, Any]:
    try:
        value = config.jsonable(config.construct(config.compose(content, PlainLoader)))
    except BadConfig as error:
        where = f"{place}, line {error.line}" if error.line else place
        problem = "it is empty; give {} where every default is meant." if not content.strip() else error.problem
        raise BadTest(f"{where}: {problem}") from None
    if not isinstance(value, dict):
        raise BadTest(f"{place}, line 1: it holds {config.kind(value)}; give a mapping from variables to answers.")
    if len(value) > MAX_ANSWERS:
        raise BadTest(f"{place}: it has more than {MAX_ANSWERS} answers.")
    return value


# --- running --------------------------------------------------------------------------------------------------------


def results(
    files: Files, read_form: Callable[[], Form | None], runs: Runs | None = None, defaults: bool = False
) -> list[Result]:
    """Of a version's own tests, in the order of their names; before them, if wanted, of its default answers.

    A test of one's own of the name `defaults` stands in the place of that.
    """
    tests = own_tests(files)
    if not tests and not defaults:
        return []
    bench = Bench(TemplateSet(files, config.parse(files[config.NAME]), NotedUndefined), read_form(), runs or {})
    found = [] if not defaults or any(test.name == DEFAULTS for test in tests) else [bench.defaults()]
    return [*found, *(bench.result(test, place) for place, test in enumerate(tests))]


class Bench:
    """A version as its tests use it."""

    def __init__(self, templates: TemplateSet, form: Form | None, runs: Runs) -> None:
        self.templates, self.form, self.runs = templates, form, runs
        self.until = time.thread_time() + MAX_SECONDS

    def result(self, test: OwnTest, place: int) -> Result:
        if place >= MAX_TESTS:
            return Result(test.name, FAILED, f"It was not run: a version has at most {MAX_TESTS} tests.")
        if self.is_late():
            return Result(
                test.name, FAILED, f"It was not run: all tests together have {MAX_SECONDS:.0f} s of CPU time."
            )
        try:
            given = test.given()
            rendering = self.rendering(test.name, given)
        except DomainError as error:
            return Result(test.name, FAILED, short(error.detail))
        if rendering is None:
            return Result(test.name, SKIPPED, NOT_RUN)
        return self.compared(test, rendering)

    def defaults(self) -> Result:
        try:
            rendering = self.rendering(DEFAULTS, {})
        except InvalidAnswers as error:
            return Result(DEFAULTS, SKIPPED, short(error.detail))
        except DomainError as error:
            return Result(DEFAULTS, FAILED, short(error.detail))
        if rendering is None:
            why = self.runs.get(DEFAULTS, {}).get("missing") or NOT_RUN
            return Result(DEFAULTS, SKIPPED, short(str(why)))
        return Result(DEFAULTS, warnings=tuple(rendering.holes))

    def rendering(self, name: str, given: Mapping[str, Any]) -> Rendering | None:
        """None where the program would have to run for it, and has not. Its run has asked and checked by itself."""
        if self.templates.config.declarative:
            return render(self.templates, self.form.validate(given) if self.form else given)
        run = self.runs.get(name, {})
        if run.get("error"):
            raise BadTest(str(run["error"]))
        return render(self.templates, run["answers"], run.get("computed") or {}) if "answers" in run else None

    def compared(self, test: OwnTest, rendering: Rendering) -> Result:
        holes = tuple(rendering.holes)
        wrong = [path for path in test.expected if rendering.files.get(path) != test.expected[path]]
        if not wrong:
            return Result(test.name, warnings=holes)
        sentences = [sentence(test, path, rendering.files) for path in wrong[:MAX_DIFFERENCES]]
        if len(wrong) > MAX_DIFFERENCES:
            sentences.append(f"{len(wrong) - MAX_DIFFERENCES} more files are not as expected.")
        shown = tuple(self.difference(test, path, rendering.files) for path in wrong[:MAX_DIFFERENCES])
        more = tuple(Difference(path) for path in wrong[MAX_DIFFERENCES:])
        return Result(test.name, FAILED, " ".join(sentences), shown + more, holes)

    def difference(self, test: OwnTest, path: str, files: Files) -> Difference:
        if path not in files or self.is_late():
            return Difference(path)
        return Difference(path, difference(test.expected[path], files[path]))

    def is_late(self) -> bool:
        return time.thread_time() > self.until


def sentence(test: OwnTest, path: str, files: Files) -> str:
    if path not in files:
        return f"{path} is expected and not rendered; {listed(files)} {'is' if len(files) == 1 else 'are'}."
    line = first_line(test.expected[path], files[path])
    return f"{path} is not as in {test.place(EXPECTED)}/, from line {line} on."


def short(text: str) -> str:
    return text if len(text) <= MAX_MESSAGE else text[:MAX_MESSAGE] + "…"


def listed(names: Iterable[str]) -> str:
    found = sorted(names)
    return ", ".join(found[:MAX_NAMES_SHOWN]) + (", …" if len(found) > MAX_NAMES_SHOWN else "")


# --- what follows for publishing ------------------------------------------------------------------------------------


def refuse_failed(found: Sequence[Result]) -> None:
    failed = [result for result in found if result.status == FAILED]
    if failed:
        errors = {result.name: result.words() for result in failed}
        text = summary(found)
        raise FailedTests(f"{text[0].upper()}{text[1:]} Mend what is wrong, or force the publication.", errors)


def reservation(found: Sequence[Result]) -> str:
    """What the note of a version says that was published all the same."""
    text = summary(found)
    return f"Published although {text}" if text else ""


def summary(found: Sequence[Result]) -> str:
    """`1 of its 2 own tests fails: small.`; nothing where all is well."""
    failed = [result.name for result in found if result.status == FAILED]
    if not failed:
        return ""
    fail = "fails" if len(failed) == 1 else "fail"
    count = "its own test" if len(found) == 1 else f"{len(failed)} of its {len(found)} own tests"
    return f"{count} {fail}: {listed(failed)}."
