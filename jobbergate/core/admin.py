"""What the resources' admin pages share."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Case, Model, QuerySet, When
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.http import urlencode

from jobbergate.core.errors import DomainError

MAX_LISTED = 10_000
MAX_SHOWN = 32 * 1024


admin.site.site_title = admin.site.site_header = "Jobbergate"
admin.site.index_title = "Applications, job scripts and job submissions"


class BoundedPaginator(Paginator):
    """Counts no further than anybody pages: a list of a million rows costs what one of ten thousand does."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows[:MAX_LISTED].count())


class StaffAdmin(admin.ModelAdmin):
    """Everybody who is staff looks after the resources; users and groups stay with superusers."""

    show_full_result_count = False
    paginator = BoundedPaginator
    list_per_page = 50
    # The admin's search box, where the rows have words to search.
    search_help_text = "Words that all have to occur."

    def is_staff(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_active and request.user.is_staff)

    has_module_permission = is_staff
    has_view_permission = is_staff
    has_change_permission = is_staff
    has_delete_permission = is_staff

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.is_staff(request)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet[Any], bool]:
        if not hasattr(queryset, "search"):
            return super().get_search_results(request, queryset, search_term)
        return queryset.search(search_term.replace("\0", "")), False

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        return self.explained(request, lambda: super(StaffAdmin, self).delete_view(request, object_id, extra_context))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return self.explained(request, lambda: super(StaffAdmin, self).changelist_view(request, extra_context))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """One by one, so that each row's own rules hold; all of them, or none."""
        with transaction.atomic():
            for row in queryset:
                row.delete()

    def explained(self, request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
        """A refusal of the domain is a message on the page that one came from."""
        try:
            return view()
        except DomainError as error:
            self.message_user(request, error.detail, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path() if request.method == "POST" else "..")


class PeopleAdmin(UserAdmin):
    """Accounts stay with superusers; all staff may choose among their names where a form asks for a person."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if request.resolver_match is not None and request.resolver_match.url_name == "autocomplete":
            return bool(request.user.is_active and request.user.is_staff)
        return super().has_view_permission(request, obj)


admin.site.unregister(User)
admin.site.register(User, PeopleAdmin)


class ReadOnlyInline(admin.TabularInline):
    """Rows that nobody changes by hand."""

    extra = 0
    can_delete = False
    show_change_link = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_active and request.user.is_staff)


class FilesInline(ReadOnlyInline):
    """Files, readable in place. What is large is not even fetched."""

    fields = readonly_fields = ("path", "size", "text")
    verbose_name_plural = "files"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        small = Case(When(size__lte=MAX_SHOWN, then="content"))
        return super().get_queryset(request).defer("content").annotate(shown=small)

    @admin.display(description="content")
    def text(self, file: Any) -> str:
        if file.shown is None:
            return f"larger than {MAX_SHOWN // 1024} KiB"
        try:
            text = bytes(file.shown).decode()
        except UnicodeDecodeError:
            return "not text"
        return format_html("<details><summary>{}</summary><pre>{}</pre></details>", file.path, text)


def link(row: Model | None) -> str:
    """A link to a row's own page."""
    if row is None:
        return "none"
    meta = row._meta
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])
    return format_html('<a href="{}">{}</a>', url, row)


def list_link(model: str, words: str, **filters: Any) -> str:
    """A link to the rows of another resource (`app_model`) that belong to this one."""
    url = reverse(f"admin:{model}_changelist")
    return format_html('<a href="{}?{}">{}</a>', url, urlencode(filters), words)
