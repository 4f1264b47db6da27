"""Slurm's reasons, and our own states, in plain words with what to do about them. Pure.

Source: the words of squeue and scontrol in Slurm 22.05 to 25.11. The families of limits (`QOSMaxCpuPerUserLimit`,
`AssocGrpGRESMinutes`) are put together from what their names are put together from. What is not known here is not
explained: Slurm's own word stands beside it.
"""

import re

from submissions import states

# What each status means, and what helps; every status that we or Slurm 22.05 have is here.
STATUSES = {
    states.CREATED: (
        "Nobody has taken it to Slurm yet: its cluster's agent does so within seconds. If nothing happens, see"
        " whether that cluster's agent is silent (`jobbergate clusters list`), or submit it on a login node."
    ),
    states.SUBMITTING: (
        "It is being handed to Slurm. If that takes longer than some minutes, look at it on a login node with"
        " `jobbergate job-submissions get ID --refresh`, which goes on with what was left half-way."
    ),
    states.REJECTED: (
        "Slurm did not take it, for the reason it gave. Change what it complains about in the script or in the"
        " sbatch arguments, and submit again."
    ),
    states.UNKNOWN: (
        "Slurm answers, and does not know the job any more, so nobody can say how it ended. It is looked for"
        " again; its output files may tell."
    ),
    states.PENDING: "It waits in Slurm's queue.",
    states.RUNNING: "It runs, or its nodes are being made ready.",
    states.SUSPENDED: "It is stopped for now and keeps its nodes; Slurm, or an administrator, lets it go on.",
    states.COMPLETING: "It has ended, and its nodes are being cleaned up. How it ended is told when that is done.",
    states.COMPLETED: "It ended with exit code 0.",
    states.FAILED: "It ended with an exit code other than 0, or by a signal. Its output and error files say more.",
    states.CANCELLED: "Its owner or an administrator cancelled it.",
    "timeout": "It ran into its time limit and was ended. Ask for more time (--time), or go on from a checkpoint.",
    "out_of_memory": (
        "It used more memory than it had asked for. Ask for more (--mem or --mem-per-cpu); the peak memory of the"
        " submission shows how far it came."
    ),
    states.NODE_FAIL: "One of its nodes failed under it, through no fault of the job. Submit it again.",
    "boot_fail": "Its nodes could not be started. Submit it again, and tell the administrators if that happens again.",
    "deadline": "It could not end before its deadline (--deadline), and was removed.",
    "revoked": "Another cluster of the federation has taken the job.",
    states.PREEMPTED: (
        "It had to make room for a job of higher priority, and was not queued again. Submit it again, or allow"
        " Slurm to queue it again by itself (--requeue)."
    ),
}

