"""The index behind `search`: three-letter pieces of `search_text`, where the database has them (PostgreSQL)."""

from typing import Any

from django.contrib.postgres import operations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation


class TrigramExtension(operations.TrigramExtension):
    """Once it is there it stays: others may use it, and Django would ask SQLite to drop it too."""

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        pass


class AddSearchIndex(Operation):
    """A migration's operation. SQLite has no such index, and a site that outgrows it moves to PostgreSQL anyway."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, table: str) -> None:
        self.table = table

    def state_forwards(self, app_label: str, state: Any) -> None:
        pass  # The models do not know of it: no query is written differently.

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            return
        table, index = schema_editor.quote_name(self.table), schema_editor.quote_name(f"{self.table}_search")
        # fastupdate keeps new entries in a list that every search reads through: a search's cost would vary.
        schema_editor.execute(
            f"CREATE INDEX {index} ON {table} USING gin (search_text gin_trgm_ops) WITH (fastupdate = off)"
        )

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP INDEX {schema_editor.quote_name(f'{self.table}_search')}")

    def describe(self) -> str:
        return f"Index the words of {self.table} on PostgreSQL"
