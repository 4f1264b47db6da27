"""Slurm's reasons and our states in plain words, with what to do about them."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submissions import states
from submissions.models import JobSubmission
from submissions.reasons import ENDS, STATUSES, WAITING, explain
from tests.docs.pages import DOCS, cells
from tests.factories import make_submission

PAGE = DOCS / "job-states.md"
# All that Slurm 22.05 to 25.11 can say of a job that waits.
REASONS = [
    "Priority",
    "Dependency",
    "Resources",
    "PartitionNodeLimit",
    "PartitionTimeLimit",
    "PartitionDown",
    "PartitionInactive",
    "JobHeldAdmin",
    "JobHeldUser",
    "BeginTime",
    "Licenses",
    "AssociationJobLimit",
    "AssociationResourceLimit",
    "AssociationTimeLimit",
    "Reservation",
    "ReqNodeNotAvail",
    "FrontEndDown",
    "SchedDefer",
    "NodeDown",
    "BadConstraints",
    "QOSUsageThreshold",
    "QOSJobLimit",
    "QOSResourceLimit",
    "QOSTimeLimit",
    "Cleaning",
    "Prolog",
    "QOSNotAllowed",
    "AccountNotAllowed",
    "DependencyNeverSatisfied",
    "JobHoldMaxRequeue",
    "JobArrayTaskLimit",
    "BurstBufferResources",
    "BurstBufferStageIn",
    "BurstBufferOperation",
    "PowerNotAvail",
    "PowerReserved",
    "DeadLine",
    "PartitionConfig",
    "AccountingPolicy",
    "FedJobLock",
    "MaxMemPerLimit",
    "ReservationDeleted",
    "ReservationInvalid",
    "Constraints",
    "InvalidAccount",
    "InvalidQOS",
]
LIMITS = [
    "QOSGrpCpuLimit",
    "QOSGrpCPUMinutesLimit",
    "QOSGrpCPURunMinutesLimit",
    "QOSGrpJobsLimit",
    "QOSGrpMemLimit",
    "QOSGrpNodeLimit",
    "QOSGrpSubmitJobsLimit",
    "QOSGrpWallLimit",
    "QOSMaxCpuPerJobLimit",
    "QOSMaxCpuMinutesPerJobLimit",
    "QOSMaxNodePerJobLimit",
    "QOSMaxWallDurationPerJobLimit",
    "QOSMaxCpuPerUserLimit",
    "QOSMaxJobsPerUserLimit",
    "QOSMaxNodePerUserLimit",
    "QOSMaxSubmitJobPerUserLimit",
    "QOSMinCpuNotSatisfied",
    "AssocGrpCpuLimit",
    "AssocGrpCPUMinutesLimit",
    "AssocGrpCPURunMinutesLimit",
    "AssocGrpJobsLimit",
    "AssocGrpMemLimit",
    "AssocGrpNodeLimit",
    "AssocGrpSubmitJobsLimit",
    "AssocGrpWallLimit",
    "AssocMaxJobsLimit",
    "AssocMaxCpuPerJobLimit",
    "AssocMaxCpuMinutesPerJobLimit",
    "AssocMaxNodePerJobLimit",
    "AssocMaxSubmitJobLimit",
    "AssocGrpUnknown",
    "AssocGrpUnknownMinutes",
    "AssocGrpUnknownRunMinutes",
    "AssocMaxUnknownPerJob",
    "AssocMaxUnknownPerNode",
    "AssocMaxUnknownMinutesPerJob",
    "AssocMaxCpuPerNode",
    "AssocGrpMemMinutes",
    "AssocGrpMemRunMinutes",
    "AssocMaxMemPerJob",
    "AssocMaxMemPerNode",
    "AssocMaxMemMinutesPerJob",
    "AssocGrpNodeMinutes",
    "AssocGrpNodeRunMinutes",
    "AssocMaxNodeMinutesPerJob",
    "AssocGrpEnergy",
    "AssocGrpEnergyMinutes",
    "AssocGrpEnergyRunMinutes",
    "AssocMaxEnergyPerJob",
    "AssocMaxEnergyPerNode",
    "AssocMaxEnergyMinutesPerJob",
    "AssocGrpGRES",
    "AssocGrpGRESMinutes",
    "AssocGrpGRESRunMinutes",
    "AssocMaxGRESPerJob",
    "AssocMaxGRESPerNode",
    "AssocMaxGRESMinutesPerJob",
    "AssocGrpLicense",
    "AssocGrpLicenseMinutes",
    "AssocGrpLicenseRunMinutes",
    "AssocMaxLicensePerJob",
    "AssocMaxLicenseMinutesPerJob",
    "AssocGrpBB",
    "AssocGrpBBMinutes",
    "AssocGrpBBRunMinutes",
    "AssocMaxBBPerJob",
    "AssocMaxBBPerNode",
    "AssocMaxBBMinutesPerJob",
    "QOSGrpUnknown",
    "QOSGrpUnknownMinutes",
    "QOSGrpUnknownRunMinutes",
    "QOSMaxUnknownPerJob",
    "QOSMaxUnknownPerNode",
    "QOSMaxUnknownPerUser",
    "QOSMaxUnknownMinutesPerJob",
    "QOSMinUnknown",
    "QOSMaxCpuPerNode",
    "QOSGrpMemoryMinutes",
    "QOSGrpMemoryRunMinutes",
    "QOSMaxMemoryPerJob",
    "QOSMaxMemoryPerNode",
    "QOSMaxMemoryPerUser",
    "QOSMaxMemoryMinutesPerJob",
    "QOSMinMemory",
    "QOSGrpNodeMinutes",
    "QOSGrpNodeRunMinutes",
    "QOSMaxNodeMinutesPerJob",
    "QOSMinNode",
    "QOSGrpEnergy",
    "QOSGrpEnergyMinutes",
    "QOSGrpEnergyRunMinutes",
    "QOSMaxEnergyPerJob",
    "QOSMaxEnergyPerNode",
    "QOSMaxEnergyPerUser",
    "QOSMaxEnergyMinutesPerJob",
    "QOSMinEnergy",
    "QOSGrpGRES",
    "QOSGrpGRESMinutes",
    "QOSGrpGRESRunMinutes",
    "QOSMaxGRESPerJob",
    "QOSMaxGRESPerNode",
    "QOSMaxGRESPerUser",
    "QOSMaxGRESMinutesPerJob",
    "QOSMinGRES",
    "QOSGrpLicense",
    "QOSGrpLicenseMinutes",
    "QOSGrpLicenseRunMinutes",
    "QOSMaxLicensePerJob",
    "QOSMaxLicensePerUser",
    "QOSMaxLicenseMinutesPerJob",
    "QOSMinLicense",
    "QOSGrpBB",
    "QOSGrpBBMinutes",
    "QOSGrpBBRunMinutes",
    "QOSMaxBBPerJob",
    "QOSMaxBBPerNode",
    "QOSMaxBBPerUser",
    "QOSMinBB",
    "MaxBBPerAccount",
    "MaxCpuPerAccount",
    "MaxEnergyPerAccount",
    "MaxGRESPerAccount",
    "MaxNodePerAccount",
    "MaxLicensePerAccount",
    "MaxMemoryPerAccount",
    "MaxUnknownPerAccount",
    "MaxJobsPerAccount",
    "MaxSubmitJobsPerAccount",
    "AssocGrpBilling",
    "AssocGrpBillingMinutes",
    "AssocGrpBillingRunMinutes",
    "AssocMaxBillingPerJob",
    "AssocMaxBillingPerNode",
    "AssocMaxBillingMinutesPerJob",
    "QOSGrpBilling",
    "QOSGrpBillingMinutes",
    "QOSGrpBillingRunMinutes",
    "QOSMaxBillingPerJob",
    "QOSMaxBillingPerNode",
    "QOSMaxBillingPerUser",
    "QOSMaxBillingMinutesPerJob",
    "MaxBillingPerAccount",
    "QOSMinBilling",
    "AssocMaxWallDurationPerJobLimit",
]
OF_ENDS = ["SystemFailure", "JobLaunchFailure", "NonZeroExitCode", "RaisedSignal", "TimeLimit", "InactiveLimit"]
OF_ENDS += ["OutOfMemory", "DeadLine", "NodeDown"]


@pytest.mark.parametrize("reason", [*REASONS, *LIMITS])
def test_every_reason_to_wait_is_explained(reason: str) -> None:
    words = explain(states.PENDING, reason)

    assert re.fullmatch(r"[A-Z].+\.", words)
    assert reason not in words


@pytest.mark.parametrize("reason", OF_ENDS)
def test_every_reason_of_an_end_is_explained(reason: str) -> None:
    assert explain(states.FAILED, reason) == ENDS[reason]


@pytest.mark.parametrize("status", [*states.BEFORE_SLURM, states.UNKNOWN, *states.FINAL])
def test_every_status_that_somebody_may_wonder_about_is_explained(status: str) -> None:
    assert explain(status, "") == ("" if status == states.COMPLETED else STATUSES[status])


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("QOSMaxCpuPerUserLimit", "Its owner has all the CPUs that its QOS allows a person. It begins when one of"),
        ("QOSMaxJobsPerUserLimit", "Its owner has all the jobs that its QOS allows a person."),
        ("QOSMaxWallDurationPerJobLimit", "It asks for more time than its QOS allows for a job, so it never begins."),
        ("AssocGrpGRES", "All who share its account together have all the GPUs or other devices that they may."),
        ("AssocGrpCPUMinutesLimit", "The budget of its account is used up (CPUs, over time)."),
        ("AssocGrpCPURunMinutesLimit", "What runs under its account has asked for as much time with CPUs as may be"),
        ("AssocMaxSubmitJobLimit", "Its owner has all the waiting and running jobs that its account allows a person."),
        ("MaxGRESPerAccount", "Its account has all the GPUs or other devices that its QOS allows an account."),
        ("QOSMinGRES", "It asks for less than its QOS demands (GPUs or other devices), so it never begins."),
        ("QOSMaxMemoryPerNode", "It asks for more memory than its QOS allows on a node, so it never begins."),
    ],
)
def test_a_limit_says_whose_it_is_and_what_it_is_about(reason: str, words: str) -> None:
    assert explain(states.PENDING, reason).startswith(words)


@pytest.mark.parametrize(
    ("status", "reason", "words"),
    [
        ("pending", "ReqNodeNotAvail, UnavailableNodes:n[1-2]", WAITING["ReqNodeNotAvail"]),
        ("pending", "ReqNodeNotAvail(Unavailable:n1)", WAITING["ReqNodeNotAvail"]),
        (
            "pending",
            "Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions",
            WAITING["Nodes required for job are DOWN, DRAINED or reserved"],
        ),
        ("pending", "job requeued in held state", WAITING["job requeued in held state"]),
        ("failed", "RaisedSignal:9(Killed)", ENDS["RaisedSignal"]),
        ("running", "JobArrayTaskLimit", WAITING["JobArrayTaskLimit"]),
        # Why it waited is no reason for its end.
        ("cancelled", "BeginTime", STATUSES["cancelled"]),
        ("timeout", "TimeLimit", STATUSES["timeout"]),
        ("rejected", "sbatch: error: invalid partition specified: nope", STATUSES["rejected"]),
        ("unknown", "Neither the queue nor accounting knows this job any more.", STATUSES["unknown"]),
        ("running", "", ""),
        ("running", "None", ""),
        ("pending", "", ""),
        ("completed", "", ""),
        ("pending", "SomethingNew", ""),
        ("something_new", "", ""),
    ],
)
def test_explanations(status: str, reason: str, words: str) -> None:
    assert explain(status, reason) == words


@given(st.sampled_from([*STATUSES, "something_new"]), st.text())
def test_whatever_slurm_says_there_is_an_answer(status: str, reason: str) -> None:
    assert isinstance(explain(status, reason), str)


def test_every_status_has_a_meaning() -> None:
    assert set(STATUSES) >= {*states.BEFORE_SLURM, *states.FINAL, *states.BASE_STATE.values(), states.UNKNOWN}


# --- where they are shown -------------------------------------------------------------------------------------------


def test_lists_and_single_rows_and_answers_explain(as_alice: Any, alice: Any) -> None:
    submission = make_submission(alice)
    submission.record(7, "hilbert")
    JobSubmission.objects.update(reason="PartitionTimeLimit")
    url, expected = f"/api/job-submissions/{submission.pk}/", WAITING["PartitionTimeLimit"]

    assert as_alice.get("/api/job-submissions/").json()["results"][0]["explanation"] == expected
    assert as_alice.get(url).json()["explanation"] == expected
    assert as_alice.patch(url, {"name": "n"}).json()["explanation"] == expected


def test_the_admin_explains(client: Any, carol: Any, alice: Any) -> None:
    submission = make_submission(alice)
    client.force_login(carol)

    page = client.get(f"/admin/submissions/jobsubmission/{submission.pk}/change/").content.decode()

    assert "Nobody has taken it to Slurm yet" in page


# --- the page of the documentation ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "table"), [("Statuses", STATUSES), ("Why a job waits", WAITING), ("Why a job ended", ENDS)]
)
def test_the_page_says_what_the_program_says(heading: str, table: dict[str, str]) -> None:
    assert {row[0].strip("`"): row[-1] for row in cells(PAGE, heading)[2:]} == table


def test_the_page_says_which_statuses_are_final() -> None:
    final = {row[0].strip("`") for row in cells(PAGE, "Statuses")[2:] if row[1] == "yes"}

    assert final == set(states.FINAL)


def test_the_page_says_what_becomes_of_limits() -> None:
    for reason, words in cells(PAGE, "Limits of accounts and QOS")[2:]:
        assert words == explain(states.PENDING, reason.strip("`"))
