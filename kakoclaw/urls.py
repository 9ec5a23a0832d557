"""All addresses of the site."""

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.templatetags.static import static
from django.urls import URLPattern, URLResolver, include, path
from django.utils.functional import lazy
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from chat.account import Login
from kakoclaw import languages
from kakoclaw.metrics import metrics
from kakoclaw.reference import Reference

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("chat.page_urls")),
    path("", include("executions.page_urls")),
    path("api/", include("chat.commands.urls")),
    path("api/v1/", include("chat.api.urls")),
    path("api/v1/", include("executions.api.urls")),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/v1/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api-docs"),
    path("api/v1/reference/", Reference.as_view(url_name="schema"), name="api-reference"),
    path("metrics", metrics, name="metrics"),
    path("language", languages.choose, name="language"),
    path("words/<str:language>.<str:version>.js", languages.words, name="words"),
    path("favicon.ico", RedirectView.as_view(url=lazy(static, str)("kakoclaw/favicon.svg"))),
    # What the browsable API links to, under the names it knows; its own form would let anyone try any password.
    path(
        "api-auth/",
        include(
            (
                [path("login/", Login.as_view(), name="login"), path("logout/", LogoutView.as_view(), name="logout")],
                "rest_framework",
            )
        ),
    ),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
]
if settings.BASE_PATH:
    base = settings.BASE_PATH.lstrip("/")
    urlpatterns = [path(f"{base}/", include(urlpatterns)), path(base, RedirectView.as_view(pattern_name="chat"))]

handler400 = "kakoclaw.errors.bad_request"
handler403 = "kakoclaw.errors.permission_denied"
handler404 = "kakoclaw.errors.page_not_found"
handler500 = "kakoclaw.errors.server_error"
