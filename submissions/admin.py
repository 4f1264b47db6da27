from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.html import format_html, format_html_join
from django.utils.timesince import timesince

from jobbergate.core.admin import ReadOnlyInline, StaffAdmin, link
from jobbergate.core.errors import DomainError
from submissions.clusters import FRESH, Cluster
from submissions.models import JobSubmission, SubmissionEvent
from submissions.reasons import explain


@admin.register(Cluster)
class ClusterAdmin(StaffAdmin):
    """`manage.py create_cluster` makes a cluster and its agent's account at once; here they are put together."""

    list_display = ("name", "heard", "slurm_version", "jobs", "agent", "description")
    list_select_related = ("agent",)
    search_fields = ("name", "description")
    autocomplete_fields = ("agent",)
    readonly_fields = ("heard", "last_contact_at", "slurm_version", "jobs", "its_partitions", "limits", "created_at")

    @admin.display(description="its agent", ordering="last_contact_at")
    def heard(self, cluster: Cluster) -> str:
        if cluster.last_contact_at is None:
            return "never heard of"
        words = f"last heard of {timesince(cluster.last_contact_at, depth=1)} ago"
        return words if cluster.contact == FRESH else f"silent: {words}"

    @admin.display(description="jobs")
    def jobs(self, cluster: Cluster) -> str:
        jobs = cluster.load.get("jobs")
        return f"{jobs['running']} running, {jobs['pending']} pending" if jobs else ""

    @admin.display(description="partitions")
    def its_partitions(self, cluster: Cluster) -> str:
        head = format_html_join("", "<th>{}</th>", ([title] for title in PARTITION_TITLES))
        cells = (
            format_html_join("", "<td>{}</td>", ([cell] for cell in partition_cells(partition)))
            for partition in cluster.partitions
        )
        return format_html("<table><tr>{}</tr>{}</table>", head, format_html_join("", "<tr>{}</tr>", zip(cells)))


PARTITION_TITLES = ("name", "state", "nodes idle", "nodes", "CPUs idle", "CPUs", "longest job", "memory of a node")


def partition_cells(partition: dict[str, Any]) -> tuple[object, ...]:
    nodes, cpus, longest, memory = (partition[name] for name in ("nodes", "cpus", "max_time", "memory_per_node"))
    return (
        f"{partition['name']} (default)" if partition["is_default"] else partition["name"],
        partition["state"],
        nodes["idle"],
        nodes["total"],
        cpus["idle"],
        cpus["total"],
        "no limit" if longest is None else timedelta(seconds=longest),
        "" if memory is None else filesizeformat(memory),
    )


class EventsInline(ReadOnlyInline):
    model = SubmissionEvent
    fields = readonly_fields = ("at", "old_status", "new_status", "reason")
    verbose_name_plural = "events"


class SubmitForm(forms.ModelForm):
    """A new submission; afterwards Slurm has the word."""

    class Meta:
        model = JobSubmission
        fields = ("job_script", "owner", "cluster", "execution_directory", "sbatch_arguments")

    def clean_sbatch_arguments(self) -> list[str]:
        words = self.cleaned_data["sbatch_arguments"] or []
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise forms.ValidationError('Give a list of words, such as ["--time=10:00", "-N2"].')
        return words

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        script = data.get("job_script")
        if script is not None and not self.errors:
            try:
                # The page is one transaction: as `JobSubmission.create` does.
                script.lock()
                self.instance = JobSubmission.prepared(
                    data["owner"],
                    script,
                    cluster=data["cluster"],
                    execution_directory=data["execution_directory"],
                    sbatch_arguments=data["sbatch_arguments"],
                )
            except DomainError as error:
                raise forms.ValidationError(error.detail) from None
            # The form writes its own values over the instance's: the cluster that was left to us too.
            data["cluster"] = self.instance.cluster
        return data


@admin.register(JobSubmission)
class JobSubmissionAdmin(StaffAdmin):
    list_display = ("name", "owner", "status", "slurm_job_id", "cluster", "script_page", "submitted_at", "ended_at")
    list_filter = ("status", "via", "cluster", "is_archived", "created_at")
    list_select_related = ("owner", "cluster", "job_script")
    search_fields = ("search_text",)
    autocomplete_fields = ("job_script", "owner", "cluster")
    inlines = (EventsInline,)
    changeable = ("name", "description", "is_archived")
    # What one comes for; after it, everything else that is known.
    first = (
        "status",
        "reason",
        "explanation",
        "slurm_job_id",
        "slurm_cluster",
        "exit_code",
        "signal",
        "script_page",
        "owner",
    )
    # What Slurm and the hand-over wrote, and which task of a large array is where.
    hidden = (
        "id",
        "search_text",
        "idempotency_key",
        "idempotency_fingerprint",
        "job_script",
        "task_statuses",
        "task_exit_codes",
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return (
            super()
            .get_queryset(request)
            .select_related("owner", "cluster", "job_script")
            .defer("task_statuses", "task_exit_codes")
        )

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, **(kwargs if obj else {**kwargs, "form": SubmitForm}))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*self.changeable, *self.get_readonly_fields(request, obj)) if obj else SubmitForm.Meta.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ()
        columns = [field.name for field in JobSubmission._meta.fields]
        shown = (*self.first, *self.changeable, *self.hidden)
        return (*self.first, *(name for name in columns if name not in shown))

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj else ()

    @admin.display
    def explanation(self, submission: JobSubmission) -> str:
        return explain(submission.status, submission.reason)

    @admin.display(description="job script")
    def script_page(self, submission: JobSubmission) -> str:
        return link(submission.job_script)
