"""All addresses of the site."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import include, path
from django.urls.resolvers import URLPattern, URLResolver
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/v1/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api-docs"),
    path("api-auth/", include("rest_framework.urls")),
]
# While the parts are being written, those that are there are served.
for prefix, module in (("api/v1/", "executions.api.urls"), ("api/v1/", "chat.api.urls")):
    package = module.rpartition(".")[0]
    if find_spec(package) and find_spec(module):
        urlpatterns.append(path(prefix, include(module)))
