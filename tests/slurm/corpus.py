"""Scripts for sbatch: traps made by hand, each rule of its reading several times, and random ones from a fixed seed.

Left out is what only the site decides (accounts, features, reservations, more than its nodes have) and what prints no job
id (--quiet, --test-only, --help, --wait).
"""

import random
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, eq=False)
class Case:
    """A script, and what it is submitted with."""

    script: str
    arguments: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """Short, and readable where a test fails."""
        lines = self.script.removeprefix("#!/bin/bash\n").removesuffix("\ntrue\n")
        given = [*(f"{name}={value}" for name, value in self.environment.items()), *self.arguments]
        text = " ".join([*given, "|", lines] if given else [lines])
        return ascii(text if len(text) <= 100 else f"{text[:97]}…")[1:-1]


def of(*directives: str) -> Case:
    """A script of these directives."""
    return Case("\n".join(["#!/bin/bash", *(f"#SBATCH {line}" for line in directives), "true\n"]))


def lines(*lines: str) -> Case:
    """A script of these lines."""
    return Case("\n".join(["#!/bin/bash", *lines, "true\n"]))


def each(option: str, *values: str) -> list[Case]:
    """An option with each of these values, quoted so that spaces and # stay in it."""
    return [of(f'{option}"{value}"') for value in values]


# --- where a directive is one ---------------------------------------------------------------------------------------

SCANNING = [
    Case(""),
    Case("\n"),
    Case("   \n\t\n"),
    Case("true\n"),
    Case("#SBATCH -n 2\ntrue\n"),
    Case("# !/bin/bash\n#SBATCH -n 2\ntrue\n"),
    Case(" #!/bin/bash\n#SBATCH -n 2\ntrue\n"),
    Case("\n#!/bin/bash\n#SBATCH -n 2\ntrue\n"),
    Case("\ufeff#!/bin/bash\n#SBATCH -n 2\ntrue\n"),
    Case("#!"),
    Case("#!\n#SBATCH -n 2\n"),
    Case("#!/bin/bash"),
    Case("#!/bin/bash #SBATCH -n 4\n#SBATCH -n 2\n"),
    Case("#!/bin/bash\n#SBATCH -n 2"),
    Case("#!/bin/bash\r\n#SBATCH -n 2\r\ntrue\r\n"),
    Case("#!/bin/bash\n#SBATCH -n 2\r\ntrue\n"),
    Case("#!/bin/bash\n#SBATCH -n 2\ntrue\r\n"),
    Case("#!/bin/bash\n#SBATCH -n 2\necho a\rb\n"),
    Case("#!/bin/bash\n#SBATCH -n 2 \r -c 2\ntrue\n"),
    Case("#!/bin/bash\n#SBATCH -n 2\ntrue\0\n"),
    Case("#!/bin/bash\n#SBATCH -n 2\0 -c 2\ntrue\n"),
    Case("#!/usr/bin/env python3\n#SBATCH -n 2\nprint(1)\n"),
    lines("#SBATCH -n 2", "true", "#SBATCH -n 4"),
    lines("", "", "#SBATCH -n 2"),
    lines("# a comment", "#SBATCH -n 2", "# another", "#SBATCH -c 2"),
    lines("   # an indented comment", "#SBATCH -n 2"),
    lines("\t", "   ", "#SBATCH -n 2"),
    lines("\f\v", "#SBATCH -n 2"),
    lines("\u00a0", "#SBATCH -n 2"),
    lines("##SBATCH -n 2"),
    lines("# SBATCH -n 2"),
    lines("#sbatch -n 2"),
    lines("#Sbatch -n 2"),
    lines(" #SBATCH -n 2"),
    lines("\t#SBATCH -n 2"),
    lines(" #SBATCH -n 2", "#SBATCH -c 2"),
    lines("#SBATCH"),
    lines("#SBATCH   "),
    lines("#SBATCH\t-n\t2"),
    lines("#SBATCH--ntasks=2"),
    lines("#SBATCH-n2"),
    lines("#SBATCHx"),
    lines("#SBATCHES -n 2"),
    lines("#SBATCH: -n 2"),
    lines("#SLURM -n 2"),
    lines("#SLURM -n 2", "#SBATCH -n 3"),
    lines("#SBATCH -n 3", "#SLURM -n 2"),
    lines("set -e", "#SBATCH -n 2"),
    lines("export A=1", "#SBATCH -n 2"),
    lines("module load gcc; #SBATCH -n 2"),
    lines(": '", "#SBATCH -n 2", "'"),
    lines("cat <<END", "#SBATCH -n 2", "END"),
    lines("#SBATCH -n 2", "", "# text", "", "#SBATCH -c 2", "", "srun true", "#SBATCH -c 4"),
    lines("#SBATCH -n 2 " + "#" * 3000),
    lines(*["# padding"] * 400, "#SBATCH -n 2"),
]  # fmt: skip

# --- words: quotes, escapes, comments -------------------------------------------------------------------------------

