"""What Slurm prints, as rows. The samples were printed by Slurm 22.05."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.slurm import (
    Accepted,
    NoAnswer,
    Refused,
    asking_environment,
    job_environment,
    outcome,
    sbatch_command,
)
from cli.slurm_text import (
    SEPARATOR,
    Row,
    cluster_name,
    duration,
    exit_codes,
    indexes,
    max_array_size,
    memory,
    named_jobs,
    queue_rows,
    record_rows,
    state_word,
    wait_statuses,
)

MARKER = "5f2b8c1f3f7e4f0e:"
LINE = ["1", "RUNNING", "None", "1795376316", "1795376317", "1795376917", "10:00", "alice", "1001"]
LINE += ["debug", "demo", "n1", "2"]
RECORD = ["1", "FAILED", "3:0", "1795376316", "1795376317", "1795376319", "4", "1", "4G", "2-03:05:00", "00:00.317"]
RECORD += ["", "n1", "debug", "alice", "1001", "demo"]
DELIMITER = f"{SEPARATOR}a1b2{SEPARATOR}"


def squeue(*lines: list[str]) -> str:
    return "".join(f"{MARKER}{SEPARATOR.join(line)}\n" for line in lines)


def queued(comment: str = "jobbergate:abc", **changed: Any) -> Row:
    names = ["i", "T", "r", "V", "S", "e", "l", "u", "U", "P", "a", "N", "C"]
    line = [changed.get(name, value) for name, value in zip(names, LINE, strict=True)]
    (row,) = queue_rows(squeue([*line, comment]), MARKER)
    return row


def recorded(*lines: dict[int, str]) -> list[Row]:
    texts = [[line.get(place, value) for place, value in enumerate(RECORD)] for line in lines]
    return record_rows("".join(f"{DELIMITER.join(text)}\n" for text in texts), DELIMITER)


def test_a_running_job_has_no_end_yet() -> None:
    assert queued() == Row(
        job=1,
        parts=(0,),
        array=False,
        state="RUNNING",
        comment="jobbergate:abc",
        submitted_at=1795376316,
        started_at=1795376317,
        partition="debug",
        account="demo",
        nodes="n1",
        user="alice",
        uid=1001,
        cpus=2,
        time_limit=600,
    )


def test_a_pending_job_has_no_start_though_slurm_foresees_one() -> None:
    row = queued(T="PENDING", r="Priority")

    assert (row.started_at, row.ended_at, row.reason, row.is_over) == (None, None, "Priority", False)


def test_an_ended_job_has_both() -> None:
    row = queued(T="FAILED", r="NonZeroExitCode", e="1795376319")

    assert (row.started_at, row.ended_at, row.is_over) == (1795376317, 1795376319, True)


def test_a_job_cancelled_while_it_waited_was_never_started() -> None:
    row = queued(T="CANCELLED", S="1795376319", e="1795376319", N="")

    assert (row.started_at, row.ended_at) == (None, 1795376319)


@pytest.mark.parametrize(
    ("name", "job", "parts", "array"),
    [
        ("7", 7, (0,), False),
        ("2_3", 2, (3,), True),
        ("2_[1-4,7%2]", 2, (1, 2, 3, 4, 7), True),
        ("28_[0-10:2%3]", 28, (0, 2, 4, 6, 8, 10), True),
        ("2_[1-3,9,...]", 2, (1, 2, 3, 9), True),
        ("16+1", 16, (1,), False),
    ],
)
def test_ids_of_jobs_arrays_and_heterogeneous_jobs(name: str, job: int, parts: tuple[int, ...], array: bool) -> None:
    row = queued(i=name)

    assert (row.job, row.parts, row.array) == (job, parts, array)


def test_a_comment_may_hold_anything_without_passing_for_a_row() -> None:
    comment = f"jobbergate:abc it's | {SEPARATOR} \n{SEPARATOR.join(LINE)}{SEPARATOR}jobbergate:other"

    rows = queue_rows(squeue([*LINE, comment], ["2", *LINE[1:], "(null)"]), MARKER)

    assert [(row.job, row.comment, row.tag) for row in rows] == [(1, comment, "abc"), (2, "", None)]


@pytest.mark.parametrize("comment", ["", "my own", "jobbergate:", "see jobbergate:abc"])
def test_other_comments_are_no_tags(comment: str) -> None:
    assert queued(comment).tag is None


@given(st.text())
def test_whatever_squeue_and_the_others_print_is_read_without_an_error(text: str) -> None:
    queue_rows(MARKER + text, MARKER)
    record_rows(text, DELIMITER)
    wait_statuses(text)
    state_word(text)
    exit_codes(text)
    cluster_name(text)
    list(indexes(text))


def test_names_of_jobs_may_hold_line_ends() -> None:
    assert named_jobs(f"{MARKER}1{SEPARATOR}a\nb\n{MARKER}2_[1-3]{SEPARATOR}c\n", MARKER) == [
        ("1", "a\nb"),
        ("2_[1-3]", "c"),
    ]


def test_accounting_gives_each_allocation_the_peak_memory_of_its_steps() -> None:
    rows = recorded({}, {0: "1.batch", 8: "", 9: "", 11: "4688K"}, {0: "1.0", 8: "", 9: "", 11: "5M"})

    assert rows == [
        Row(
            job=1,
            parts=(0,),
            array=False,
            state="FAILED",
            exit_code="3:0",
            submitted_at=1795376316,
            started_at=1795376317,
            ended_at=1795376319,
            partition="debug",
            account="demo",
            nodes="n1",
            user="alice",
            uid=1001,
            cpus=4,
            memory=4 << 30,
            time_limit=183_900,
            cpu_time=0.317,
            peak_memory=5 << 20,
        )
    ]


def test_accounting_of_an_array_has_a_row_for_each_started_task_and_one_for_the_others() -> None:
    rows = recorded({0: "2_0"}, {0: "2_0.batch", 11: "1K"}, {0: "2_[1-3%2]", 1: "PENDING", 5: "Unknown"})

    assert [(row.job, row.parts, row.state, row.is_over) for row in rows] == [
        (2, (0,), "FAILED", True),
        (2, (1, 2, 3), "PENDING", False),
    ]


def test_a_job_that_was_queued_again_has_a_record_for_each_run_with_its_own_steps() -> None:
    batch = {0: "1.batch", 8: "", 9: ""}
    rows = recorded({1: "REQUEUED"}, {**batch, 11: "9M"}, {3: "1795376319"}, {**batch, 11: "1M"})

    assert [(row.state, row.submitted_at, row.peak_memory, row.is_over) for row in rows] == [
        ("REQUEUED", 1795376316, 9 << 20, False),
        ("FAILED", 1795376319, 1 << 20, True),
    ]


def test_an_account_with_a_line_end_in_it_does_not_pass_for_another_record() -> None:
    forged = "\n" + SEPARATOR.join(["7", "COMPLETED", *RECORD[2:]])

    (row,) = recorded({16: f"demo{forged}"})

    assert (row.job, row.account) == (1, "demo")


def test_what_stands_in_the_account_cannot_make_a_job_somebody_elses() -> None:
    row = queued(a=SEPARATOR.join(["x", "n1", "1", "jobbergate:other"]))

    assert (row.user, row.uid) == ("alice", 1001)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("RUNNING", "RUNNING"),
        ("CANCELLED by 1000", "CANCELLED"),
        ("RUNNING,POWER_UP_NODE", "RUNNING"),
        ("POWER_UP_NODE|PENDING", "PENDING"),
        ("COMPLETED,COMPLETING", "COMPLETING"),
        ("PREEMPTED,REQUEUED", "REQUEUED"),
        ("CANCELLED,REVOKED", "CANCELLED"),
        ("SOMETHING_NEW", "SOMETHING_NEW"),
        ("", ""),
    ],
)
def test_one_word_of_several(text: str, word: str) -> None:
    assert state_word(text) == word


def test_accounting_says_who_cancelled_and_no_exit_code_of_what_never_ran() -> None:
    (row,) = recorded({1: "CANCELLED by 1001", 2: "0:0", 12: "None assigned"})

    assert (row.state, row.exit_code, row.started_at, row.nodes) == ("CANCELLED", None, None, "")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10:00", 600),
        ("01:00:00", 3600),
        ("1-02:03:04", 93_784),
        ("00:00.317", 0.317),
        ("UNLIMITED", None),
        ("Partition_Limit", None),
        ("", None),
    ],
)
def test_durations(text: str, seconds: float | None) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("4688K", 4688 << 10),
        ("1500M", 1500 << 20),
        ("1.50G", 3 << 29),
        ("0", 0),
        ("4Gc", 16 << 30),
        ("4Gn", 8 << 30),
        ("", None),
    ],
)
def test_memory(text: str, count: int | None) -> None:
    assert memory(text, cpus="4", nodes="2") == count


def test_exit_codes_of_a_job_and_of_the_tasks_of_an_array() -> None:
    job = "JobId=1 JobName=ExitCode=9:9\n   UserId=alice(1001)\n   Requeue=1 Restarts=0 Reboot=0 ExitCode=3:0\n"
    task = job.replace("JobId=1", "JobId=6 ArrayJobId=2 ArrayTaskId=1 ArrayTaskThrottle=2")
    waiting = job.replace("JobId=1", "JobId=2 ArrayJobId=2 ArrayTaskId=3-5%2 ArrayTaskThrottle=2")

    assert exit_codes(job) == {0: "3:0"}
    assert exit_codes(f"{task}\n{task.replace('TaskId=1', 'TaskId=2').replace('3:0', '0:9')}\n{waiting}") == {
        1: "3:0",
        2: "0:9",
        3: "3:0",
        4: "3:0",
        5: "3:0",
    }


def test_exit_codes_of_everything_in_the_queue_as_numbers_that_nobody_can_write_into() -> None:
    lines = [
        ["4", "4", "N/A", "N/A", "N/A", "768"],
        ["9", "9", "N/A", "N/A", "N/A", "15"],
        ["3", "2", "1", "N/A", "N/A", "1024"],
        ["2", "2", "2-7", "N/A", "N/A", "0"],
        ["15", "15", "N/A", "14", "1", "256"],
    ]
    text = "".join("".join(word.ljust(20) for word in line) + "\n" for line in lines)

    assert wait_statuses(text) == {4: {0: "3:0"}, 9: {0: "0:15"}, 2: {1: "4:0"}, 14: {1: "1:0"}}


def test_the_name_of_the_cluster() -> None:
    assert cluster_name("ClusterName             = hilbert\nCommunicationParameters = (null)\n") == "hilbert"


# --- sbatch ---------------------------------------------------------------------------------------------------------

FAILED = "sbatch: error: Batch job submission failed:"


@pytest.mark.parametrize(
    ("code", "lines", "text", "expected"),
    [
        (0, ["4711\n"], "", Accepted(4711, None, "")),
        (
            0,
            ["Hello from the site\n", "4711;hilbert\n"],
            "sbatch: be nice\n",
            Accepted(4711, "hilbert", "sbatch: be nice"),
        ),
        # `#SBATCH --wait`, ended by us or with the job's own exit status.
        (-9, ["4711\n"], "", Accepted(4711, None, "")),
        (3, ["4711\n"], "", Accepted(4711, None, "")),
        (1, [], f"{FAILED} Invalid partition name specified\n", Refused(f"{FAILED} Invalid partition name specified")),
        (255, [], "sbatch: unrecognized option '--nope'", Refused("sbatch: unrecognized option '--nope'")),
        (1, [], "", Refused("sbatch ended with exit status 1 and said nothing")),
        (0, [], "sbatch: Job 6 to start", Refused("sbatch: Job 6 to start (sbatch made no job)")),
        (-9, [], "", NoAnswer("sbatch was ended by signal 9")),
    ],
)
def test_what_became_of_a_submission(code: int, lines: list[str], text: str, expected: object) -> None:
    assert outcome(code, lines, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        f"{FAILED} Unable to contact slurm controller (connect failure)",
        f"{FAILED} Socket timed out on send/recv operation",
        f"{FAILED} Zero Bytes were transmitted or received",
        f"{FAILED} Connection refused",
        f"{FAILED} Protocol authentication error",
        f"{FAILED} Resource temporarily unavailable",
        f"{FAILED} Slurm backup controller in standby mode",
        "sbatch: error: ClusterName needs to be specified\nsbatch: fatal: Unable to process configuration file",
    ],
)
def test_a_slurm_that_was_not_reached_has_not_refused(text: str) -> None:
    assert outcome(1, [], text) == NoAnswer(text)


def test_what_a_site_says_in_its_own_words_does_not_turn_a_refusal_into_silence() -> None:
    text = f"sbatch: error: Please retry, your connection to the project timed out.\n{FAILED} Unspecified error"

    assert outcome(1, [], text) == Refused(text)


def test_the_owners_arguments_stand_between_ours() -> None:
    assert sbatch_command(["--time=10", "--comment=mine"], "jobbergate:abc mine", "job.sh") == [
        "sbatch", "--parsable", "--hold", "--comment=jobbergate:abc mine", "--time=10", "--comment=mine",
        "--comment=jobbergate:abc mine", "./job.sh",
    ]  # fmt: skip


def test_a_job_inherits_everything_but_what_steers_slurm_and_what_is_ours() -> None:
    own = {"PATH": "/usr/bin", "LOADEDMODULES": "gcc/12", "SLURM_CONF": "/etc/slurm.conf"}
    steering = {"SBATCH_PARTITION": "long", "SLURM_JOB_ID": "7", "SQUEUE_FORMAT": "%i", "JOBBERGATE_PASSWORD": "secret"}

    assert job_environment(own | steering) == own
    assert asking_environment(own | steering | {"LC_ALL": "de_DE.UTF-8"}) == own | {
        "LC_ALL": "C",
        "SLURM_TIME_FORMAT": "%s",
        "SLURM_BITSTR_LEN": "0",
    }


def test_the_largest_array_that_a_cluster_takes() -> None:
    assert max_array_size("MailProg = x\nMaxArraySize            = 1001\n") == 1001
    assert max_array_size("MailProg = x\n") is None