# Why a job waits.
WAITING = {
    "Priority": "Other jobs of higher priority are before it. It begins when it is its turn.",
    "Resources": (
        "It is next, and waits for nodes to become free. Asking for less (nodes, CPUs, memory, time) may let it"
        " fit in sooner."
    ),
    "Dependency": "It waits for another job to end first.",
    "DependencyNeverSatisfied": (
        "The job that it waits for did not end as it had to, so it never begins. Cancel it, and submit it again"
        " after the other one has succeeded."
    ),
    "JobHeldUser": (
        "It is held: for a moment while it is handed over, else because its owner wanted it held. `scontrol"
        " release` lets it go."
    ),
    "JobHeldAdmin": "An administrator holds it, and only they can let it go. Ask them why.",
    "JobHoldMaxRequeue": (
        "It failed to begin too often, and Slurm holds it. Ask the administrators which of its nodes is broken;"
        " then release it."
    ),
    "BeginTime": (
        "Its time to begin has not come: the one it was submitted with (--begin), or about two minutes after it"
        " was queued again."
    ),
    "PartitionTimeLimit": (
        "Its time limit is longer than its partition allows, so it never begins. Ask for less time (--time) or"
        " take another partition."
    ),
    "PartitionNodeLimit": (
        "It asks for more or fewer nodes than its partition allows, so it never begins. Change --nodes or take"
        " another partition."
    ),
    "PartitionConfig": (
        "Its partition cannot serve what it asks for: more than there is, or more than is allowed. Ask for less"
        " or take another partition."
    ),
    "PartitionDown": "Its partition starts no jobs at present. Wait, or take another one.",
    "PartitionInactive": "Its partition is closed. Take another one, or ask the administrators.",
    "ReqNodeNotAvail": (
        "A node that it needs is down, drained or reserved, often for maintenance. It begins afterwards; a"
        " shorter time limit may let it run before."
    ),
    "Nodes required for job are DOWN, DRAINED or reserved": (
        "Nodes that it needs are down, drained, or kept for partitions of higher priority. It waits for them;"
        " with less or other requirements it may run elsewhere."
    ),
    "BadConstraints": (
        "No node can give what it asks for, so it never begins. Look at --constraint, --gres, --mem and --nodes."
    ),
    "Constraints": "No node can give what it asks for at present. Look at --constraint.",
    "Licenses": "It waits for a licence that others use.",
    "Reservation": "It waits for its reservation to begin.",
    "ReservationDeleted": "Its reservation was deleted. Submit it without --reservation, or with another one.",
    "ReservationInvalid": (
        "Its reservation cannot be used any more. Submit it without --reservation, or with another one."
    ),
    "NodeDown": "A node that it needs is down. It waits until the node is back.",
    "FrontEndDown": "No front-end node is there to run it. Wait, or tell the administrators.",
    "JobArrayTaskLimit": (
        "As many of the array's tasks run at once as it allows (the number behind %). The others follow."
    ),
    "Cleaning": "It was queued again, and its last run is still being cleaned up.",
    "Prolog": "Its nodes are being prepared.",
    "InvalidAccount": "Its account is not valid. Submit it with another one (--account).",
    "AccountNotAllowed": "Its account may not use this partition. Take another account or partition.",
    "InvalidQOS": "Its QOS is not valid. Submit it with another one (--qos).",
    "QOSNotAllowed": "Its QOS may not be used in this partition or by its account. Take another QOS or partition.",
    "QOSUsageThreshold": "Its owner or account has used more than its QOS demands. It waits until that has faded.",
    "QOSJobLimit": "As many jobs run in its QOS as may. It begins when one of them ends.",
    "QOSResourceLimit": "As much is in use in its QOS as may be. It begins when other jobs end, or with less.",
    "QOSTimeLimit": "Its QOS has used up its time, or allows less for a job. Ask for less time, or take another QOS.",
    "AssociationJobLimit": "As many jobs of its account run as may. It begins when one of them ends.",
    "AssociationResourceLimit": (
        "As much is in use by its account as may be. It begins when other jobs end, or with less."
    ),
    "AssociationTimeLimit": (
        "Its account has used up its time, or allows less for a job. Ask for less, or for more budget."
    ),
    "AccountingPolicy": "A limit of its account or QOS stands against it. Ask the administrators which.",
    "MaxMemPerLimit": (
        "It asks for more memory a CPU or node than its partition allows, so it never begins. Ask for less."
    ),
    "BurstBufferResources": "It waits for room in the burst buffer.",
    "BurstBufferStageIn": "Its files are being copied into the burst buffer.",
    "BurstBufferOperation": "The burst buffer did not do what the job needs. Ask the administrators.",
    "PowerNotAvail": "Not enough power is left for it at present. It waits.",
    "PowerReserved": "The power it needs is reserved. It waits.",
    "FedJobLock": "The clusters of the federation are settling which of them runs it.",
    "SchedDefer": "Slurm starts no job at once here; it is looked at with the next round.",
    "DeadLine": "It cannot end before its deadline (--deadline). Submit it with a later one.",
    "job requeued in held state": "It was queued again and is held. Its owner lets it go with `scontrol release`.",
    "launch failed requeued held": (
        "It could not be launched, and is held. Ask the administrators about the node; then release it."
    ),
    "user env retrieval failed requeued held": (
        "Its owner's environment could not be read on the node, and it is held. Submit it without --get-user-env,"
        " or release it."
    ),
}

