from itertools import chain
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import path, reverse

from applications import tags
from applications.archive import Files, unpack
from applications.archive import sha256 as sha256_of
from applications.models import Application, ApplicationShare
from applications.versions import ApplicationFile, ApplicationVersion
from jobbergate.core.admin import FilesInline, ReadOnlyInline, SharesInline, StaffAdmin, link
from jobbergate.core.errors import DomainError


class TagsField(forms.CharField):
    def prepare_value(self, value: Any) -> Any:
        return " ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return tags.normalised((value or "").replace(",", " ").split())


class Candidate:
    """An uploaded archive that may become the next version. Not saved yet."""

    def __init__(self, upload: Any, force: bool, application: Application | None) -> None:
        self.files: Files = {}
        self.version: ApplicationVersion | None = None
        self.errors: list[str] = []
        try:
            self.files = unpack(upload)
            self.version = self.tested(force, application)
        except DomainError as error:
            self.errors = [*dict.fromkeys([error.detail, *chain(*error.errors.values())])]

    def tested(self, force: bool, application: Application | None) -> ApplicationVersion | None:
        """The files of the newest version make no new one, and are not tested again."""
        sha256 = sha256_of(self.files)
        if application is not None and application.newest_of(sha256) is not None:
            return None
        return ApplicationVersion.tested(self.files, note="Published in the admin.", force=force, sha256=sha256)


class ApplicationForm(forms.ModelForm):
    """An application's columns, and an archive that becomes its first or next version."""

    # What the archive holds; the page makes it before its transaction.
    candidate: Candidate | None = None

    archive = forms.FileField(required=False, help_text="tar.gz of the application's folder; becomes the next version.")
    force = forms.BooleanField(
        required=False, label="Publish although its own tests fail", help_text="The version's note says so then."
    )

    tags = TagsField(required=False, help_text="Words, with blanks between them.")

    class Meta:
        model = Application
        fields = ("name", "identifier", "description", "tags", "owner", "visibility", "is_archived")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["archive"].required = self.instance.pk is None

    def clean_owner(self) -> User:
        owner: User = self.cleaned_data["owner"]
        if "owner" in self.changed_data and not owner.is_active:
            raise forms.ValidationError(f"{owner} is not active.")
        return owner

    def clean_archive(self) -> Candidate | None:
        if self.candidate is not None and self.candidate.errors:
            raise forms.ValidationError(self.candidate.errors)
        return self.candidate


class VersionsInline(ReadOnlyInline):
    model = ApplicationVersion
    fields = readonly_fields = ("page", "kind", "note", "size", "created_by", "created_at")
    verbose_name_plural = "versions"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("application", "created_by").defer("config", "form")

    @admin.display(description="version")
    def page(self, version: ApplicationVersion) -> str:
        return link(version)


class ApplicationSharesInline(SharesInline):
    model = ApplicationShare


@admin.register(Application)
class ApplicationAdmin(StaffAdmin):
    form = ApplicationForm
    list_display = ("name", "identifier", "owner", "visibility", "latest_version", "is_archived", "updated_at")
    list_filter = ("visibility", "is_archived", "updated_at")
    list_select_related = ("owner",)
    search_fields = ("search_text",)
    autocomplete_fields = ("owner",)
    readonly_fields = ("latest_version", "created_at", "updated_at")
    inlines = (ApplicationSharesInline, VersionsInline)
    actions = ("archive", "unarchive")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*ApplicationForm.Meta.fields, "archive", "force", *(self.readonly_fields if obj else ()))

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj else ()

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        # Tests take seconds, in which nobody else has to wait for the transaction that the page is.
        request.candidate = self.candidate(request, object_id)  # type: ignore[attr-defined]  # ours, for `get_form`
        return self.explained(
            request, lambda: super(ApplicationAdmin, self).changeform_view(request, object_id, form_url, extra_context)
        )

    def candidate(self, request: HttpRequest, object_id: str | None) -> Candidate | None:
        upload = request.FILES.get("archive")
        if upload is None or not self.is_staff(request):
            return None
        application = self.get_object(request, unquote(object_id)) if object_id else None
        force = forms.CheckboxInput().value_from_datadict(request.POST, request.FILES, "force")
        return Candidate(upload, bool(force), application)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        # A class of this request's own.
        form.candidate = getattr(request, "candidate", None)
        return form

    def save_model(self, request: HttpRequest, obj: Application, form: Any, change: bool) -> None:
        if change:
            # The row as it is now, and what the form changed: who published meanwhile has made it another. Locked
            # before its shares are saved; then `save_related` gives it away.
            columns = {*ApplicationForm.Meta.fields} - {"owner"}
            obj.change(**{name: form.cleaned_data[name] for name in form.changed_data if name in columns})
        else:
            super().save_model(request, obj, form, change)
        candidate: Candidate | None = form.cleaned_data["archive"]
        if candidate is not None and candidate.version is not None:
            obj.append(candidate.version, candidate.files, request.user)  # type: ignore[arg-type]  # signed in

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        super().save_formset(request, form, formset, change)
        if formset.model is ApplicationShare:
            form.instance.show_to([*formset.new_objects, *(share for share, _ in formset.changed_objects)])

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if change and "owner" in form.changed_data:
            form.instance.transfer(form.cleaned_data["owner"])


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
    change_form_template = "jobbergate/version_page.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        queryset = super().get_queryset(request)
        # The list shows none of the large columns.
        listed = request.resolver_match is not None and "object_id" not in request.resolver_match.kwargs
        return queryset.defer("config", "form") if listed else queryset.select_related("application", "created_by")

    def get_urls(self) -> Any:
        restore = self.admin_site.admin_view(self.restore)
        return [path("<path:object_id>/restore/", restore, name="restore_version"), *super().get_urls()]

    def restore(self, request: HttpRequest, object_id: str) -> HttpResponse:
        if not self.is_staff(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        version = self.get_object(request, object_id)
        if version is None or version.application is None:
            self.message_user(request, "There is no application with this version any more.", messages.ERROR)
            return HttpResponseRedirect(reverse("admin:applications_applicationversion_changelist"))
        try:
            newest = version.application.restore(version.number, request.user)
        except DomainError as error:
            self.message_user(request, error.detail, messages.ERROR)
            return HttpResponseRedirect(reverse("admin:applications_applicationversion_change", args=[version.pk]))
        self.log_addition(request, newest, [{"added": {}}])
        self.message_user(request, f"The newest version is {newest.number} now.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:applications_applicationversion_change", args=[newest.pk]))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="application")
    def application_page(self, version: ApplicationVersion) -> str:
        return link(version.application)
