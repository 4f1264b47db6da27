from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join

from applications.archive import Files, collected
from jobbergate.core.admin import FilesInline, SharesInline, StaffAdmin, link, list_link
from jobbergate.core.errors import DomainError
from jobscripts.drafts import Draft
from jobscripts.files import JobScriptFile
from jobscripts.models import JobScript, JobScriptShare
from jobscripts.sweeps import Sweep


class JobScriptForm(forms.ModelForm):
    upload = forms.FileField(required=False, help_text="A script for sbatch, kept as it is.")
    force = forms.BooleanField(required=False, label="Keep it although sbatch would refuse its directives")

    class Meta:
        model = JobScript
        fields = ("name", "description", "owner", "is_archived")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "upload" in self.fields:
            self.fields["upload"].required = self.instance.pk is None

    def clean_upload(self) -> Files | None:
        upload = self.cleaned_data["upload"]
        if not upload:
            return None
        try:
            files = collected([(upload.name, upload.read())])
        except DomainError as error:
            raise forms.ValidationError(error.detail) from None
        return files

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if files := cleaned.get("upload"):
            draft = Draft("", next(iter(files)), files)
            if draft.check.errors and not cleaned.get("force"):
                self.add_error("upload", [finding.sentence(draft.entrypoint) for finding in draft.check.errors])
            self.instance.entrypoint = draft.entrypoint
            self.instance.take(draft.check)
        return cleaned


def finding_sentence(script: JobScript, finding: dict[str, Any]) -> str:
    where = script.entrypoint if finding["line"] is None else f"{script.entrypoint}, line {finding['line']}"
    return f"{finding['severity']}: {where}: {finding['message']} {finding['suggestion']}".rstrip()


class JobScriptFilesInline(FilesInline):
    model = JobScriptFile


class JobScriptSharesInline(SharesInline):
    model = JobScriptShare


@admin.register(JobScript)
class JobScriptAdmin(StaffAdmin):
    form = JobScriptForm
    list_display = ("name", "owner", "origin", "edited_at", "submissions_page", "is_archived", "updated_at")
    list_filter = ("is_archived", "updated_at")
    search_fields = ("search_text",)
    autocomplete_fields = ("owner",)
    readonly_fields = (
        "origin", "made_from", "submissions_page", "entrypoint", "found", "asks_for", "answers", "computed",
        "sbatch_parameters", "warnings", "output_directory", "edited_at", "created_at", "updated_at",
    )  # fmt: skip
    inlines = (JobScriptSharesInline, JobScriptFilesInline)
    actions = ("archive", "unarchive")

    def get_queryset(self, request: HttpRequest) -> Any:
        queryset = super().get_queryset(request).select_related("owner", "version__application", "parent")
        one = request.resolver_match is not None and "object_id" in request.resolver_match.kwargs
        # The points of sweeps are listed by their sweep, and nowhere else.
        of_sweep = any(name.startswith("sweep__") for name in request.GET)
        return queryset if one or of_sweep else queryset.filter(sweep=None)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*JobScriptForm.Meta.fields, *(self.readonly_fields if obj else ("upload", "force")))

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj else ()

    def save_model(self, request: HttpRequest, obj: JobScript, form: Any, change: bool) -> None:
        if change:
            # What the form changed, and no more: somebody may be changing the script's files at this moment.
            obj.change(**{name: form.cleaned_data[name] for name in form.changed_data})
        else:
            super().save_model(request, obj, form, change)
            obj.add(form.cleaned_data["upload"])

    @admin.display(description="made from")
    def origin(self, script: JobScript) -> str:
        return link(script.version)

    @admin.display(description="copied or rendered again from")
    def made_from(self, script: JobScript) -> str:
        return link(script.parent)

    @admin.display(description="findings")
    def found(self, script: JobScript) -> str:
        sentences = ((finding_sentence(script, finding),) for finding in script.findings)
        return format_html_join("", "<div>{}</div>", sentences) or "none"

    @admin.display(description="asks for")
    def asks_for(self, script: JobScript) -> str:
        asked = {name: value for name, value in (script.resources or {}).items() if value not in (None, False)}
        return format_html_join("", "<div>{}: {}</div>", ((name.replace("_", " "), asked[name]) for name in asked))

    @admin.display(description="job submissions")
    def submissions_page(self, script: JobScript) -> str:
        return list_link("submissions_jobsubmission", "show", job_script__id__exact=script.pk)


@admin.register(Sweep)
class SweepAdmin(StaffAdmin):
    """Sweeps are made and submitted elsewhere: they are here to be read."""

    list_display = ("name", "owner", "origin", "size", "scripts_page", "as_array", "is_archived", "updated_at")
    list_filter = ("is_archived", "as_array", "updated_at")
    search_fields = ("search_text",)
    fields = readonly_fields = (
        "name", "description", "owner", "origin", "variables", "size", "scripts_page", "as_array", "max_queued",
        "is_archived", "created_at", "updated_at",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("owner", "version__application")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="made from")
    def origin(self, sweep: Sweep) -> str:
        return link(sweep.version)

    @admin.display(description="job scripts")
    def scripts_page(self, sweep: Sweep) -> str:
        return list_link("jobscripts_jobscript", "show", sweep__id__exact=sweep.pk)
