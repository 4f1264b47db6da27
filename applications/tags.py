"""Tags: the few words under which an application is found."""

import re
from collections.abc import Iterable

from django.core.exceptions import ValidationError

MOST, LONGEST = 20, 50
WORD = re.compile(r"[a-z0-9][a-z0-9._+-]*")


def normalised(texts: Iterable[str]) -> list[str]:
    """Each tag once, in lower case, sorted: the same tags are always the same list; raises ValidationError."""
    tags = sorted({tag_of(text) for text in texts})
    if len(tags) > MOST:
        raise ValidationError(f"There are {len(tags)} tags; give at most {MOST}.")
    return tags


def tag_of(text: str) -> str:
    tag = text.strip().casefold()
    if len(tag) > LONGEST or not WORD.fullmatch(tag):
        # As a parameter: a text may hold a percent sign, which a message means something by.
        raise ValidationError(
            "%(text)r is not accepted; a tag is letters a to z, digits and . _ + -, begins with a letter or digit, and"
            " has at most %(longest)s characters.",
            params={"text": text[:LONGEST], "longest": LONGEST},
        )
    return tag
