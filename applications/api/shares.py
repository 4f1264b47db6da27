from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_serializer, extend_schema_view

from applications.api.views import PARENT, OfApplication
from applications.models import ApplicationShare
from jobbergate.core.api.shares import SHARE, ShareSerializer, SharesViewSet, ShareWithSerializer


@extend_schema_serializer(examples=[OpenApiExample("A share", SHARE, response_only=True)])
class ApplicationShareSerializer(ShareSerializer):
    class Meta:
        model = ApplicationShare
        fields = ShareSerializer.FIELDS


@extend_schema(tags=["applications"], parameters=[PARENT])
@extend_schema_view(
    list=extend_schema(summary="List whom an application is shared with"),
    create=extend_schema(
        summary="Share an application",
        description="With a reader, a private application becomes shared. Once more with another role changes the role,"
        " with status 200.",
        request=ShareWithSerializer,
        responses={201: ApplicationShareSerializer, 200: ApplicationShareSerializer},
    ),
    destroy=extend_schema(summary="Share an application no more"),
)
class ApplicationShareViewSet(SharesViewSet, OfApplication):
    queryset = ApplicationShare.objects.none()
    serializer_class = ApplicationShareSerializer