# Why a job ended as it did.
ENDS = {
    "NonZeroExitCode": "Its script ended with an exit code other than 0. Its output and error files say more.",
    "RaisedSignal": "A signal ended it: 9 and 15 are sent by people and by Slurm, 11 and 6 are faults of the program.",
    "OutOfMemory": STATUSES["out_of_memory"],
    "TimeLimit": STATUSES["timeout"],
    "NodeDown": STATUSES[states.NODE_FAIL],
    "NodeFail": STATUSES[states.NODE_FAIL],
    "DeadLine": STATUSES["deadline"],
    "JobLaunchFailure": (
        "Slurm could not start it on its node: most often the directory, or the place of its output, is not there"
        " or may not be written to. Look at --chdir and --output."
    ),
    "SystemFailure": "Slurm or the machine failed, not the job. Submit it again.",
    "InactiveLimit": "It was allocated and did nothing for too long.",
    "Prolog": "Its nodes could not be prepared. Submit it again, and tell the administrators if that happens again.",
    "BurstBufferOperation": WAITING["BurstBufferOperation"],
    "InvalidAccount": WAITING["InvalidAccount"],
    "InvalidQOS": WAITING["InvalidQOS"],
    "DependencyNeverSatisfied": "The job that it waited for did not end as it had to, so it was removed.",
}

LIMIT = re.compile(
    r"(?P<whose>QOS|Assoc|)(?P<kind>Grp|Max|Min)(?P<submit>Submit)?"
    r"(?P<what>Cpu|CPU|Jobs?|Memory|Mem|Node|WallDuration|Wall|GRES|License|BB|Billing|Energy|Unknown)"
    r"(?P<time>RunMinutes|Minutes)?(?P<each>PerJob|PerNode|PerUser|PerAccount)?(?:Limit|NotSatisfied)?"
)
WHOSE = {"QOS": "its QOS", "Assoc": "its account", "": "its QOS"}
WHAT = {
    "Cpu": "CPUs", "CPU": "CPUs", "Job": "jobs", "Jobs": "jobs", "Memory": "memory", "Mem": "memory", "Node": "nodes",
    "WallDuration": "time", "Wall": "time", "GRES": "GPUs or other devices", "License": "licences",
    "BB": "burst buffer", "Billing": "billing units", "Energy": "energy", "Unknown": "units of a resource",
}  # fmt: skip


def explain(status: str, reason: str) -> str:
    """What it means and what to do about it; "" where the status says it all."""
    if status in (states.COMPLETED, states.RUNNING, states.PENDING) and reason in ("", "None"):
        return ""
    if states.is_final(status):
        return found_in(ENDS, reason) or STATUSES.get(status, "")
    if status in states.WAITING or status == states.UNKNOWN:
        return STATUSES[status]
    return found_in(WAITING, reason) or of_limit(reason) or ("" if reason else STATUSES.get(status, ""))


def found_in(table: dict[str, str], reason: str) -> str:
    """By its first word (`ReqNodeNotAvail, UnavailableNodes:n1`, `RaisedSignal:9(Killed)`), or as a piece of text."""
    word = re.match(r"\w*", reason)
    if word and word[0] in table:
        return table[word[0]]
    return next((text for words, text in table.items() if " " in words and words in reason), "")


def of_limit(reason: str) -> str:
    """The families of limits that a site sets on accounts and QOS."""
    found = LIMIT.fullmatch(reason)
    if found is None:
        return ""
    whose, what = WHOSE[found["whose"]], WHAT[found["what"]]
    if found["kind"] == "Min":
        return f"It asks for less than {whose} demands ({what}), so it never begins. Ask for more."
    if found["each"] in ("PerJob", "PerNode"):
        return of_one_job(whose, what, found["each"], bool(found["time"]))
    if found["time"] == "RunMinutes":
        return (
            f"What runs under {whose} has asked for as much time with {what} as may be promised at once. It begins when"
            " other jobs end; shorter time limits help."
        )
    if found["time"] or (found["kind"] == "Grp" and found["what"] == "Wall"):
        return f"The budget of {whose} is used up ({what}, over time). Ask the administrators, or take another one."
    return of_many_jobs(found["kind"], found["each"], whose, "waiting and running jobs" if found["submit"] else what)


def of_one_job(whose: str, what: str, each: str, over_time: bool) -> str:
    where = "on a node" if each == "PerNode" else "for a job"
    amount = f"{what} over its time limit" if over_time else what
    return (
        f"It asks for more {amount} than {whose} allows {where}, so it never begins. Ask for less, or take another"
        " account or QOS."
    )


def of_many_jobs(kind: str, each: str | None, whose: str, what: str) -> str:
    if kind == "Grp":
        return f"All who share {whose} together have all the {what} that they may. It begins when jobs of theirs end."
    if each == "PerAccount":
        return f"Its account has all the {what} that {whose} allows an account. It begins when jobs of the account end."
    return f"Its owner has all the {what} that {whose} allows a person. It begins when one of their jobs ends."
