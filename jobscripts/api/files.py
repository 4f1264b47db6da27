"""The files of a job script: read one, and change them as long as nobody has submitted the script."""

import re
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_serializer
from rest_framework import serializers, status
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from applications.archive import MAX_FILE
from jobbergate.core.api.json import JSONParser
from jobbergate.core.api.views import Download, OfResource, key_of
from jobscripts.api.serializers import JobScriptDetailSerializer
from jobscripts.files import BadFile, JobScriptFile
from jobscripts.models import JobScript

SCRIPT = OpenApiParameter("script", OpenApiTypes.INT, OpenApiParameter.PATH, description="A job script's id.")
PATH = OpenApiParameter("path", OpenApiTypes.STR, OpenApiParameter.PATH, description="A file's path.")
SEEN = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The sha256 of the content that may be replaced, in quotes; of another one nothing is replaced.",
)
UNSEEN = OpenApiParameter(
    "If-None-Match", {"type": "string", "enum": ["*"]}, OpenApiParameter.HEADER, description="Replace nothing."
)
SHA256 = re.compile(r'"?([0-9a-f]{64})"?')


class OfJobScript(OfResource):
    def named(self) -> QuerySet[JobScript]:
        visible = JobScript.objects.visible_to(self.request.user)  # type: ignore[arg-type]  # signed in
        return visible.filter(pk=key_of(self.kwargs["script"]))


@extend_schema_serializer(examples=[OpenApiExample("Rename", {"path": "input/mesh.txt"}, request_only=True)])
class RenameSerializer(serializers.Serializer[Any]):
    path = serializers.CharField(max_length=2000, trim_whitespace=False, help_text="Its new path.")


@extend_schema(tags=["job scripts"], parameters=[SCRIPT, PATH])
class FileViewSet(OfJobScript):
    queryset = JobScriptFile.objects.none()
    serializer_class = JobScriptDetailSerializer
    # A file is its editors' to remove.
    owner_actions = ()
    lookup_field, lookup_value_regex = "path", r"[^\0]+?"
    parser_classes = [JSONParser]

    @extend_schema(summary="Download one file", responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        path = kwargs["path"]
        return Download(self.resource.read_file(path), path.rpartition("/")[2], "application/octet-stream")

    @extend_schema(
        summary="Save a file",
        description="The body is the file, whatever its type. A file that is there already is replaced, with status"
        " 200. A script that was submitted, and a point of a sweep, change no more: clone them.",
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses={201: JobScriptDetailSerializer, 200: JobScriptDetailSerializer},
        parameters=[SEEN, UNSEEN],
    )
    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        self.check_object_permissions(request, self.resource)
        content, seen = body_of(request), seen_by(request)
        with self.locked() as script:
            is_new = script.put_file(kwargs["path"], content, seen)
        return self.script(status.HTTP_201_CREATED if is_new else status.HTTP_200_OK)

    @extend_schema(summary="Rename a file", request=RenameSerializer, responses=JobScriptDetailSerializer)
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        self.check_object_permissions(request, self.resource)
        serializer = RenameSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        with self.locked() as script:
            script.rename_file(kwargs["path"], serializer.validated_data["path"])
        return self.script()

    @extend_schema(summary="Remove a file", description="The entrypoint stays: make another file the entrypoint first.")
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        with self.locked() as script:
            script.remove_file(kwargs["path"])
        return Response(status=status.HTTP_204_NO_CONTENT)

    def script(self, code: int = status.HTTP_200_OK) -> Response:
        """The whole script as it is now: what it asks of Slurm may have changed with one of its files."""
        script = JobScript.objects.with_origin().get(pk=self.resource.pk)
        return Response(JobScriptDetailSerializer().to_representation(script), status=code)


def body_of(request: Request) -> bytes:
    """A file as it was sent, whatever its type is said to be."""
    # Without it nothing is read at all, and an empty file would be stored in the place of a long one.
    if not request.META.get("CONTENT_LENGTH"):
        raise ParseError("Send the length of the file, as Content-Length.")
    content: bytes = request.stream.read(MAX_FILE + 1) if request.stream is not None else b""
    if len(content) > MAX_FILE:
        raise BadFile(f"A file has at most {MAX_FILE // 2**20} MiB.")
    return content


def seen_by(request: Request) -> str | None:
    """What the client has seen: a sha256, nothing (empty), or what it does not say (None)."""
    if request.headers.get("If-None-Match") == "*":
        return ""
    text = request.headers.get("If-Match")
    if text is None:
        return None
    found = SHA256.fullmatch(text)
    if found is None:
        raise ValidationError({"If-Match": [f"{text[:80]!r} is not accepted; give a sha256, in quotes."]})
    return found[1]
