"""All addresses of the site."""

from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.utils.functional import lazy
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

urlpatterns = [
    path("", include("chat.page_urls")),
    path("", include("executions.page_urls")),
    path("api/v1/", include("chat.api.urls")),
    path("api/v1/", include("executions.api.urls")),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/v1/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api-docs"),
    path("favicon.ico", RedirectView.as_view(url=lazy(static, str)("kakoclaw/favicon.svg"))),
    path("api-auth/", include("rest_framework.urls")),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
]

handler400 = "kakoclaw.errors.bad_request"
handler403 = "kakoclaw.errors.permission_denied"
handler404 = "kakoclaw.errors.page_not_found"
handler500 = "kakoclaw.errors.server_error"
