"""Types of commands' arguments."""

from argparse import ArgumentTypeError


def text(value: str) -> str:
    """What a database takes: a terminal may hand over bytes that are no text."""
    if not value.isprintable() or value != value.encode("utf-8", "ignore").decode():
        raise ArgumentTypeError(f"{value!a} has characters that cannot be stored; give printable text.")
    return value
