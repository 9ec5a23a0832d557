"""The ASGI application: HTTP, WebSockets, and the lifespan of the embedded worker.

Daphne (``manage.py serve``) and uvicorn run the same application.
"""

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kakoclaw.settings")
# Sets Django up, which everything below relies on when it is imported.
django_application: Any = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import WebsocketDenier  # noqa: E402
from django.conf import settings  # noqa: E402
from django.urls import re_path  # noqa: E402

from chat.routing import websocket_urlpatterns  # noqa: E402
from kakoclaw.body_limit import BodyLimit  # noqa: E402
from kakoclaw.lifespan import Lifespan  # noqa: E402
from kakoclaw.origins import SameOrigin  # noqa: E402
from kakoclaw.static_files import StaticFiles  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": StaticFiles(BodyLimit(django_application, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)),
        "websocket": SameOrigin(URLRouter([*websocket_urlpatterns, re_path("", WebsocketDenier.as_asgi())])),
        "lifespan": Lifespan(),
    }
)
