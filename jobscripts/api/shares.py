from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer, extend_schema_view

from jobbergate.core.api.shares import SHARE, ShareSerializer, SharesViewSet, ShareWithSerializer
from jobscripts.api.files import SCRIPT, OfJobScript
from jobscripts.models import JobScriptShare


@extend_schema_serializer(examples=[OpenApiExample("A share", SHARE, response_only=True)])
class JobScriptShareSerializer(ShareSerializer):
    class Meta:
        model = JobScriptShare
        fields = ShareSerializer.FIELDS


@extend_schema(tags=["job scripts"], parameters=[SCRIPT])
@extend_schema_view(
    list=extend_schema(summary="List whom a job script is shared with"),
    create=extend_schema(
        summary="Share a job script",
        description="Once more with another role changes the role, with status 200.",
        request=ShareWithSerializer,
        responses={201: JobScriptShareSerializer, 200: JobScriptShareSerializer},
    ),
    destroy=extend_schema(summary="Share a job script no more"),
)
class JobScriptShareViewSet(SharesViewSet, OfJobScript):
    queryset = JobScriptShare.objects.none()
    serializer_class = JobScriptShareSerializer
