"""Addresses of the panel's REST, with and without a slash at the end, to be included at ``api/v1/``."""

from django.urls import re_path

from chat.api import attachments, auth, catalog, health, push, running, sessions, tokens

urlpatterns = [
    re_path(r"^health/?$", health.health, name="health"),
    re_path(r"^auth/login/?$", auth.LoginView.as_view(), name="auth-login"),
    re_path(r"^auth/logout/?$", auth.LogoutView.as_view(), name="auth-logout"),
    re_path(r"^auth/me/?$", auth.MeView.as_view(), name="auth-me"),
    re_path(r"^auth/change-password/?$", auth.ChangePasswordView.as_view(), name="auth-change-password"),
    re_path(r"^chat/cancel/?$", running.CancelView.as_view(), name="chat-cancel"),
    re_path(r"^chat/active/?$", running.ActiveView.as_view(), name="chat-active"),
    re_path(r"^chat/messages/?$", sessions.MessagesView.as_view(), name="chat-messages"),
    re_path(r"^chat/search/?$", sessions.SearchView.as_view(), name="chat-search"),
    re_path(r"^chat/fork/?$", sessions.ForkView.as_view(), name="chat-fork"),
    re_path(r"^chat/sessions/?$", sessions.SessionsView.as_view(), name="chat-sessions"),
    # Everything else is an id, so that a wrong one is told to be wrong.
    re_path(r"^chat/sessions/(?P<session_id>.+?)/?$", sessions.SessionView.as_view(), name="chat-session"),
    re_path(r"^attachments/?$", attachments.AttachmentsView.as_view(), name="attachments"),
    re_path(r"^attachments/(?P<image_id>[0-9a-z.]+?)/?$", attachments.AttachmentView.as_view(), name="attachment"),
    re_path(r"^tokens/?$", tokens.TokensView.as_view(), name="tokens"),
    re_path(r"^tokens/(?P<token_id>[^/]+?)/?$", tokens.TokenView.as_view(), name="token"),
    re_path(r"^push/?$", push.PushView.as_view(), name="push"),
    re_path(r"^push/(?P<browser_id>[^/]+?)/test/?$", push.PushTestView.as_view(), name="push-test"),
    re_path(r"^push/(?P<browser_id>[^/]+?)/?$", push.PushBrowserView.as_view(), name="push-browser"),
    re_path(r"^models/?$", catalog.ModelsView.as_view(), name="models"),
    re_path(r"^tools/?$", catalog.ToolsView.as_view(), name="tools"),
]
