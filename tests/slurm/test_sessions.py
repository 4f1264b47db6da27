"""What a reader of the README and of the tutorial types, to its end, on a real Slurm."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User

from submissions.models import JobSubmission
from tests.docs.pages import DOCS, README, missing, shell_of
from tests.examples.conftest import NAMES, publish
from tests.slurm.conftest import Person, interpreter

pytestmark = pytest.mark.slurm


@pytest.mark.parametrize("page", [README, DOCS / "tutorial.md", DOCS / "sweeps.md"], ids=lambda page: page.name)
def test_a_session_works_as_it_is_shown(page: Path, alice: Person, owner: User) -> None:
    for name in NAMES:
        publish(name, owner)
    script = shell_of(page, slurm=True).replace("http://127.0.0.1:8000", alice.environment["JOBBERGATE_SERVER"])
    command = f'jobbergate() {{ {interpreter()} -m cli.main "$@"; }}\n'

    done = alice.run("bash", "-c", command + script.replace("--username demo", "--username alice"))

    assert done.returncode == 0, done.stderr
    assert missing(page, done, slurm=True) == []
    assert JobSubmission.objects.filter(status="completed").count() >= (1 if page.stem == "sweeps" else 2)