WORDS = [
    of('-J "a b"'),
    of("-J 'a b'"),
    of("-J a\\ b"),
    of("-J a\\ b -c 2"),
    of("-J a\\\\b -c 2"),
    of('-J "a\\"b" -c 2'),
    of("-J 'a\\'b' -c 2"),
    of('-J "a\'b" -c 2'),
    of("-J 'a\"b' -c 2"),
    of('--job-name="x y" -c 2'),
    of('--job-name=x" "y -c 2'),
    of('"--job-name=x y" -c 2'),
    of('"-n" "2"'),
    of('-"n"2'),
    of('"-n 2"'),
    of("'-c' '2'"),
    of("-J a#b -c 2"),
    of("-J a\\#b -c 2"),
    of('-J "a#b" -c 2'),
    of("-J 'a#b' -c 2"),
    of("-n 2 # four"),
    of("-n 2# four"),
    of("-n 2 #four -c 2"),
    of("-n 2 #SBATCH -c 3"),
    of("#-n 2"),
    of("# -n 2"),
    of("-n 2", "#", "-c 2"),
    of("-J ''"),
    of('-J ""'),
    of("-J '' -c 2"),
    of("-J ''", "-c 2"),
    of('"" -n 2'),
    of("--comment='' -n 2"),
    of("--comment= -n 2"),
    of("--comment=a''b -n 2"),
    of('-n "2'),
    of("-n '2"),
    of("-n 2 'unclosed"),
    of("-J it's"),
    of('-J "it\'s"'),
    of("-n 2 # it's a comment"),
    of("-n 2 \"# it's"),
    of("-J a\\"),
    of("-J a\\", "-c 2"),
    of("-n 2 \\", "-c 2"),
    of("-n 2 \\"),
    of("\\-n 2"),
    of("-n \\2"),
    of("-\\n 2"),
    of("-J \\\"a -c 2"),
    of("-J 'a b"),
    of("   -n    2     -c\t\t2"),
    of("-n 2 -c 2 -N 2"),
    of("-n2 -c2"),
    of("-n2-c2"),
    of("-n2,-c2"),
    of("-n 2; -c 2"),
    of("-n 2 && true"),
    of("-n 2 three"),
    of("three"),
    of("-n 2", "three"),
    of("-J $HOME -n 2"),
    of("-J ${USER} -n 2"),
    of("-J `hostname` -n 2"),
    of("-J $(hostname) -n 2"),
    of("-n $((1+1))"),
    of("-J a=b -n 2"),
    of("-J a,b;c -n 2"),
    of("-J \u00fcber -n 2"),
    of("-J \U0001f600 -n 2"),
    of(":"),
    of("-n 2 :"),
    of("-n 2 : -n 3"),
    of("-n 2 :x"),
    of("-J :x -n 2"),
    of("-J : -n 2"),
    of('-J ":x" -n 2'),
    of("--comment=a:b -n 2"),
    of("-n\u00a02"),
    of("\u2013n 2"),
    of("\u2014ntasks=2"),
    of("-J \u201ca b\u201d"),
    of("-n 2\f-c 2"),
    of("-J a\\tb -c 2"),
    of('-J "a\\nb" -c 2'),
    of("--comment=" + "x" * 900 + " -n 2"),
]  # fmt: skip

# --- options: abbreviations, clusters, values -----------------------------------------------------------------------

