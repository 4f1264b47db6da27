"""A template that would stall the server is refused, and nobody else waits for that."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from rest_framework_simplejwt.tokens import AccessToken

from jobscripts.models import JobScript
from tests.applications.bombs import LARGE
from tests.factories import make_application

HOSTILE = b"#!/bin/bash\n{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}\n"
LINE = "templates/job.sh.j2, line 2: it takes more than 2 s."


@pytest.mark.django_db(transaction=True)
def test_others_are_answered_while_a_hostile_template_renders(live_server, alice, bob):
    application = make_application(alice, {"templates/job.sh.j2": HOSTILE})
    mine, theirs = ({"Authorization": f"Bearer {AccessToken.for_user(user)}"} for user in (alice, bob))
    url, ended = f"{live_server.url}/api", []

    def render() -> requests.Response:
        answer = requests.post(
            f"{url}/job-scripts/", json={"application": str(application.pk)}, headers=mine, timeout=60
        )
        ended.append(time.monotonic())
        return answer

    with ThreadPoolExecutor(1) as hostile:
        rendering = hostile.submit(render)
        answers = []
        while not rendering.done():
            answers.append(
                (requests.get(f"{url}/applications/", headers=theirs, timeout=60).status_code, time.monotonic())
            )
        refusal = rendering.result()

    assert (refusal.status_code, refusal.json()["code"], refusal.json()["detail"]) == (400, "template_error", LINE)
    assert not JobScript.objects.exists()
    before = [status for status, at in answers if at < ended[0]]
    assert before == [200] * len(before)
    assert len(before) >= 5
    assert requests.get(f"{url}/applications/", headers=theirs, timeout=60).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["a text times a number", "the same, downwards, compared", "depth by tuples"])
def test_a_bomb_is_refused_with_its_template_and_line(name, as_alice, alice):
    template = "#!/bin/bash\n{% set r = range(100000) %}" + LARGE[name]
    application = make_application(alice, {"templates/job.sh.j2": template.encode()})

    answer = as_alice.post("/api/job-scripts/", {"application": str(application.pk)})

    assert (answer.status_code, answer.json()["code"]) == (400, "template_error")
    assert answer.json()["detail"].startswith("templates/job.sh.j2, line 2: ")
    assert not JobScript.objects.exists()
