"""Ports and users, when several processes of ours want some at the same moment."""

import subprocess
import sys
from pathlib import Path

from dev.machine import ensure_user, free_ports, reserve

ROOT = Path(__file__).parents[2]


def test_ports_that_were_given_are_not_given_again_while_their_owner_lives():
    first = free_ports(3)

    assert not reserve([first + 2])
    program = "import sys; from dev.machine import reserve; print(reserve([int(sys.argv[1])]))"
    other = [sys.executable, "-c", program]
    assert subprocess.run([*other, str(first)], cwd=ROOT, capture_output=True, text=True).stdout == "False\n"


def test_they_are_free_again_when_it_has_ended():
    program = "from dev.machine import free_ports; print(free_ports(3))"
    command = [sys.executable, "-W", "always", "-c", program]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    # Nothing may stand behind pytest's last line.
    assert ended.stderr == ""
    assert reserve([int(ended.stdout)])


def test_of_ports_of_which_one_is_taken_none_is_kept():
    first = free_ports(1)

    assert not reserve([first - 1, first])
    assert reserve([first - 1])


def test_a_user_that_is_there_is_left_alone():
    ensure_user("nobody")
