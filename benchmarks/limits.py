"""The limits: bare Django views that read or write the same rows and answer the same JSON.

Nobody signs in here, and nothing is checked. Whose rows they are is in the query, as an id.
"""

import hashlib
import json
import secrets
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import quote_plus

import orjson
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from applications.api.serializers import ApplicationSerializer
from applications.models import Application
from applications.versions import ApplicationVersion
from benchmarks.rendering import bare, default_answers, read_folder
from jobbergate.urls import handler400, handler403, handler404, handler500
from jobbergate.urls import urlpatterns as project_urls
from jobscripts.files import JobScriptFile
from jobscripts.models import JobScript
from jobscripts.sbatch.checking import check
from submissions.api.serializers import JobSubmissionSerializer
from submissions.clusters import Cluster
from submissions.models import JobSubmission

LIMIT = 50
# Column → the API's name for it.
APPLICATION = {source.replace(".", "__"): name for name, source in ApplicationSerializer.sources().items()}
SUBMISSION = {source.replace(".", "__"): name for name, source in JobSubmissionSerializer.sources().items()}
FILES = read_folder()
ANSWERS = default_answers(FILES)
TEMPLATE = bare(FILES)
# Nothing is checked here; what a check finds is answered and stored all the same.
CHECK = check(TEMPLATE.render(ANSWERS))
RESOURCES = CHECK.resources.as_json()


def applications(request: HttpRequest) -> JsonResponse:
    found = Application.objects.filter(Q(visibility="public") | Q(owner=int(request.GET["user"])), is_archived=False)
    text = request.GET.get("search", "")
    for word in text.split():
        found = found.filter(search_text__contains=word)
    return page(request, found, APPLICATION, "applications", text)


def application(request: HttpRequest, pk: int) -> JsonResponse:
    (row,) = read(Application.objects.filter(pk=pk), APPLICATION)
    return JsonResponse(row)


def submissions(request: HttpRequest) -> JsonResponse:
    found = JobSubmission.objects.filter(is_archived=False)
    if "user" in request.GET:
        found = found.filter(owner=int(request.GET["user"]))
    return page(request, found, SUBMISSION, "job-submissions")


def page(
    request: HttpRequest, rows: QuerySet[Any], columns: dict[str, str], noun: str, search: str = ""
) -> JsonResponse:
    found = read(rows.order_by("-id")[: LIMIT + 1], columns)
    after = None
    if len(found) > LIMIT:
        last = found[LIMIT - 1]["id"]
        place = json.dumps(["-id", last, last, False], separators=(",", ":"))
        after = (
            f"http://{request.get_host()}/api/{noun}/?cursor={urlsafe_b64encode(place.encode()).decode().rstrip('=')}"
        )
        after += f"&search={quote_plus(search)}" if search else ""
    return JsonResponse({"next": after, "previous": None, "results": found[:LIMIT]})


def read(rows: QuerySet[Any], columns: dict[str, str]) -> list[dict[str, Any]]:
    found = list(rows.values(*columns))
    others = [(column, name) for column, name in columns.items() if column != name]
    for row in found:
        for column, name in others:
            row[name] = row.pop(column)
    return found


@csrf_exempt
@transaction.atomic
def render(request: HttpRequest) -> JsonResponse:
    given = orjson.loads(request.body)
    version = ApplicationVersion.objects.select_related("application").get(
        application=given["application"], number=given["version"]
    )
    content = TEMPLATE.render({**ANSWERS, **given["answers"]}).encode()
    script = JobScript.objects.create(
        owner_id=int(request.GET["user"]),
        version=version,
        name=given["name"],
        answers={**ANSWERS, **given["answers"]},
        entrypoint="job.sh",
        resources=RESOURCES,
    )
    file = JobScriptFile.objects.create(
        script=script, path="job.sh", content=content, size=len(content), sha256=hashlib.sha256(content).hexdigest()
    )
    return JsonResponse(
        {
            "id": script.pk,
            "name": script.name,
            "description": script.description,
            "owner": User.objects.get(pk=script.owner_id).username,
            "application": version.application_id,
            "application_name": version.application and version.application.name,
            "version": version.number,
            "is_archived": script.is_archived,
            "created_at": script.created_at,
            "updated_at": script.updated_at,
            "parent": None,
            "answers": script.answers,
            "computed": script.computed,
            "sbatch_parameters": script.sbatch_parameters,
            "warnings": script.warnings,
            "findings": script.findings,
            "resources": script.resources,
            "output_directory": script.output_directory,
            "edited_at": None,
            "entrypoint": script.entrypoint,
            "files": [{"path": file.path, "size": file.size, "sha256": file.sha256}],
        },
        status=201,
    )


@csrf_exempt
def submit(request: HttpRequest) -> JsonResponse:
    given = orjson.loads(request.body)
    script = JobScript.objects.select_related("owner").get(pk=given["job_script"])
    cluster, tag = Cluster.objects.get() if given["via"] == "agent" else None, secrets.token_hex(16)
    made = JobSubmission.objects.create(
        owner=script.owner,
        job_script=script,
        via=given["via"],
        cluster=cluster,
        name=script.name,
        tag=tag,
        comment=f"jobbergate:{tag}",
    )
    shown = {name: getattr(made, name) for column, name in SUBMISSION.items() if "__" not in column}
    shown |= {"owner": script.owner.username, "cluster": cluster and cluster.name, "job_script": script.pk}
    return JsonResponse(shown, status=201)


urlpatterns = [
    path("limits/applications/", applications),
    path("limits/applications/<int:pk>/", application),
    path("limits/job-submissions/", submissions),
    path("limits/job-scripts/new/", render),
    path("limits/job-submissions/new/", submit),
    *project_urls,
]
__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]
