"""Addresses of the WebSockets."""

from django.urls import re_path

from chat.consumers import ChatConsumer, TasksConsumer

websocket_urlpatterns = [
    re_path(r"^ws/chat/?$", ChatConsumer.as_asgi()),
    re_path(r"^ws/tasks/?$", TasksConsumer.as_asgi()),
]
