from itertools import chain
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from applications.archive import Files, unpack
from applications.archive import sha256 as sha256_of
from applications.models import Application, ApplicationFile, ApplicationVersion
from jobbergate.core.admin import FilesInline, ReadOnlyInline, StaffAdmin, link
from jobbergate.core.errors import DomainError


class ApplicationForm(forms.ModelForm):
    """An application's columns, and an archive that becomes its first or next version."""

    archive = forms.FileField(required=False, help_text="tar.gz of the application's folder; becomes the next version.")
    force = forms.BooleanField(
        required=False, label="Publish although its own tests fail", help_text="The version's note says so then."
    )

    class Meta:
        model = Application
        fields = ("name", "identifier", "description", "owner", "visibility", "is_archived")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["archive"].required = self.instance.pk is None

    def clean_archive(self) -> Files | None:
        upload = self.cleaned_data["archive"]
        if not upload:
            return None
        try:
            return unpack(upload)
        except DomainError as error:
            raise forms.ValidationError(error.detail) from None

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if files := cleaned.get("archive"):
            try:
                cleaned["version"] = self.next_version(files, cleaned["force"])
            except DomainError as error:
                self.add_error("archive", [*dict.fromkeys([error.detail, *chain(*error.errors.values())])])
        return cleaned

    def next_version(self, files: Files, force: bool) -> ApplicationVersion | None:
        """Not saved yet. The files of the newest version make no new one, and are not tested again."""
        sha256 = sha256_of(files)
        if self.instance.newest_of(sha256) is not None:
            return None
        return ApplicationVersion.tested(files, note="Published in the admin.", force=force, sha256=sha256)


class VersionsInline(ReadOnlyInline):
    model = ApplicationVersion
    fields = readonly_fields = ("page", "kind", "note", "size", "created_by", "created_at")
    verbose_name_plural = "versions"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("application", "created_by").defer("config", "form")

    @admin.display(description="version")
    def page(self, version: ApplicationVersion) -> str:
        return link(version)


@admin.register(Application)
class ApplicationAdmin(StaffAdmin):
    form = ApplicationForm
    list_display = ("name", "identifier", "owner", "visibility", "latest_version", "is_archived", "updated_at")
    list_filter = ("visibility", "is_archived", "updated_at")
    list_select_related = ("owner",)
    search_fields = ("search_text",)
    autocomplete_fields = ("owner",)
    readonly_fields = ("latest_version", "created_at", "updated_at")
    inlines = (VersionsInline,)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*ApplicationForm.Meta.fields, "archive", "force", *(self.readonly_fields if obj else ()))

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj else ()

    def save_model(self, request: HttpRequest, obj: Application, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if version := form.cleaned_data.get("version"):
            obj.append(version, form.cleaned_data["archive"], request.user)  # type: ignore[arg-type]


class ApplicationFilesInline(FilesInline):
    model = ApplicationFile


@admin.register(ApplicationVersion)
class ApplicationVersionAdmin(StaffAdmin):
    """Versions never change: they are here to be read."""

    list_display = ("application", "number", "kind", "note", "size", "created_by", "created_at")
    list_filter = ("kind", "created_at")
    list_select_related = ("application", "created_by")
    search_fields = ("application__name", "application__identifier", "note")
    fields = readonly_fields = (
        "application_page", "number", "kind", "sha256", "note", "size", "config", "form", "created_by", "created_at",
    )  # fmt: skip
    inlines = (ApplicationFilesInline,)

    def get_queryset(self, request: HttpRequest) -> Any:
        queryset = super().get_queryset(request)
        # The list shows none of the large columns.
        listed = request.resolver_match is not None and "object_id" not in request.resolver_match.kwargs
        return queryset.defer("config", "form") if listed else queryset.select_related("application", "created_by")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="application")
    def application_page(self, version: ApplicationVersion) -> str:
        return link(version.application)
