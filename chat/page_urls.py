"""Addresses of the chat's pages, to be included at the root."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from chat import account, pages, projects

urlpatterns = [
    path("", pages.chat, name="chat"),
    path("chat/segments/<int:pk>", pages.segments, name="segments"),
    path("chat/<str:session_id>", pages.chat, name="chat_session"),
    path("projects", projects.projects, name="projects"),
    path("settings", account.settings, name="settings"),
    path("login", account.Login.as_view(), name="login"),
    path("logout", LogoutView.as_view(), name="logout"),
]
