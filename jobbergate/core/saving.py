"""Many rows that are there already, changed in one statement."""

from collections.abc import Collection, Sequence
from typing import TypeVar

from django.db import models

M = TypeVar("M", bound=models.Model)


def save_together(rows: Sequence[M], columns: Collection[str]) -> None:
    """These columns of rows that are complete, and locked by the caller's transaction.

    Django's `bulk_update` writes a CASE for every value, and takes milliseconds a row to do so. This inserts rows whose
    ids are taken, which changes those that have them.
    """
    if rows:
        type(rows[0])._default_manager.bulk_create(
            rows, update_conflicts=True, unique_fields=["id"], update_fields=list(columns)
        )
