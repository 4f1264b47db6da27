"""Types of commands' arguments."""

import re
from argparse import ArgumentTypeError


def text(value: str) -> str:
    """What a database takes: a terminal may hand over bytes that are no text."""
    if not value.isprintable() or value != value.encode("utf-8", "ignore").decode():
        raise ArgumentTypeError(f"{value!a} has characters that cannot be stored; give printable text.")
    return value


def positive(value: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", value) or int(value) == 0:
        raise ArgumentTypeError(f"{value!a} is not accepted; give a number from 1 on.")
    return int(value)