OPTIONS = [
    *(of(text) for text in (
        "--partit=debug", "--par=debug", "--partition debug", "--pa debug", "--p=debug", "--tim=5", "--time=5", "--time 5",
        "--time-m=5", "--ntask=2", "--nt=2", "--ntasks=2", "--ntasks-per-n=2", "--ntasks-per=2", "--exc", "--excl",
        "--exclu=n1", "--exclus", "--job=x", "--j=x", "--job-n=x", "--nod=2", "--node=2", "--nodes=2", "--nodel=n1",
        "--cpus=2", "--cpus-per-t=2", "--cpus-per-task=2", "--ar=1-2", "--a=1-2", "--arr=1-2", "--comm=x", "--com=x",
        "--co=x", "--out=x", "--o=x", "--err=x", "--acc=x", "--acct=1", "--dep=singleton", "--hol", "--h", "--ho",
        "--requ", "--req", "--no-req", "--no-r", "--no", "--over", "--overc", "--overs", "--share", "--oversubscribe",
        "--workdir=/tmp", "--tasks-per-node=4", "--tasks=4", "--gpus-per-n=2", "--gpu=2", "--gpus=2", "--gp=2", "--me=1G",
        "--mem=1G", "--mem-per-c=1G", "--mem-per=1G", "--mem-b=none", "--minc=2", "--mincpus=2", "--mi=2", "--qos=x",
        "--q=x", "--mail-t=END", "--mail=END", "--bb=", "--b=now", "--be=now", "--bd=x", "--nice", "--ni=3", "--n=2",
        "--exp=NONE", "--export=NONE", "--sp", "--spread", "--use", "--use-min", "--thr=1", "--threads=1",
        "--conti", "--sig=9", "--open=append", "--wck=x", "--dist=block", "--deadl=now+1hour", "--kill=yes",
        "--kill-on-invalid-dep=yes", "--switches=1", "--tmp=1G", "--verb", "--verbose",
        "--foo", "--foo=1", "--ntasks_per_node=2", "--Ntasks=2", "--NTASKS=2", "--ntasksX=2", "--mem-per-CPU=1G",
        "-y", "-j 2", "-l nodes=2", "-X", "-Z 5", "-1", "-P debug", "-r now", "-g 2", "-u", "-m 5", "-R", "-E", "-T 5",
        "-n 2", "-n2", "-n=2", "-N=2", "-t=5", "-t= 5", "-J=x", "-nodes=2", "-ntasks=2", "-time=5", "-mem=1G",
        "--n 2", "--ntasks 2", "--ntasks= 2", "--ntasks =2", "--ntasks = 2", "--time = 5", "--time= 5", "--ntasks:2",
        "--ntasks", "-n", "-t", "--time", "--job-name", "-J", "--mem", "-N", "-o",
        "--hold", "--hold=yes", "--hold=", "-H", "-HO", "-OH", "-HN2", "-HN 2", "-OsN2", "-sN 2", "-OHn3", "-On3c2",
        "-vn2", "-v -n 2", "-vv", "-kn2", "-kN2", "-k -N2", "-k", "-koff", "-k off", "--no-kill", "--no-kill=off",
        "--no-kill=on", "--no-kill off", "--exclusive", "--exclusive=user", "--exclusive=mcs", "--exclusive=foo",
        "--exclusive user", "--exclusive=", "--nice=5", "--nice 5", "--nice=x", "--nice=", "--nice=2147483645",
        "--nice=99999999999", "--propagate", "--propagate=STACK", "--propagate=NOPE", "--propagate=ALL", "--propagate STACK",
        "--requeue", "--requeue=yes", "--no-requeue", "--requeue --no-requeue", "--contiguous", "--contiguous=yes",
        "--overcommit", "-O", "-O -n 4", "--spread-job", "--use-min-nodes -N 1-2", "-s", "-s -O",
        "--", "-- -n 2", "-n 2 --", "-n 2 -- -c 2", "-", "-n 2 -", "---n 2", "--=2", "--n\u00fc=2",
        "-A x", "-a 1-2", "-b now", "-c 2", "-D /tmp", "-d singleton", "-e x", "-G 2", "-i /dev/null",
        "-m block", "-o x", "-p debug", "-q x", "-S 1", "-w n1", "-x n1", "-B 2", "-I", "-K",
        "--parsable", "--parsable=1", "--ignore-pbs", "--ignore-pbs=1", "--wrap=true", "--wrap", "--jobid=3", "--slurmd-debug=3",
        "--immediate", "--unbuffered", "--label", "--cpu-bind=cores", "--mpi=none", "--ntasks-per-core=1", "--x11",
        "--gpu-bind=closest -G 1", "--gpu-freq=high -G 1", "--gres-flags=enforce-binding", "--gres-flags=disable-binding",
        "--gres-flags=x", "--tres-per-task=cpu:2", "--tres-bind=gpu:1", "--extra=x", "--container-id=x", "--oom-kill-step=1",
        "--segment=1", "--stepmgr", "--autocomplete=n", "--consolidate-segments", "--external", "--mem-update=1", "--power=level",
        "--priority=TOP", "--priority=5", "--priority=x", "--core-spec=1", "--thread-spec=1", "-S 1 --thread-spec=1",
        "--mcs-label=x", "--network=x", "--container=/tmp/x", "--context=x", "--cluster-constraint=x",
        "--profile=none", "--profile=task", "--profile=foo", "--acctg-freq=x",
        "--acctg-freq=task=x", "--wait-all-nodes=1", "--wait-all-nodes=2", "--wait-all-nodes=x",
        "--delay-boot=5", "--delay-boot=x", "--compress", "--cpu-freq=high", "--cpu-freq=2400000", "--cpu-freq=x",
        "--cpu-freq=low-high:performance", "--get-user-env", "--get-user-env=5", "--get-user-env=L", "--get-user-env=5L",
        "--get-user-env=x",
    )),
    of("-n", "4"),
    of("-n", "4", "-c 2"),
    of("--ntasks", "-c 2"),
    of("--job-name", "x"),
    of("-J", "-n 2"),
    of("-J -n 2"),
    of("-J --ntasks=2"),
    of("-n 2", "-n 3"),
    of("-n 2", "--ntasks=3", "-n4"),
    of("--mem=1G", "--mem=2G"),
    of("--mem=1G", "--mem-per-cpu=1G"),
    of("--mem-per-gpu=1G", "--mem=1G", "-G 1"),
    of("--mem-per-gpu=1G -G 2"),
    of("--mem-per-gpu=1G"),
    of("--time=5", "-t 10"),
    of("-N 2", "--nodes=1"),
    of("--exclusive", "--oversubscribe"),
    of("--oversubscribe", "--exclusive"),
    of("--exclusive", "--exclusive=user"),
    of("-c 2 --cpus-per-gpu=2 -G 2"),
    of("-H", "--hold"),
    of("-t 5 --time-min=3"),
    of("-t 5 --time-min=30"),
    of("-n 2 -v --quiet"),
    of("--export=NONE"),
    of("--export=ALL,A=1"),
    of("--export=A=1"),
    of("--export="),
    of("--export=NIL"),
    lines("#SBATCH hetjob"),
    lines("#SBATCH -n 2", "#SBATCH hetjob", "#SBATCH -n 3"),
    lines("#SBATCH -n 2", "#SBATCH packjob", "#SBATCH -n 3"),
    lines("#SBATCH -n 2", "#SBATCH HetJob", "#SBATCH -n 3"),
    lines("#SBATCH -n 2", "#SBATCH hetjob -c 2", "#SBATCH -n 3"),
    lines("#SBATCH -n 2", "#SBATCH hetjobs"),
    lines("#SBATCH -n 2", "#SBATCH hetjob", "#SBATCH -n x"),
    lines("#SBATCH -n x", "#SBATCH hetjob", "#SBATCH -n 2"),
    lines("#SBATCH -n 2 hetjob"),
]  # fmt: skip

# --- values ---------------------------------------------------------------------------------------------------------

