"""Addresses of the command page, with and without a slash at the end, to be included at ``api/``."""

from django.urls import re_path

from chat.commands import views

urlpatterns = [
    re_path(r"^command/?$", views.CommandRunView.as_view(), name="command"),
    re_path(r"^command/stream/?$", views.CommandStreamView.as_view(), name="command-stream"),
    re_path(r"^command/continue/?$", views.ContinueView.as_view(), name="command-continue"),
    re_path(r"^command/continue/stream/?$", views.ContinueStreamView.as_view(), name="command-continue-stream"),
    re_path(r"^projects/?$", views.ProjectsView.as_view(), name="command-projects"),
    re_path(r"^files/?$", views.FilesView.as_view(), name="command-files"),
]
