"""Values of sbatch's options: which of them it refuses, whatever the cluster. Pure.

What a partition, an account or a feature is called is the site's to know, and no business of this module. The rules
are those of Slurm 22.05, tried on a real one; its odd ones too (`--time=1-` is one day, `--array=0,` is task 0).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

Check = Callable[[str], bool]
# What C keeps a number in; strtol makes the largest of all that is larger.
INT, LONG, UNSIGNED = 2**31 - 1, 2**63 - 1, 2**64 - 1


@dataclass(frozen=True)
class Rule:
    accepts: Check
    # What would be accepted: ends the sentence `…; give `.
    accepted: str


def like(pattern: str) -> Check:
    found = re.compile(pattern, re.IGNORECASE | re.ASCII)
    return lambda text: found.fullmatch(text) is not None


def up_to(accepts: Check, largest: int) -> Check:
    """Of what is accepted, that without any larger number in it."""
    return lambda text: accepts(text) and all(int(digits) <= largest for digits in re.findall(r"\d+", text, re.ASCII))


def as_long(digits: str) -> int:
    return min(int(digits), LONG)


def as_int(number: int) -> int:
    """What C leaves of a number that it puts into an int, as sbatch does unasked."""
    return (number + INT + 1) % 2**32 - INT - 1


def squeezed(text: str) -> str:
    """As sbatch understands numbers in it, without what makes it long: more than twenty digits overflow anyway."""
    return re.sub(r"\d{20,}", saturated, re.sub(r"[ \t\n\v\f\r]{2,}", " ", text), flags=re.ASCII)


def saturated(digits: re.Match[str]) -> str:
    return (digits[0].lstrip("0") or "0") if len(digits[0].lstrip("0")) < 20 else "9" * 20


def one_of(*words: str) -> Check:
    return lambda text: text.lower() in words


# --- times ----------------------------------------------------------------------------------------------------------

CLOCK = r"(?:midnight|noon|fika|teatime|(?:[01]?\d|2[0-3]):\d{2}(?::\d{2})?\s*(?:am|pm)?)"
MONTH, DAY = r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])"
DATE = rf"(?:\d{{4}}-{MONTH}-{DAY}|{MONTH}[/.]{DAY}(?:[/.]\d{{2}}(?:\d{{2}})?)?|\d{{4}}(?:\d{{2}})?|today|tomorrow)"
AFTER = r"now(?:\s*[+-]\s*\d+\s*(?:s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:ours?)?|d(?:ays?)?|w(?:eeks?)?)?)?"
MOMENT = like(rf"{AFTER}|{CLOCK}|{DATE}(?:[T\s]\s*{CLOCK})?|{CLOCK}\s+{DATE}")
TIME = Rule(
    like(r"-?\d+|\d+:\d+|\d+:\d+:\d+|\d+-(?:\d+(?::\d+(?::\d+)?)?)?|unlimited|infinite"),
    "minutes, or MM:SS, HH:MM:SS, D-HH, D-HH:MM, D-HH:MM:SS, or UNLIMITED",
)


def moment(text: str) -> bool:
    # Four digits alone are a month and a day.
    return MOMENT(text) and re.fullmatch(r"(?!(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))\d{4}", text) is None


# --- counts ---------------------------------------------------------------------------------------------------------

COUNT = Rule(up_to(like(r"\s*\+?0*[1-9]\d*"), LONG - 1), "a number above 0")
COUNT_AS_INT = Rule(lambda text: COUNT.accepts(text) and as_int(int(text)) >= 0, COUNT.accepted)
COUNT_OR_NONE = Rule(up_to(like(r"\s*\+?\d+"), LONG - 1), "a number")
MEMORY = Rule(
    up_to(like(r"\s*\+?\d+(?:[kmgt]b?)?"), LONG), "a whole number of megabytes, or one with K, M, G or T behind it"
)
NODES = re.compile(r"\s*\+?(-?\d+)([km]?)\s*(?:-\s*\+?(\d+)([km]?)\s*)?", re.IGNORECASE | re.ASCII)
THOUSANDS = {"": 1, "k": 1024, "m": 1024 * 1024}


def nodes(text: str) -> bool:
    found = NODES.fullmatch(text)
    if found is None:
        return False
    fewest = as_int(as_long(found[1].lstrip("-")) * THOUSANDS[found[2].lower()])
    if fewest < 0 or found[3] is None:
        return fewest >= 0
    most = as_int(as_long(found[3]) * THOUSANDS[found[4].lower()])
    # No most at all is 0.
    return most == 0 or most >= fewest


RANGE = re.compile(r"\s*\+?(\d+)(?:-\s*\+?(\d+)(?::\s*\+?(\d+))?)?", re.ASCII)
# MaxArraySize is at most 4,000,001.
LARGEST_INDEX = 4_000_000


def array(text: str) -> bool:
    return all(indexes(piece) for piece in re.sub(r"%[^,\]]*|[\[\]]", "", text).split(",") if piece)


def indexes(piece: str) -> bool:
    found = RANGE.fullmatch(piece)
    if found is None or (found[3] is not None and not int(found[3])):
        return False
    first, last = int(found[1]), int(found[2] or found[1])
    return first <= last <= LARGEST_INDEX


# --- dependencies ---------------------------------------------------------------------------------------------------

JOB = r"\s*[+-]?0*[1-9]\d*(?:_(?:\d+|\*))?(?:\+\d+)?"
CONDITION = rf"(?:after(?:any|ok|notok|corr|burstbuffer)?(?::{JOB})+|expand:\d+|singleton|{JOB})"
DEPENDENCY = Rule(
    like(rf"(?:{CONDITION}(?:[,?]{CONDITION})*)?"),
    "after, afterany, afterok, afternotok, aftercorr or afterburstbuffer with job ids (afterok:12:13), or singleton",
)

# --- words ----------------------------------------------------------------------------------------------------------

MAIL = like(
    r"none|begin|end|fail|requeue|all|invalid_depend|stage_out|time_limit(?:_[589]0)?|array_tasks",
)
SIGNALS = (
    "hup int quit abrt kill alrm term usr1 usr2 urg cont stop tstp ttin ttou ill fpe segv pipe chld bus poll prof sys"
    " trap vtalrm xcpu xfsz"
)
SIGNAL = re.compile(
    rf"(?:[rb]+:)?(?:0*[1-9]\d*|(?:sig)?(?:{'|'.join(SIGNALS.split())}))(?:@(\d*))?", re.IGNORECASE | re.ASCII
)
DISTRIBUTION = like(
    r"(?:\*|arbitrary|plane=\d+|(?:block|cyclic)(?::(?:\*|block|cyclic|fcyclic)?){0,2}|\*(?::(?:\*|block|cyclic|fcyclic)){1,2}"
    r"|pack|nopack)(?:,(?:pack|nopack))?"
)
FREQUENCY = r"(?:\d+|low|medium|high|highm1)"
GOVERNOR = r"(?:conservative|ondemand|performance|powersave|schedutil|userspace)"
LIMITS = ["as", "core", "cpu", "data", "fsize", "memlock", "nofile", "nproc", "rss", "stack"]


def mail_types(text: str) -> bool:
    """One word that is known makes up for all that are not."""
    return any(MAIL(word) for word in text.split(","))


def signal(text: str) -> bool:
    found = SIGNAL.fullmatch(text)
    return found is not None and int(found[1] or 0) <= 65535


def words_of(*words: str) -> Check:
    return lambda text: all(word.lower() in words for word in text.split(","))


def words_like(pattern: str) -> Check:
    """The first of them counts: further commas may belong to its value."""
    return lambda text: all(map(like(pattern), text.split(",")))


PART = r"(?:\s*\+?\d+(?:-\d*)?|\*|)"
PARTS = like(rf"{PART}(?::{PART}(?::{PART}(?::.*)?)?)?")
GRES_ITEM = like(r"(?:gres:)?[a-z][^:=/,\s]*(?::[^:=,\s]+?)?(?::\d+[kmgtp]?)?")


def gres(text: str) -> bool:
    return text.lower() == "none" or all(is_gres(item) for item in text.split(","))


def is_gres(item: str) -> bool:
    # What begins like a number has to be one.
    _, colon, count = item.rpartition(":")
    if colon and re.match(r"\d+[kmgtp]*[^\dkmgtp]", count, re.IGNORECASE | re.ASCII):
        return False
    number = re.match(r"\d+", count, re.ASCII) if colon else None
    return GRES_ITEM(item) and (number is None or int(number[0]) < UNSIGNED)


def gpus(text: str) -> bool:
    """Slurm takes a word for a type, of which there is one."""
    return not text or all(is_gres(f"gpu:{item}") for item in text.split(","))


def node_list(text: str) -> bool:
    ranges = re.findall(r"(\d+)-(\d+)", " ".join(re.findall(r"\[([^\][]*)\]", text)))
    return all(int(first) <= int(last) for first, last in ranges)


MEM_BIND = r"(?:v(?:erbose)?|q(?:uiet)?|no(?:ne)?|rank|local|sort|prefer|p|map_?mem:.+|mask_?mem:.+|0x[0-9a-f]+|\d+)"
GPU_BIND = r"(?:v(?:erbose)?|q(?:uiet)?|none|closest|single:\d+|per_task:\d+|map_gpu:.+|mask_gpu:.+|0x[0-9a-f]+|\d+)"
GPU_FREQ = r"(?:(?:memory=)?(?:low|medium|high|highm1|\d+)|verbose)"


def limits(text: str) -> bool:
    return text.lower() in ("all", "none", "") or words_of(*LIMITS)(text)


def nice(text: str) -> bool:
    found = re.match(r"\s*[+-]?\d+", text, re.ASCII)
    return found is None or abs(int(found[0])) <= 2147483645


def priority(text: str) -> bool:
    number = re.match(r"\s*\+?(\d+)", text, re.ASCII)
    return not text.strip().startswith("-") and (number is None or int(number[1]) <= 2**32 - 3)


def switches(text: str) -> bool:
    return COUNT.accepts(text.partition("@")[0])


COUNTS = """
    ntasks cpus-per-task mincpus sockets-per-node cores-per-socket threads-per-core ntasks-per-node ntasks-per-core
    ntasks-per-socket ntasks-per-gpu cpus-per-gpu
