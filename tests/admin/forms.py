"""What a browser sends back from an admin page beside what a person has changed."""

from typing import Any

from django.db.models import Model
from django.test import Client
from django.urls import reverse


def saved(client: Client, row: Model, changes: dict[str, Any]) -> Any:
    url = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    formsets = [inline.formset.management_form for inline in client.get(url).context["inline_admin_formsets"]]
    counts = {form.add_prefix(name): form[name].value() for form in formsets for name in form.fields}
    return client.post(url, {**counts, **changes})