VALUES = [
    *each("-t ", "5", "05", "5:30", "1:00:00", "01:00:00", "1-0", "1-2", "1-2:3", "1-2:3:4", "0", "00", "-1", "UNLIMITED"),
    *each("-t ", "infinite", "INFINITE", "Infinite", "unlimited", "infinity", "unlimite", "INF", "0:30", "0:0:1", "0:0"),
    *each("-t ", "0:90", "90:90", "2-", "-", "--", "1:2:3:4", "1-2:3:4:5", " 5", "5 ", "5m", "1h", "1.5", "", "+5", "5:"),
    *each("-t ", ":5", "1-:5", "1-2:", "1--2", "0-0:1", "1-25:00", "365-0:0:0", "abc", "1d", "1 hour", "1-0-0", "1:-5"),
    *each("-t ", "60:00:00", "0-0", "00:00:00", "1440", "10080", "99:59:59", "5,5", "5;", "0x5", "\u0665", "5\u00a0"),
    *each("--time-min=", "5", "x", ""),
    *each("--mem=", "1G", "1g", "1GB", "1gb", "1Gb", "1gB", "1GiB", "100", "0", "0G", "1500K", "1K", "1KB", "1M", "1T"),
    *each("--mem=", "1.5G", "", "-1", "1X", "1P", "1 G", " 1G", "1G ", "G", "1G1", "0x10", "+5", "5M5", "1024MB", "one"),
    *each("--mem=", "1e3", "1,000", "1_000", "128000", "1g2", "1B", "1b", "kb", "2MM", "1TB", "1t"),
    *each("--mem-per-cpu=", "1G", "100", "0", "1500K", "1.5G", "x", "", "1GB", "2g"),
    *each("-G 1 --mem-per-gpu=", "1G", "100", "0", "x", ""),
    *each("--tmp=", "1G", "100", "x", "", "1.5G", "0", "1GB"),
    *each("-N ", "1", "2", "02", "1-2", "2-2", "1 - 2", "2-1", "1-0", "0", "-2", "2-", "1-2-3", "2,4", "", " 2", "2 ", "+2"),
    *each("-N ", "1k", "1K", "1m", "1-1k", "1k-2k", "2kk", "x", "two", "1.5", "1:2", "2x", "1-x", "x-2", "-", "1-2:2", "4-8"),
    *each("-n ", "1", "2", "02", "+2", " 2", "2 ", "0", "-1", "4k", "4K", "1,2", "4.5", "0x4", "x", "", "1-2", "2-4", "10"),
    *each("-c ", "1", "2", "02", "+2", "0", "-1", "4k", "x", "", "1.5", "1-2"),
    *each("--ntasks-per-node=", "1", "4", "0", "-1", "x", "", "1.5", "2k"),
    *each("--ntasks-per-socket=", "1", "0", "x"),
    *each("--ntasks-per-core=", "1", "0", "x"),
    *each("--mincpus=", "1", "8", "0", "x", "-1"),
    *each("-a ", "1", "0", "0-9", "0-9%2", "0-9:2", "0-9:3%2", "1,3,5", "1,3-5,7%3", "1-1", "5-1", "0-1000", "1000"),
    *each("-a ", "x", "1-", "-1", "1-5%0", "1-5%", "1-5:0", "1,,2", "", "[1-5]", "[1-5]%2", "1,1,1", "1-3,2-4", "1%2,3"),
    *each("-a ", "1-5%2%3", "1-5 %2", "1-10:5%2", "1-5%10", "1, 2", "0x10", "0-0x3", "1-5,", ",1", "1-5%x", "1-5%2x", "[1-5"),
    *each("-a ", "1-5]", "1:2", "1-5:", "1-5:2:3", "1-5-7", "1..5", "1;2", "1 2", " 1", "1 ", "1- 5", "1 -5", "1-5: 2", "%2", "%"),
    *each("-a ", "1-5%-1", "0-999:100", "001-005", "+1", "1-+5", "1.5", "a-b", "1-5:-1", "1-5%2,7", "1-1000%1000", "[1,2],3"),
    *each("-d ", "afterok:1", "afterany:1", "afternotok:1", "after:1", "aftercorr:1", "singleton", "afterburstbuffer:1"),
    *each("-d ", "afterok", "afterok:", "afterok:x", "afterok:1:2", "afterok:1,afterany:2", "afterok:1?afterany:2", "foo:1", "1"),
    *each("-d ", "1:2", "", "afterok:1,", ",afterok:1", "afterok:1 afterok:2", "afterok:1_2", "afterok:1_*", "after:1+5", "afterok=1"),
    *each("-d ", "AFTEROK:1", "singleton,afterok:1", "afterok:1?afterok:2,afterok:3", "afterok:1+5", "afterok:-1", "afterok:0"),
    *each("-d ", "singleton:1", "afterok: 1", "afterok:1 ", "afterok:1:", "afterok::1", "afterok:%j", "afterok:1;afterok:2"),
    *each("-G ", "1", "4", "a100:2", "a100:2,a100:3", "a100:2,h100:1", "0", "x", "", "-1", "1,2", "gpu:2", "a100", "2k", "a100:x", ":2"),
    *each("--gpus-per-node=", "1", "a100:2", "x", "", "0", "2,3"),
    *each("-n 2 --gpus-per-task=", "1", "a100:2", "x", "", "0"),
    *each("--sockets-per-node=2 --gpus-per-socket=", "1", "a100:1", "x"),
    *each("--gres=", "gpu", "gpu:2", "gpu:a100", "gpu:a100:2", "gpu:2,gpu:3", "gpu:a100:1,gpu:h100:1", "gpu:a100:2,gpu:3", "gpu:1K"),
    *each("--gres=", "gpu:0", "gpu:", "gpu::2", "gpu:a100:", "none", "NONE", "", "gres:gpu:2", "gres/gpu:2", "gpu=2", "gpu:-1"),
    *each("--gres=", "gpu 2", "gpu:2:3", "gpu:1.5", "gpu:x", "gpu,", ",gpu", "gpu:2x", "gpu:a100:2:3", "gpu:(2)"),
    of("-G 4 --gpus-per-node=2"), of("-G 4 --gpus-per-node=3"), of("-G 4 --gpus-per-node=2 -N 2"), of("-G 4 --gpus-per-node=2 -N 1"),
    of("-G 1 -N 2"), of("-G 3 -N 2"), of("--gpus-per-task=2"), of("--gpus-per-task=1 -G 8"), of("--gpus-per-task=3 -G 8"),
    of("--gpus-per-task=2 -G 8 -n 4"), of("--gpus-per-task=2 -G 8 -n 3"), of("--gpus-per-socket=1"), of("-G 2 --cpus-per-gpu=4"),
    of("--gpus-per-node=2 --cpus-per-gpu=4 -N 2"), of("--gpus-per-task=2 --cpus-per-gpu=2 -n 3"), of("--cpus-per-gpu=4"),
    of("-G 2 --cpus-per-gpu=0"), of("-G 2 --cpus-per-gpu=x"), of("--ntasks-per-gpu=2 -G 4"), of("--ntasks-per-gpu=2 -n 8"),
    of("--ntasks-per-gpu=2 -n 7"), of("--ntasks-per-gpu=2"), of("--ntasks-per-gpu=2 --ntasks-per-node=2 -G 2"),
    of("--ntasks-per-gpu=2 --gpus-per-task=1"), of("--ntasks-per-gpu=2 --gres=gpu:2"), of("--gpus-per-node=2 --mem-per-gpu=1G -N 2"),
    *each("-B ", "2", "2:1", "2:2:2", "*", "*:2", "2:*", "x", "", "2:x", "1:2:3:4", "2-3", ":2"),
    *each("--sockets-per-node=", "2", "0", "x"), *each("--cores-per-socket=", "1", "x"), *each("--threads-per-core=", "1", "x"),
    of("-N 2 -B 2:1:1"), of("-N 2 --sockets-per-node=2"), of("-N 1-2 -B 2"), of("-n 3 -B 2"),
    *each("--hint=", "compute_bound", "memory_bound", "multithread", "nomultithread", "x", "", "help"),
    *each("-m ", "block", "cyclic", "plane", "plane=4", "arbitrary", "block:cyclic", "block:cyclic:fcyclic", "x", "", "*:*", "block,Pack"),
    *each("-m ", "block,NoPack", "cyclic:x", "plane=x", "Block", "block:"),
    *each("-b ", "now", "now+1hour", "now+1", "now+2days", "now+x", "16:00", "16:00:30", "4pm", "noon", "midnight", "teatime", "fika"),
    *each("-b ", "today", "tomorrow", "2030-01-01", "2030-01-01T10:00", "2030-01-01T10:00:00", "01/01/30", "010130", "2030-13-01", "x"),
    *each("-b ", "", "25:00", "1", "10", "now + 1hour", "now+1 hour", "2020-01-01", "2030-01-01 10:00", "elevenses", "now-1hour", "NOW"),
    *each("--deadline=", "now+1hour", "2030-01-01", "x", ""),
    *each("--mail-type=", "NONE", "BEGIN", "END", "FAIL", "ALL", "REQUEUE", "INVALID_DEPEND", "STAGE_OUT", "TIME_LIMIT", "TIME_LIMIT_90"),
    *each("--mail-type=", "TIME_LIMIT_80", "TIME_LIMIT_50", "TIME_LIMIT_10", "ARRAY_TASKS", "BEGIN,END", "END,x", "x", "", "end", "END,", "BEGIN END"),
    *each("--mail-user=", "me", "me@example.org", "", "a b"),
    *each("--signal=", "9", "TERM", "SIGTERM", "TERM@60", "B:TERM@60", "R:TERM@60", "BR:TERM@60", "RB:TERM", "USR1@x", "x", "", "@60", "B:"),
    *each("--signal=", "64", "100", "TERM@65536", "TERM@-1", "b:9", "B:9@", "0", "usr1", "SIGUSR1@300", "X:9"),
    *each("--open-mode=", "append", "truncate", "a", "t", "x", "", "Append", "appe"),
    *each("--kill-on-invalid-dep=", "yes", "no", "y", "n", "x", "", "YES", "true"),
    *each("--switches=", "1", "1@10", "1@1:00:00", "x", "", "0", "-1", "1@x"),
    *each("--exclude=", "n1", "n[1-2]", ""),
    *each("-w ", "n1", "n2", "n[1-2]", "n1,n2", "n[1-2],n2", "", "n[2-1]", "n[1,2]", " n1"),
    of("-w n[1-2] -N 2"), of("-w n[1-2] -N 1"), of("-w n[1-2] -n 4"), of("-w n[1-2] -N 1-4"),
    *each("-J ", "a", "a/b", "a%b", "1", "a.b-c_d", "--x", "x" * 64, "x" * 300),
    *each("-o ", "x", "%x", "%j-%x.out", "/nowhere/x", "%", "%%", "a b", "$HOME/x", "none"),
    *each("-D ", "/tmp", "/nowhere", "relative", ""),
    *each("-i ", "/dev/null", "nowhere", "none"),
    *each("--comment=", "a b", "a#b", "a\u00fcb", "", "k=v"),
    *each("--core-spec=", "1", "x", "-1"), *each("--thread-spec=", "1", "x"),
    *each("--mem-bind=", "none", "local", "rank", "map_mem:1,2", "mask_mem:0x1", "x", "", "verbose,local", "help"),
    *each("-G 1 --gpu-bind=", "none", "closest", "single:1", "map_gpu:0", "mask_gpu:0x1", "x", "", "per_task:1", "verbose,closest"),
    *each("-G 1 --gpu-freq=", "low", "medium", "high", "highm1", "850", "memory=high", "x", "", "high,memory=850,verbose"),
    *each("--wckey=", "x", ""), *each("--tres-bind=", "x"),
    of("-N 2 -n 1"), of("-N 2 -n 8"), of("-N 1-2 -n 4"), of("-N 2-4 -n 3"), of("-N 4-8 -n 2"), of("-n 8 -c 4"), of("-N 2 -c 4"),
    of("-N 1-2 -c 4"), of("-N 2 --ntasks-per-node=4"), of("-N 1-2 --ntasks-per-node=4"), of("-n 8 --ntasks-per-node=4"),
    of("-N 2 --ntasks-per-node=4 -c 2"), of("-n 10 -N 2 --ntasks-per-node=4"), of("-N 2 -O -n 8"), of("-O -c 4 -N 2"),
    of("--mem=1G -N 2 -n 8"), of("--mem-per-cpu=1G -c 3 -n 2"), of("--mem-per-cpu=1G --mincpus=4"), of("--mem=0 -N 2"),
    of("-n 2 -t 30 -a 0-9%3"), of("--exclusive -n 3 -t 5"), of("--mincpus=8 -N 2"), of("-t 0 -n 2"), of("-n 100"), of("-n 2000"),
]  # fmt: skip

