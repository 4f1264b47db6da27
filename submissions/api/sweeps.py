from drf_spectacular.utils import extend_schema, extend_schema_view

from jobscripts.api.sweeps import SweepChangeSerializer, SweepRenderSerializer, SweepRowsViewSet, SweepSerializer


@extend_schema(tags=["sweeps"])
@extend_schema_view(
    list=extend_schema(summary="List sweeps"),
    create=extend_schema(
        summary="Render a job script for each of many sets of answers",
        request=SweepRenderSerializer,
        responses={201: SweepSerializer},
    ),
    retrieve=extend_schema(summary="Get a sweep", responses=SweepSerializer),
    partial_update=extend_schema(summary="Change a sweep", request=SweepChangeSerializer, responses=SweepSerializer),
    destroy=extend_schema(summary="Delete a sweep"),
)
class SweepViewSet(SweepRowsViewSet):
    pass
