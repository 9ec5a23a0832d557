"""Addresses of the WebSockets."""

import re

from django.conf import settings
from django.urls import re_path

from chat.consumers import ChatConsumer, TasksConsumer

base = re.escape(f"{settings.BASE_PATH}/".lstrip("/"))
websocket_urlpatterns = [
    re_path(rf"^{base}ws/chat/?$", ChatConsumer.as_asgi()),
    re_path(rf"^{base}ws/tasks/?$", TasksConsumer.as_asgi()),
]