# --- the directives of other schedulers -----------------------------------------------------------------------------

OTHERS = [
    *(lines("#SBATCH -t 30 -n 2", f"#PBS {text}") for text in (
        "-l walltime=01:00:00", "-l walltime=10", "-l walltime=abc", "-l walltime=1:30", "-l nodes=2", "-l nodes=2:ppn=4",
        "-l nodes=1:ppn=2", "-l nodes=2:ppn=2:gpus=1", "-l nodes=n1", "-l nodes=n1+n2", "-l ncpus=4", "-l mem=1gb", "-l mem=500mb",
        "-l mem=1gw", "-l mem=x", "-l pmem=1gb", "-l walltime=5:00,mem=1gb", "-l walltime=5:00,nodes=2", "-l select=2:ncpus=4",
        "-l select=1", "-l mppwidth=4", "-l mppnppn=2", "-l mppdepth=2", "-l mppmem=1gb", "-l naccelerators=1", 
        "-l procs=2", "-l cput=10", "-l file=1gb", "-l nice=5", "-l foo=1", "-l", "-l nodes", "-l walltime", "-l walltime=",
        "-N name", "-N", "-q debug", "-t 1-3", "-t 1-3%2", "-J 1-3", "-A x", "-o x", "-e x", "-j oe", "-j n",
        "-m abe", "-m n", "-m a", "-M me@example.org", "-V", "-v A=1", "-v A=1,B=2", "-h", "-r y", "-r n", "-p 5", "-S /bin/bash",
        "-W depend=afterok:1", "-W umask=022", "-W group_list=x", "-W block=true", "-a 1200", "-c n", "-C x", "-k oe", "-I", "-X",
        "-P x", "-u me", "-z", "-y", "foo", "--ntasks=3", "", "-l walltime=01:00:00 # comment", "-lwalltime=5:00", "-lnodes=2",
        "-N 'a b'", "-l nodes=2 -l walltime=5:00", "-l walltime=1:00:00:00", "-l walltime=1-0", "-D /tmp", "-d /tmp",
    )),
    lines("#PBS -l walltime=01:00:00"),
    lines("#PBS -l walltime=01:00:00", "#SBATCH -t 30"),
    lines("#SBATCH -t 30", "#SBATCH --ignore-pbs", "#PBS -l walltime=01:00:00"),
    lines("#SBATCH -t 30", "#PBS -l walltime=01:00:00", "#SBATCH --ignore-pbs"),
    lines("#SBATCH -t 30", "true", "#PBS -l walltime=01:00:00"),
    lines("# PBS -l walltime=01:00:00", "#SBATCH -t 30"),
    lines("##PBS -l walltime=01:00:00", "#SBATCH -t 30"),
    lines(" #PBS -l walltime=01:00:00", "#SBATCH -t 30"),
    lines("#pbs -l walltime=01:00:00", "#SBATCH -t 30"),
    lines("#PBS-l walltime=01:00:00", "#SBATCH -t 30"),
    lines("#PBS -l walltime=01:00:00", "#BSUB -n 4"),
    lines("#BSUB -n 4", "#PBS -l walltime=01:00:00"),
    lines("#COBALT -t 30"),
    *(lines("#SBATCH -t 30 -n 2", f"#BSUB {text}") for text in (
        "-n 4", "-n 2,4", "-n x", "-W 10", "-W 1:30", "-W x", "-J name", "-J name[1-3]", '-J "name[1-3]%2"', "-q debug", "-o x",
        "-e x", "-R rusage[mem=1000]", '-R "span[ptile=2]"', "-M 1000", "-M 1GB", "-P x", "-m n1", "-B", "-N", "-u me", "-x",
        "-w done(1)", "-w ended(1)", "-E x", "-G x", "-c 10", "-cwd /tmp", "-b 10:00", "-t 10:00", "-r", "-rn", "-sp 5", "-s TERM",
        "-H", "-I", "-K", "-L /bin/sh", "-app x", "foo", "", "-y",
    )),
    Case("#!/bin/bash\n#SBATCH -t 30\n#PBS -l walltime=01:00:00\ntrue\n", ["--ignore-pbs"]),
    Case("#!/bin/bash\n#PBS -l walltime=01:00:00\ntrue\n", ["-t", "5"]),
    Case("#!/bin/bash\n#SBATCH -t 30\n#PBS -l walltime=01:00:00\ntrue\n", (), {"SBATCH_IGNORE_PBS": "1"}),
    Case("#!/bin/bash\n#PBS -l walltime=01:00:00\ntrue\n", (), {"SBATCH_TIMELIMIT": "7"}),
]  # fmt: skip

