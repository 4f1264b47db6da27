"""The options of sbatch, by version of Slurm, and how it takes words apart into them: as GNU getopt_long does. Pure.

Tried out on Slurm 22.05, read in the manuals and sources of the others.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain

VERSIONS = ("22.05", "23.02", "23.11", "24.05", "24.11", "25.05", "25.11", "26.05")
# The options of every version together, for who does not know which Slurm it will be.
ANY = "any"

FLAG, OPTIONAL, VALUE = "flag", "optional", "value"

FLAGS = """
    contiguous help:h hold:H ignore-pbs no-requeue overcommit:O oversubscribe:s parsable quiet:Q reboot requeue
    spread-job test-only usage use-min-nodes verbose:v version:V wait:W
"""
# Their value, if any, is joined: by = to a long name, directly to a letter.
WITH_OPTIONAL_VALUE = "exclusive get-user-env nice no-kill:k propagate"
WITH_VALUE = """
    account:A acctg-freq array:a batch bb bbf begin:b chdir:D cluster cluster-constraint clusters:M comment constraint:C
    container context core-spec:S cores-per-socket cpu-freq cpus-per-gpu cpus-per-task:c deadline delay-boot
    dependency:d distribution:m error:e exclude:x export export-file extra-node-info:B gid gpu-bind gpu-freq gpus:G
    gpus-per-node gpus-per-socket gpus-per-task gres gres-flags hint input:i job-name:J kill-on-invalid-dep licenses:L
    mail-type mail-user mcs-label mem mem-bind mem-per-cpu mem-per-gpu mincpus network nodefile:F nodelist:w nodes:N
    ntasks:n ntasks-per-core ntasks-per-gpu ntasks-per-node ntasks-per-socket ntasks-per-tres open-mode output:o
    partition:p power prefer priority profile qos:q reservation signal sockets-per-node switches tasks-per-node
    thread-spec threads-per-core time:t time-min tmp uid wait-all-nodes wckey wrap
