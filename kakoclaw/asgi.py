"""The ASGI application: HTTP, WebSockets, and the lifespan of the embedded worker.

Daphne (``manage.py serve``) and uvicorn run the same application.
"""

import os
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kakoclaw.settings")
# Everything below relies on it when it is imported.
django.setup(set_prefix=False)

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import WebsocketDenier  # noqa: E402
from django.conf import settings  # noqa: E402
from django.urls import re_path, reverse  # noqa: E402

from chat.commands.parsers import MAX_BODY_BYTES  # noqa: E402
from chat.commands.ties import Ties  # noqa: E402
from chat.routing import websocket_urlpatterns  # noqa: E402
from kakoclaw.base_path import BasePath  # noqa: E402
from kakoclaw.body_limit import BodyLimit  # noqa: E402
from kakoclaw.handler import OneThreadHandler  # noqa: E402
from kakoclaw.lifespan import Lifespan  # noqa: E402
from kakoclaw.origins import SameOrigin  # noqa: E402
from kakoclaw.static_files import StaticFiles  # noqa: E402

# Its types say less than ASGI promises.
django_application: Any = OneThreadHandler()

protocols: Any = ProtocolTypeRouter(
    {
        "http": StaticFiles(
            BodyLimit(
                Ties(django_application), settings.DATA_UPLOAD_MAX_MEMORY_SIZE, {reverse("command"): MAX_BODY_BYTES}
            )
        ),
        "websocket": SameOrigin(URLRouter([*websocket_urlpatterns, re_path("", WebsocketDenier.as_asgi())])),
        "lifespan": Lifespan(),
    }
)
application = BasePath(protocols, settings.BASE_PATH)
