"""Everything that the server answers, on one screen. Every path works with and without its last slash."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularRedocView, SpectacularSwaggerView
from rest_framework.routers import SimpleRouter

from applications.api.shares import ApplicationShareViewSet
from applications.api.views import ApplicationViewSet, ConfigSchema, VersionViewSet
from jobbergate.core import health
from jobbergate.core.api import tokens
from jobbergate.core.api.views import NAME
from jobscripts.api.files import FileViewSet
from jobscripts.api.shares import JobScriptShareViewSet
from jobscripts.api.views import JobScriptViewSet
from submissions.api.sweeps import PointViewSet, SweepViewSet
from submissions.api.views import ClusterViewSet, JobSubmissionViewSet

router = SimpleRouter(trailing_slash="/?")  # type: ignore[arg-type]
router.trailing_slash = "/?"
router.register("applications", ApplicationViewSet, "application")
router.register(f"applications/(?P<application>{NAME})/versions", VersionViewSet, "version")
router.register(f"applications/(?P<application>{NAME})/shares", ApplicationShareViewSet, "share")
router.register("job-scripts", JobScriptViewSet, "job-script")
router.register("sweeps", SweepViewSet, "sweep")
router.register(f"sweeps/(?P<sweep>{NAME})/points", PointViewSet, "point")
router.register(f"job-scripts/(?P<script>{NAME})/files", FileViewSet, "script-file")
router.register(f"job-scripts/(?P<script>{NAME})/shares", JobScriptShareViewSet, "script-share")
router.register("job-submissions", JobSubmissionViewSet, "job-submission")
router.register("clusters", ClusterViewSet, "cluster")

urlpatterns = [
    re_path(r"^api-auth-token/?$", tokens.SignIn.as_view(), name="sign-in"),
    re_path(r"^api-auth-token/refresh/?$", tokens.Refresh.as_view(), name="refresh"),
    re_path(r"^api-auth-token/revoke/?$", tokens.Revoke.as_view(), name="revoke"),
    re_path(r"^api/whoami/?$", tokens.WhoAmI.as_view(), name="whoami"),
    re_path(r"^api/jobbergate\.schema\.json$", ConfigSchema.as_view(), name="config-schema"),
    path("api/", include(router.urls)),
    re_path(r"^openapi\.json$", SpectacularJSONAPIView.as_view(), name="openapi"),
    re_path(r"^docs/?$", SpectacularSwaggerView.as_view(url_name="openapi"), name="docs"),
    re_path(
        r"^redoc/?$",
        SpectacularRedocView.as_view(url_name="openapi", template_name="jobbergate/redoc.html"),
        name="redoc",
    ),
    re_path(r"^healthz/?$", health.alive, name="healthz"),
    re_path(r"^readyz/?$", health.ready, name="readyz"),
    path("admin/", admin.site.urls),
    re_path(r"^admin$", RedirectView.as_view(pattern_name="admin:index")),
    path("", RedirectView.as_view(pattern_name="docs")),
]

handler400 = "jobbergate.core.api.errors.bad_request"
handler403 = "jobbergate.core.api.errors.forbidden"
handler404 = "jobbergate.core.api.errors.not_found"
handler500 = "jobbergate.core.api.errors.server_error"