# --- environment and command line -----------------------------------------------------------------------------------

SCRIPT = "#!/bin/bash\n#SBATCH -t 30 -n 2\ntrue\n"
MEMORY_SCRIPT = "#!/bin/bash\n#SBATCH --mem=1G\ntrue\n"


def settings(text: str) -> dict[str, str]:
    return dict(word.split("=", 1) for word in shlex.split(text))


ENVIRONMENT = [
    *(Case(SCRIPT, (), settings(text)) for text in (
        "SBATCH_TIMELIMIT=5", "SBATCH_TIMELIMIT=abc", "SBATCH_TIMELIMIT=", "SBATCH_TIMELIMIT=0", "SBATCH_TIME=5", "SBATCH_NTASKS=4",
        "SLURM_NTASKS=4", "SLURM_TIMELIMIT=5", "SBATCH_NODES=2", "SBATCH_PARTITION=long", "SBATCH_JOB_NAME=x",
        "SBATCH_ARRAY_INX=1-3", "SBATCH_ARRAY_INX=x", "SBATCH_ARRAY=1-3", "SBATCH_MEM_PER_NODE=1G", "SBATCH_MEM_PER_CPU=1G",
        "SBATCH_MEM_PER_NODE=x", "SBATCH_MEM=1G", "SBATCH_GPUS=2", "SBATCH_GPUS=", "SBATCH_GPUS_PER_NODE=2", "SBATCH_GPUS_PER_TASK=1",
        "SBATCH_MEM_PER_GPU=1G", "SBATCH_CPUS_PER_GPU=2", "SBATCH_CPUS_PER_TASK=2", "SBATCH_GRES=gpu:2", 
        "SBATCH_EXCLUSIVE=", "SBATCH_EXCLUSIVE=user", "SBATCH_EXCLUSIVE=yes", "SBATCH_OVERCOMMIT=", "SBATCH_OVERCOMMIT=1",
        "SBATCH_OVERCOMMIT=yes", "SBATCH_OVERCOMMIT=no", "SBATCH_OVERCOMMIT=0", "SBATCH_NO_KILL=", "SBATCH_NO_KILL=x",
        "SBATCH_REQUEUE=1", "SBATCH_NO_REQUEUE=1", "SBATCH_REQUEUE=x", "SBATCH_DISTRIBUTION=cyclic", "SBATCH_DISTRIBUTION=x",
        "SBATCH_HINT=nomultithread", "SBATCH_HINT=x", "SLURM_HINT=x", "SBATCH_SIGNAL=TERM@60", "SBATCH_SIGNAL=x",
        "SBATCH_OPEN_MODE=append", "SBATCH_OPEN_MODE=x", "SBATCH_ACCOUNT=x", "SBATCH_QOS=x", "SBATCH_EXPORT=NONE", "SBATCH_COMMENT=x",
        "SBATCH_DEPENDENCY=x", "SBATCH_OUTPUT=x", "SBATCH_ERROR=x", "SBATCH_INPUT=x", "SBATCH_CONSTRAINT=", "SBATCH_CORE_SPEC=1",
        "SBATCH_CORE_SPEC=x", "SBATCH_THREAD_SPEC=1", "SBATCH_THREADS_PER_CORE=1", "SBATCH_THREADS_PER_CORE=x", "SBATCH_PROFILE=x",
        "SBATCH_PROFILE=none", "SBATCH_ACCTG_FREQ=x", "SBATCH_MEM_BIND=x", "SBATCH_MEM_BIND=local",
        "SBATCH_WAIT_ALL_NODES=1", "SBATCH_WAIT_ALL_NODES=x", "SBATCH_WCKEY=x", "SBATCH_USE_MIN_NODES=1",
        "SBATCH_GPU_BIND=x", "SBATCH_GPU_FREQ=high", "SBATCH_GRES_FLAGS=x", "SBATCH_GRES_FLAGS=enforce-binding", "SBATCH_REQ_SWITCH=1",
        "SBATCH_REQ_SWITCH=x", "SBATCH_WAIT4SWITCH=5", "SBATCH_DELAY_BOOT=5", "SBATCH_DELAY_BOOT=x", "SBATCH_NETWORK=x",
        "SBATCH_DEBUG=1", "SBATCH_DEBUG=x", "SBATCH_POWER=level", "SBATCH_BURST_BUFFER=x", "SBATCH_CLUSTER_CONSTRAINT=x",
        "SBATCH_KILL_BAD_EXIT=1", "SBATCH_FOO=1", "SBATCH_NICE=x", "SBATCH_RESERVATION=", "SBATCH_TMP=1G", "SBATCH_CPU_FREQ_REQ=x",
        "SLURM_CPU_FREQ_REQ=x", "SBATCH_TIMELIMIT=5 SBATCH_PARTITION=long", "SBATCH_CONTAINER=/x", "SBATCH_EXPORT_FILE=x",
        "SBATCH_CHDIR=/tmp", "SBATCH_HOLD=1", "SBATCH_UMASK=x", "SLURM_UMASK=x", "SLURM_EXIT_ERROR=3", "SBATCH_GET_USER_ENV=1",
    )),
    *(Case(MEMORY_SCRIPT, (), settings(text)) for text in (
        "SBATCH_MEM_PER_CPU=1G", "SBATCH_MEM_PER_NODE=2G", "SBATCH_MEM_PER_GPU=1G", "SBATCH_MEM_PER_CPU=x",
    )),
    Case("#!/bin/bash\ntrue\n", (), settings("SBATCH_MEM_PER_CPU=1G SBATCH_MEM_PER_NODE=2G")),
    Case("#!/bin/bash\ntrue\n", (), settings("SBATCH_MEM_PER_CPU=1G SBATCH_MEM_PER_GPU=2G SBATCH_GPUS=2")),
    Case("#!/bin/bash\n#SBATCH -c 2\ntrue\n", (), settings("SBATCH_CPUS_PER_GPU=2 SBATCH_GPUS=2")),
]  # fmt: skip

