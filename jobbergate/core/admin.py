"""What the resources' admin pages share."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Case, Model, QuerySet, When
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from jobbergate.core.errors import DomainError
from jobbergate.core.models import ResourceQuerySet

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

    @admin.action(description="Archive", permissions=["change"])
    def archive(self, request: HttpRequest, queryset: ResourceQuerySet[Any]) -> None:
        queryset.set_archived(True)

    @admin.action(description="Unarchive", permissions=["change"])
    def unarchive(self, request: HttpRequest, queryset: ResourceQuerySet[Any]) -> None:
        queryset.set_archived(False)

    def explained(self, request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
        """A refusal of the domain is a message on the page that one came from."""
        try:
            return view()
        except DomainError as error:
            self.message_user(request, error.detail, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path() if request.method == "POST" else "..")


class ChosenByStaff(admin.ModelAdmin):
    """Stays with superusers; all staff may choose among the names where a form asks for one."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if request.resolver_match is not None and request.resolver_match.url_name == "autocomplete":
            return bool(request.user.is_active and request.user.is_staff)
        return super().has_view_permission(request, obj)


class PeopleAdmin(ChosenByStaff, UserAdmin):
    pass


class GroupsAdmin(ChosenByStaff, GroupAdmin):
    pass


admin.site.unregister([User, Group])
admin.site.register(User, PeopleAdmin)
admin.site.register(Group, GroupsAdmin)


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


class Words(forms.Widget):
    """What is said in place of a choice that nobody makes again; asks nothing of the database."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words = words

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        return format_html("{}", self.words)


class ShareForm(forms.ModelForm):
    """Who it is shared with is chosen once; their role may change."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("user", "group") if self.instance.pk else ():
            self.initial[name] = getattr(self.instance, name)
            self.fields[name] = forms.Field(
                required=False, disabled=True, label=name, widget=Words(str(self.initial[name] or ""))
            )

    def clean_user(self) -> User | None:
        user: User | None = self.cleaned_data["user"]
        if user is not None and self.instance.pk is None and not user.is_active:
            raise forms.ValidationError(f"{user} is not active.")
        return user


class SharesFormSet(forms.BaseInlineFormSet):
    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        # The shares have been read, all at once: none is looked for again by its id.
        there = [(share.pk, share.pk) for share in self.get_queryset()]
        known = form.fields["id"]
        form.fields["id"] = forms.TypedChoiceField(
            choices=there, coerce=int, initial=known.initial, required=False, widget=known.widget
        )


class SharesInline(admin.TabularInline):
    """Whom the row is shared with."""

    form = ShareForm
    formset = SharesFormSet
    fields = ("user", "group", "role")
    autocomplete_fields = ("user", "group")
    extra = 0
    verbose_name_plural = "shared with"

    def is_staff(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_active and request.user.is_staff)

    has_view_permission = has_add_permission = has_change_permission = has_delete_permission = is_staff

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("user", "group")


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
