"""Clusters are shown as their agents last described them, and a silent agent is shown as silent."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.timezone import now
from rest_framework.test import APIClient

from submissions.api.clusters import FACTS, MOST_PARTITIONS, ClusterFactsSerializer
from submissions.clusters import Cluster
from tests.conftest import signed_in
from tests.docs.pages import DOCS
from tests.factories import make_cluster

pytestmark = pytest.mark.django_db
(PARTITION,) = FACTS["partitions"]  # type: ignore[misc]


@pytest.fixture
def hilbert() -> Cluster:
    return Cluster.create("hilbert", "128 nodes.")[0]


@pytest.fixture
def agent(hilbert: Cluster) -> APIClient:
    assert hilbert.agent
    return signed_in(hilbert.agent)


def sync(client: APIClient, facts: Any, name: str = "hilbert") -> Any:
    return client.post(f"/api/clusters/{name}/sync/", {"holder": "login1/1/1", "facts": facts})


def seen(client: APIClient, name: str = "hilbert") -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"/api/clusters/{name}/").json()
    return answer


# --- what the agent says --------------------------------------------------------------------------------------------


def test_what_an_agent_says_of_its_cluster_is_shown_to_everybody(agent: APIClient, as_alice: APIClient) -> None:
    assert sync(agent, FACTS).status_code == 200

    shown = seen(as_alice)

    assert {name: shown[name] for name in FACTS} == FACTS
    assert shown["contact"] == "fresh"
    assert as_alice.get("/api/clusters/").json()["results"] == [shown]


def test_what_is_left_out_stays_as_it_was(agent: APIClient, as_alice: APIClient) -> None:
    sync(agent, FACTS)

    sync(agent, {"slurm_version": "24.05.1"})

    assert (seen(as_alice)["slurm_version"], seen(as_alice)["partitions"]) == ("24.05.1", FACTS["partitions"])


def test_words_that_nobody_knows_are_not_kept(agent: APIClient, as_alice: APIClient) -> None:
    sync(agent, {**FACTS, "colour": "red", "limits": {"max_array_size": 5, "colour": "red"}})

    assert seen(as_alice)["limits"] == {"max_array_size": 5}
    assert "colour" not in seen(as_alice)


def partition(**changed: Any) -> dict[str, Any]:
    return {"partitions": [{**PARTITION, **changed}]}


@pytest.mark.parametrize(
    "facts",
    [
        [],
        "facts",
        {"slurm_version": "v" * 65},
        {"slurm_version": {}},
        {"partitions": "long"},
        {"partitions": ["long"]},
        {"partitions": [PARTITION] * (MOST_PARTITIONS + 1)},
        {"partitions": [{"name": "long"}]},
        partition(name=""),
        partition(name="p" * 256),
        partition(name="a\x00b"),
        partition(is_default="perhaps"),
        partition(nodes={"idle": 1}),
        partition(nodes={**PARTITION["nodes"], "idle": -1}),
        partition(cpus={**PARTITION["cpus"], "total": 2**70}),
        partition(cpus=None),
        partition(max_time="for ever"),
        partition(memory_per_node=1e300),
        {"limits": []},
        {"limits": {"max_array_size": "many"}},
        {"limits": {"accounting": 7}},
        {"load": {"nodes": PARTITION["nodes"]}},
        {"load": {**FACTS["load"], "jobs": {"running": 1}}},  # type: ignore[dict-item]
    ],
)
def test_facts_of_another_shape_are_refused(agent: APIClient, as_alice: APIClient, facts: Any) -> None:
    before = seen(as_alice)

    answer = sync(agent, facts)

    assert (answer.status_code, answer.json()["code"]) in [(400, "invalid"), (400, "parse_error")]
    assert seen(as_alice) == before


def test_as_many_partitions_as_there_may_be_are_taken(agent: APIClient, as_alice: APIClient) -> None:
    many = [{**PARTITION, "name": f"p{number}"} for number in range(MOST_PARTITIONS)]

    assert sync(agent, {"partitions": many}).status_code == 200
    assert seen(as_alice)["partitions"] == many


def test_only_its_own_agent_describes_a_cluster(hilbert: Cluster, as_alice: APIClient) -> None:
    noether = Cluster.create("noether")[0]
    assert noether.agent

    assert sync(signed_in(noether.agent), FACTS).status_code == 404
    # Somebody with an agent for their own jobs alone.
    assert sync(as_alice, FACTS).status_code == 200
    assert (seen(as_alice)["contact"], seen(as_alice)["partitions"]) == ("never", [])


# --- who sees what --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("silent_for", "word"),
    [(None, "never"), (timedelta(), "fresh"), (settings.AGENT_STALE + timedelta(seconds=1), "stale")],
)
def test_a_silent_agent_is_shown_as_stale(as_alice: APIClient, silent_for: timedelta | None, word: str) -> None:
    at = None if silent_for is None else now() - silent_for
    cluster = make_cluster("hilbert", last_contact_at=at)

    assert (seen(as_alice)["contact"], cluster.contact) == (word, word)


def test_an_agent_sees_its_own_cluster_and_no_other(agent: APIClient) -> None:
    make_cluster("noether")

    assert [row["name"] for row in agent.get("/api/clusters/").json()["results"]] == ["hilbert"]
    assert agent.get("/api/clusters/hilbert/").status_code == 200
    assert agent.get("/api/clusters/noether/").status_code == 404


def test_a_cluster_is_found_whatever_its_capitals(hilbert: Cluster, as_alice: APIClient) -> None:
    assert seen(as_alice, "HILBERT")["name"] == "hilbert"
    assert as_alice.get("/api/clusters/gauss/").json()["code"] == "not_found"


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nobody_changes_a_cluster_by_the_api(hilbert: Cluster, as_carol: APIClient, method: str) -> None:
    assert getattr(as_carol, method)("/api/clusters/hilbert/", {"description": "mine"}).status_code == 405


# --- in the admin ---------------------------------------------------------------------------------------------------


def test_the_admin_says_it_in_words(client: Any, carol: User, hilbert: Cluster) -> None:
    client.force_login(carol)
    url = reverse("admin:submissions_cluster_changelist")
    assert "never heard of" in client.get(url).content.decode()

    hilbert.heard(FACTS, now() - timedelta(hours=3))

    listed = client.get(url).content.decode().replace("\xa0", " ")
    assert "silent: last heard of 3 hours ago" in listed
    assert "22.05.8" in listed
    assert "212 running, 31 pending" in listed


def test_the_admin_s_page_has_the_partitions_as_a_table(client: Any, carol: User, hilbert: Cluster) -> None:
    client.force_login(carol)
    hilbert.heard({**FACTS, **partition(name="<b>long</b>", max_time=None)}, now())

    page = client.get(reverse("admin:submissions_cluster_change", args=[hilbert.pk])).content.decode()

    row = "<td>&lt;b&gt;long&lt;/b&gt; (default)</td><td>up</td><td>30</td><td>128</td><td>960</td><td>4096</td><td>no limit</td>"
    assert row in page


def test_the_admin_makes_no_second_cluster_of_a_name(client: Any, carol: User, hilbert: Cluster) -> None:
    client.force_login(carol)

    answer = client.post(reverse("admin:submissions_cluster_add"), {"name": "Hilbert", "description": ""})

    assert "There is a cluster &#x27;hilbert&#x27; already" in answer.content.decode()
    assert Cluster.objects.count() == 1


def test_the_api_page_shows_facts_as_they_are_taken() -> None:
    section = (DOCS / "api.md").read_text().partition("## Clusters")[2]
    shown = json.loads(section.partition("```json\n")[2].partition("```")[0])

    taken = ClusterFactsSerializer(data=shown)

    assert taken.is_valid(), taken.errors
    assert taken.validated_data == shown
    assert set(shown) == set(FACTS)