COMMAND_LINE = [
    *(Case(SCRIPT, shlex.split(text)) for text in (
        "-t 5", "--time=5", "--time 5", "-t5", "-n 4", "-n4 -c2", "--nodes=2", "-N 2", "-J x", "--job-name='a b'", "--tim=5", "--foo",
        "-t abc", "-n x", "-n 3 -n 5", "-Hn3", "--partition=long", "--part=long", "--exclusive", "-a 1-3", "--mem=1G", "-y", "-n",
        "--nice=3", "--ntasks-per-node=2", "--ntasks=", "--gres=gpu:2", "-O", "--comment='a # b'", "-J 'a\"b'", "-J 'a\\b'", "-J #",
        "--no-requeue", "--requeue --no-requeue", "-G2", "--gpus=2 --cpus-per-gpu=2", "-k", "-koff", "--mem=x", "--export=NONE",
        "-d singleton", "--mincpus=4", "-w n2", "-B 2", "-N 1-2", "-s",
    )),
    Case(MEMORY_SCRIPT, ["--mem-per-cpu=1G"]),
    Case(MEMORY_SCRIPT, ["--mem=2G"]),
    Case(SCRIPT, ["-t", "5"], {"SBATCH_TIMELIMIT": "7"}),
    Case(SCRIPT, ["-t", "5"], {"SBATCH_TIMELIMIT": "abc"}),
    Case("#!/bin/bash\n#SBATCH -t abc\ntrue\n", ["-t", "5"]),
    Case("#!/bin/bash\n#SBATCH -t abc\ntrue\n", (), {"SBATCH_TIMELIMIT": "7"}),
    Case("#!/bin/bash\n#SBATCH --foo\ntrue\n", ["-t", "5"]),
    Case("#!/bin/bash\n#SBATCH -N 2\ntrue\n", ["-n", "1"]),
    Case("#!/bin/bash\n#SBATCH --ntasks-per-node=4\ntrue\n", ["-N", "2"]),
    Case("#!/bin/bash\n#SBATCH --exclusive\ntrue\n", ["-s"]),
    Case("#!/bin/bash\n#SBATCH -s\ntrue\n", (), {"SBATCH_EXCLUSIVE": ""}),
    Case("#!/bin/bash\n#SBATCH -G 4\ntrue\n", ["--gpus-per-node=2"]),
    Case("#!/bin/bash\n#SBATCH -G 4\ntrue\n", ["--gpus-per-node=3"]),
    Case("#!/bin/bash\n#SBATCH -n 2\ntrue\n#SBATCH -n x\n", ["-c", "2"]),
]  # fmt: skip

