from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from applications.archive import Files, collected
from jobbergate.core.admin import FilesInline, SharesInline, StaffAdmin, link, list_link
from jobbergate.core.errors import DomainError
from jobscripts.files import JobScriptFile
from jobscripts.models import JobScript, JobScriptShare


class JobScriptForm(forms.ModelForm):
    upload = forms.FileField(required=False, help_text="A script for sbatch, kept as it is.")

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
        self.instance.entrypoint = next(iter(files))
        return files


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
        "origin", "parent_page", "edited_at", "submissions_page", "entrypoint", "answers", "computed",
        "sbatch_parameters", "warnings", "output_directory", "created_at", "updated_at",
    )  # fmt: skip
    inlines = (JobScriptSharesInline, JobScriptFilesInline)
    actions = ("archive", "unarchive")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("owner", "version__application")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*JobScriptForm.Meta.fields, *(self.readonly_fields if obj else ("upload",)))

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

    @admin.display(description="cloned from")
    def parent_page(self, script: JobScript) -> str:
        return link(script.parent)

    @admin.display(description="job submissions")
    def submissions_page(self, script: JobScript) -> str:
        return list_link("submissions_jobsubmission", "show", job_script__id__exact=script.pk)