"""
ADDED = {
    "23.02": {VALUE: "autocomplete container-id extra tres-per-task"},
    "23.11": {VALUE: "tres-bind"},
    "24.05": {FLAG: "stepmgr", OPTIONAL: "resv-ports", VALUE: "segment"},
    "24.11": {OPTIONAL: "oom-kill-step"},
    "25.05": {FLAG: "external"},
    "25.11": {FLAG: "consolidate-segments spread-segments", OPTIONAL: "requeue", VALUE: "resources"},
    "26.05": {VALUE: "container-type mem-update"},
}
REMOVED = {"24.05": ("power",)}
# Two names of one thing.
SYNONYMS = {"tasks-per-node": "ntasks-per-node", "cluster": "clusters"}


@dataclass(frozen=True)
class Option:
    name: str
    kind: str
    letter: str = ""


@dataclass(frozen=True)
class Word:
    """A word as sbatch sees it, quotes taken away, and the line of the script that it stands in; 0 for none."""

    text: str
    line: int = 0


@dataclass(frozen=True)
class Given:
    """An option that takes effect: its full name, its value (None where it has none), and where it was said."""

    name: str
    value: str | None
    line: int = 0
    # As it was written, such as `--tim` or `-t`.
    written: str = ""
    # Where its value was said, which may be a later line.
    value_line: int = 0
    # A variable of the environment can take a flag back: SBATCH_OVERCOMMIT=no.
    off: bool = False


@dataclass(frozen=True)
class Misfit:
    """A word that is no option: why (`unknown_option`, `ambiguous_option`, `missing_value`, …), and what is like it."""

    code: str
    written: str
    line: int
    alike: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    by_name: dict[str, Option]
    by_letter: dict[str, Option]

    def named(self, text: str) -> list[Option]:
        """The option of that name, or all that it may abbreviate."""
        if text in self.by_name:
            return [self.by_name[text]]
        return [option for name, option in self.by_name.items() if name.startswith(text)]


@cache
def table(version: str = ANY) -> Table:
    options = {option.name: option for option in chain(listed(FLAG, FLAGS), listed(OPTIONAL, WITH_OPTIONAL_VALUE))}
    options |= {option.name: option for option in listed(VALUE, WITH_VALUE)}
    for at in VERSIONS if version == ANY else VERSIONS[: VERSIONS.index(version) + 1]:
        for kind, names in ADDED.get(at, {}).items():
            options |= {option.name: option for option in listed(kind, names)}
        for name in REMOVED.get(at, ()) if version != ANY else ():
            del options[name]
    return Table(options, {option.letter: option for option in options.values() if option.letter})


def listed(kind: str, names: str) -> Iterable[Option]:
    for word in names.split():
        name, _, letter = word.partition(":")
        yield Option(name, kind, letter)


def versions_with(name: str) -> list[str]:
    return versions_by_name().get(name, [])


@cache
def versions_by_name() -> dict[str, list[str]]:
    """Of names that there are: what is asked for may be anything that somebody wrote, and is not kept."""
    return {name: [version for version in VERSIONS if name in table(version).by_name] for name in table().by_name}


def parse(words: Sequence[Word], version: str = ANY) -> tuple[list[Given], list[Misfit]]:
    """What the words say, in their order, and those that say nothing that sbatch would understand."""
    return Reader(list(words), table(version)).read()


class Reader:
    def __init__(self, words: list[Word], table: Table) -> None:
        self.words, self.table, self.at = words, table, 0
        self.given: list[Given] = []
        self.misfits: list[Misfit] = []

    def read(self) -> tuple[list[Given], list[Misfit]]:
        while self.at < len(self.words):
            word = self.words[self.at]
            self.at += 1
            if word.text == "--":
                self.misfits += [Misfit("bare_word", rest.text, rest.line) for rest in self.words[self.at :]]
                break
            if word.text.startswith("--"):
                self.long(word)
            elif word.text.startswith("-") and len(word.text) > 1:
                self.letters(word)
            else:
                self.misfits.append(Misfit("bare_word", word.text, word.line))
        return self.given, self.misfits

    def long(self, word: Word) -> None:
        text, joined, value = word.text[2:].partition("=")
        found = self.table.named(text)
        if len(found) != 1:
            alike = tuple(f"--{option.name}" for option in found)
            code = "ambiguous_option" if found else "unknown_option"
            self.misfits.append(Misfit(code, f"--{text}", word.line, alike))
        elif joined and found[0].kind == FLAG:
            self.misfits.append(Misfit("superfluous_value", f"--{found[0].name}", word.line))
        else:
            self.take(found[0], word, value if joined else None, f"--{text}")

    def letters(self, word: Word) -> None:
        """`-N2`, `-N 2`, and several flags together, the last of which may have a value: `-HN2`."""
        for place, letter in enumerate(word.text[1:], start=2):
            option = self.table.by_letter.get(letter)
            if option is None:
                self.misfits.append(Misfit("unknown_option", f"-{letter}", word.line))
            elif option.kind != FLAG:
                return self.take(option, word, word.text[place:] or None, f"-{letter}")
            else:
                self.given.append(Given(option.name, None, word.line, f"-{letter}", word.line))
        return None

    def take(self, option: Option, word: Word, value: str | None, written: str) -> None:
        if value is None and option.kind == VALUE:
            if self.at == len(self.words):
                self.misfits.append(Misfit("missing_value", written, word.line))
                return
            # Whatever it is, also on the next line, also another option.
            value = self.words[self.at].text
            self.given.append(Given(full(option), value, word.line, written, self.words[self.at].line))
            self.at += 1
            return
        self.given.append(Given(full(option), value, word.line, written, word.line))


def full(option: Option) -> str:
    return SYNONYMS.get(option.name, option.name)


# --- the environment ------------------------------------------------------------------------------------------------

# Variables whose names do not say which option they are.
RENAMED = {
    "SBATCH_ARRAY_INX": "array",
    "SBATCH_BURST_BUFFER": "bb",
    "SBATCH_CPU_FREQ_REQ": "cpu-freq",
    "SBATCH_DEBUG": "verbose",
    "SBATCH_MEM_PER_NODE": "mem",
    "SBATCH_REQ_SWITCH": "switches",
    "SBATCH_TIMELIMIT": "time",
    "SLURM_HINT": "hint",
}
BY_THEIR_NAME = """
    ACCOUNT ACCTG_FREQ BATCH CLUSTERS CLUSTER_CONSTRAINT CONSTRAINT CONTAINER CORE_SPEC CPUS_PER_GPU DELAY_BOOT
    DISTRIBUTION ERROR EXCLUSIVE EXPORT GET_USER_ENV GPUS GPUS_PER_NODE GPUS_PER_SOCKET GPUS_PER_TASK GPU_BIND GPU_FREQ
    GRES GRES_FLAGS HINT IGNORE_PBS INPUT JOB_NAME MEM_BIND MEM_PER_CPU MEM_PER_GPU NETWORK NO_KILL NO_REQUEUE OPEN_MODE
    OUTPUT OVERCOMMIT PARTITION POWER PROFILE QOS REQUEUE RESERVATION SIGNAL SPREAD_JOB THREADS_PER_CORE THREAD_SPEC
    USE_MIN_NODES WAIT WAIT_ALL_NODES WCKEY
"""
VARIABLES = {f"SBATCH_{name}": name.lower().replace("_", "-") for name in BY_THEIR_NAME.split()} | RENAMED


def from_environment(environment: Iterable[tuple[str, str]], version: str = ANY) -> list[Given]:
    known = table(version).by_name
    return [
        Given(
            name,
            None if known[name].kind == FLAG else value,
            0,
            variable,
            off=known[name].kind == FLAG and not is_on(value),
        )
        for variable, value in environment
        if (name := VARIABLES.get(variable)) in known
    ]


def is_on(value: str) -> bool:
    """What a flag's variable has to say for the flag to be given."""
    return value.lower() in ("", "yes") or re.fullmatch(r"\s*[+-]?0*[1-9]\d*", value, re.ASCII) is not None