# --- random ones ----------------------------------------------------------------------------------------------------

# Short name, long name, values.
DRAWN: list[tuple[str, str, list[str]]] = [
    ("N", "nodes", ["1", "2", "1-2", "2-4", "3"]),
    ("n", "ntasks", ["1", "2", "3", "8", "12"]),
    ("c", "cpus-per-task", ["1", "2", "4"]),
    ("", "ntasks-per-node", ["1", "2", "4"]),
    ("t", "time", ["5", "10:30", "1:00:00", "1-0", "0-12:30", "0", "UNLIMITED", "2-1:2:3"]),
    ("", "mem", ["1G", "500", "2048M", "1500K", "0"]),
    ("", "mem-per-cpu", ["1G", "300"]),
    ("a", "array", ["0-9", "1-20%4", "1,3,9", "0-30:7", "5"]),
    ("J", "job-name", ["run", "two words", "with#hash", 'with"quote', "with'quote", "back\\slash", "\u00fcber"]),
    ("p", "partition", ["debug", "long"]),
    ("G", "gpus", ["2", "a100:4", "8"]),
    ("", "gpus-per-node", ["1", "a100:2", "4"]),
    ("", "gpus-per-task", ["1", "2"]),
    ("", "gres", ["gpu:1", "gpu:a100:2"]),
    ("", "cpus-per-gpu", ["2"]),
    ("", "mem-per-gpu", ["1G"]),
    ("", "comment", ["plain", "a b", "# not a comment", "50% \\ done"]),
    ("w", "nodelist", ["n1", "n[1-2]"]),
    ("", "mincpus", ["2", "4"]),
    ("", "time-min", ["5"]),
    ("d", "dependency", ["singleton", "afterok:1"]),
    ("B", "extra-node-info", ["2", "1:1"]),
    ("O", "overcommit", [""]),
    ("H", "hold", [""]),
    ("s", "oversubscribe", [""]),
    ("", "exclusive", [""]),
    ("", "requeue", [""]),
    ("", "contiguous", [""]),
]


def quoted(random: random.Random, value: str) -> str:
    """One of the ways in which the value may be written in a directive."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    ways = [f'"{escaped}"', "".join(f"\\{character}" if character in " \"'\\#" else character for character in value)]
    if "'" not in value and "\\" not in value:
        ways.append(f"'{value}'")
    return random.choice(ways)


def spelled(random: random.Random, short: str, long: str, value: str) -> str:
    """One of the ways in which the option may be written; every tenth is cut short, ambiguous or not."""
    if random.random() < 0.1:
        long = long[: random.randint(max(2, len(long) - 4), len(long))]
    if not value:
        return random.choice([f"--{long}", f"-{short}"] if short else [f"--{long}"])
    text = quoted(random, value)
    ways = [f"--{long}={text}", f"--{long} {text}"]
    return random.choice([*ways, f"-{short}{text}", f"-{short} {text}"] if short else ways)


def drawn(count: int, seed: int = 4) -> Iterator[Case]:
    """Some options each, in directives of one or several, with comments between them; some given again elsewhere."""
    random_ = random.Random(seed)
    for _ in range(count):
        chosen = random_.choices(DRAWN, k=random_.randint(1, 5))
        words = [spelled(random_, short, long, random_.choice(values)) for short, long, values in chosen]
        text = ["#!/bin/bash"]
        while words:
            together = random_.randint(1, 3)
            ending = random_.choice(["", "", "", " # why", "   "])
            text.append("#SBATCH " + random_.choice([" ", "  ", "\t"]).join(words[:together]) + ending)
            words = words[together:]
            text += random_.choice([[], [], ["# a comment"], [""], ["#SBATCH"]])
        arguments = []
        if random_.random() < 0.3:
            _, long, values = random_.choice(DRAWN)
            value = random_.choice(values)
            arguments = [f"--{long}={value}" if value else f"--{long}"]
        environment = random_.choice([{}, {}, {}, {}, {"SBATCH_TIMELIMIT": "20"}, {"SBATCH_PARTITION": "long"}])
        yield Case("\n".join([*text, "true\n"]), arguments, environment)


CASES: dict[str, list[Case]] = {
    "scanning": SCANNING,
    "words": WORDS,
    "options": OPTIONS,
    "values": VALUES,
    "other schedulers": OTHERS,
    "environment": ENVIRONMENT,
    "command line": COMMAND_LINE,
    "drawn": list(drawn(250)),
}
