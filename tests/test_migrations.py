"""The migrations are what the models say, on either database."""

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("app", ["submissions", "jobscripts", "applications"])
def test_migrations_go_back_and_forth(app):
    try:
        call_command("migrate", "submissions", "zero", verbosity=0)
        call_command("migrate", app, "zero", verbosity=0)
    finally:
        call_command("migrate", verbosity=0)

    assert {model._meta.db_table for model in apps.get_models()} <= set(connection.introspection.table_names())
