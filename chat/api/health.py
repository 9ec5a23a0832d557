"""Whether this server can do its work: asked by load balancers, answered to anybody, quickly."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable

from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.db import Error, connection
from django.http import HttpRequest, HttpResponseNotAllowed, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from redis.exceptions import RedisError

from executions.api.problems import body

logger = logging.getLogger(__name__)

#: Seconds for both checks.
TIMEOUT = 3.0


@csrf_exempt  # other methods are told that there is only GET
async def health(request: HttpRequest) -> HttpResponseBase:
    """Answer ``{"status": "ok"}``, or 503 with the names of the parts that are down."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    checks = await asyncio.gather(_works("database", _database()), _works("channel_layer", _channel_layer()))
    failing = [name for name in checks if name]
    if not failing:
        return JsonResponse({"status": "ok"})
    message = f"Not available: {', '.join(failing)}."
    problem = body(message, "unavailable", 503, failing=failing)
    return JsonResponse({**problem, "status": "error"}, status=503)


async def _works(name: str, check: Awaitable[None]) -> str:
    """Return ``""`` when the check passes, else the name of what failed; the reason is for the log only."""
    try:
        async with asyncio.timeout(TIMEOUT):
            await check
    except (TimeoutError, OSError, Error, RedisError) as error:
        logger.warning("health: %s: %s", name, str(error) or "no answer in time")
        return name
    return ""


async def _database() -> None:
    # On a thread of its own: the one that requests share may be busy with something slow.
    await sync_to_async(_select, thread_sensitive=False)()


def _select() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    finally:
        connection.close()


async def _channel_layer() -> None:
    layer = get_channel_layer()
    if layer is None:
        raise OSError("no channel layer is configured")
    channel = await layer.new_channel("health")
    await layer.send(channel, {"type": "health.check"})
    await layer.receive(channel)