"""
RULES = {
    **dict.fromkeys(("time", "time-min", "delay-boot"), TIME),
    **dict.fromkeys(("mem", "mem-per-cpu", "mem-per-gpu", "tmp"), MEMORY),
    **dict.fromkeys(COUNTS.split(), COUNT),
    **dict.fromkeys(("ntasks", "cpus-per-task"), COUNT_AS_INT),
    **dict.fromkeys(("core-spec", "thread-spec"), COUNT_OR_NONE),
    **dict.fromkeys(
        ("begin", "deadline"), Rule(moment, "a time such as 16:00, tomorrow, 2030-12-31T08:00 or now+1hour")
    ),
    "nodes": Rule(nodes, "a number of nodes, or the fewest and the most, such as 2-4"),
    "array": Rule(array, "indexes such as 0-15, 1,3,5, 0-30:2 or 0-99%4"),
    "dependency": DEPENDENCY,
    "gres": Rule(gres, "names with numbers, such as gpu:2 or gpu:a100:1"),
    "gpus": Rule(gpus, "a number, or types with numbers, such as a100:2"),
    "extra-node-info": Rule(
        up_to(like(rf"{PART}(?::{PART}(?::{PART}(?::.*)?)?)?"), INT), "sockets, cores and threads, such as 2:8:1"
    ),
    "nodelist": Rule(node_list, "names of nodes, such as n[1-4],n7"),
    "mem-bind": Rule(words_like(MEM_BIND), "none, local, rank, map_mem:LIST or mask_mem:LIST"),
    "gpu-bind": Rule(words_like(GPU_BIND), "closest, none, single:N, per_task:N, map_gpu:LIST or mask_gpu:LIST"),
    "gpu-freq": Rule(words_like(GPU_FREQ), "low, medium, high, highm1 or MHz, also memory=high"),
    "signal": Rule(signal, "[{R|B}:]SIGNAL[@SECONDS], with at most 65535 seconds"),
    "mail-type": Rule(mail_types, "NONE, BEGIN, END, FAIL, REQUEUE, ALL, TIME_LIMIT and the like, with commas between"),
    "exclusive": Rule(one_of("", "exclusive", "user", "mcs", "topo"), "nothing, or user or mcs"),
    "no-kill": Rule(one_of("", "off", "set"), "nothing, or off"),
    "get-user-env": Rule(like(r"(?:\d*[sl]?)?"), "nothing, or seconds, with S or L behind them"),
    "priority": Rule(priority, "a number from 0 to 4294967293, or TOP"),
    "open-mode": Rule(
        like(r"a(?:p(?:p(?:e(?:nd?)?)?)?)?|t(?:r(?:u(?:n(?:c(?:a(?:te?)?)?)?)?)?)?"), "append or truncate"
    ),
    "distribution": Rule(up_to(DISTRIBUTION, INT), "block, cyclic, plane=SIZE or arbitrary, such as block:cyclic"),
    "hint": Rule(
        one_of("compute_bound", "memory_bound", "multithread", "nomultithread"),
        "compute_bound, memory_bound, multithread or nomultithread",
    ),
    "kill-on-invalid-dep": Rule(one_of("yes", "no"), "yes or no"),
    "switches": Rule(switches, "a number of switches, and how long to wait for them: 1@10:00"),
    "wait-all-nodes": Rule(one_of("0", "1"), "0 or 1"),
    "gres-flags": Rule(
        words_of("enforce-binding", "disable-binding", "one-task-per-sharing", "multiple-tasks-per-sharing"),
        "enforce-binding or disable-binding",
    ),
    "profile": Rule(words_of("all", "none", "energy", "task", "filesystem", "lustre", "network"), "all, none or task"),
    "propagate": Rule(limits, f"ALL, NONE, or some of {', '.join(LIMITS).upper()}"),
    "nice": Rule(nice, "a number from -2147483645 to 2147483645"),
    "cpu-freq": Rule(
        like(rf"{FREQUENCY}(?:-{FREQUENCY}(?::{GOVERNOR})?)?|{GOVERNOR}"),
        "kHz, LOW-HIGH, low, medium, high or a governor",
    ),
    "acctg-freq": Rule(
        up_to(
            like(r"0*[1-9]\d*|(?:task|energy|network|filesystem)=\d+(?:,(?:task|energy|network|filesystem)=\d+)*"),
            LONG - 1,
        ),
        "seconds, or task, energy, network or filesystem with seconds: task=30",
    ),
}
for same in ("gpus-per-node", "gpus-per-socket", "gpus-per-task"):
    RULES[same] = RULES["gpus"]


# In bytes; slurmctld takes no more.
LONGEST = {
    **dict.fromkeys(("account", "cluster-constraint", "comment", "job-name", "mail-user", "mcs-label"), 1024),
    **dict.fromkeys(("constraint", "licenses", "network", "partition", "qos", "reservation", "wckey"), 1024),
    **dict.fromkeys(("array", "chdir", "error", "input", "output"), 4096),
    "bb": 8192,
}


def accepted(option: str, value: str | None) -> str | None:
    """What sbatch would take in place of this value; None where it takes it."""
    if len((value or "").encode(errors="replace")) > LONGEST.get(option, len(value or "") * 4):
        return f"at most {LONGEST[option]} bytes"
    rule = RULES.get(option)
    return None if rule is None or rule.accepts(squeezed(value or "")) else rule.accepted
