"""Who may open a socket, and when it ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from knox.models import get_token_model
from rest_framework.test import APIClient

from chat import sockets
from tests.chat.client import ChatClient

pytestmark = pytest.mark.django_db(transaction=True)
Connect = Callable[..., ChatClient]
ORIGIN = {"origin": "http://testserver"}


async def cookie_of(user: User) -> tuple[Client, dict[str, str]]:
    """Return a signed-in browser and the headers its page sends."""
    browser = Client()
    await sync_to_async(browser.force_login)(user)
    return browser, {"cookie": f"sessionid={browser.cookies['sessionid'].value}"}


@pytest.mark.parametrize("path", ["/ws/chat", "/ws/chat/", "/ws/tasks"])
async def test_without_credentials_the_close_code_is_4401(path: str, connect: Connect) -> None:
    client = await connect(None, path=path).open()
    assert await client.until_closed() == 4401


@pytest.mark.parametrize("token", ["wrong", "%00", "\N{SNOWMAN}", "a" * 10_000])
async def test_a_wrong_token_is_4401(token: str, connect: Connect) -> None:
    client = connect(None)
    client.path += f"?token={token}"
    await client.open()
    assert await client.until_closed() == 4401


async def test_the_session_cookie_counts_on_our_own_pages_only(user: User, connect: Connect) -> None:
    _, cookie = await cookie_of(user)
    ours = await connect(None, headers=cookie | ORIGIN).open()
    await ours.send(type="ping")
    await ours.until("pong")
    hidden = await connect(None, headers=cookie).open()
    assert await hidden.until_closed() == 4401
    with pytest.raises(AssertionError, match="4403"):
        await connect(None, headers=cookie | {"origin": "https://evil.example"}).open()


async def test_a_broken_cookie_is_4401(connect: Connect) -> None:
    client = await connect(None, headers=ORIGIN | {"cookie": 'sessionid="\\; =;;; \x7f'}).open()
    assert await client.until_closed() == 4401


async def test_an_inactive_user_and_an_expired_token_are_4401(user: User, connect: Connect) -> None:
    _, token = await sync_to_async(get_token_model().objects.create)(user, expiry=timedelta(seconds=-1))
    assert await (await connect(None, token=token).open()).until_closed() == 4401
    client = await connect(user).open()
    await User.objects.filter(pk=user.pk).aupdate(is_active=False)
    assert await (await connect(None, token=client.token).open()).until_closed() == 4401


async def test_signing_out_ends_that_tokens_sockets_and_no_others(
    user: User, other_user: User, connect: Connect
) -> None:
    mine, other_device, other = await connect(user).open(), await connect(user).open(), await connect(other_user).open()
    tasks = await connect(None, path="/ws/tasks", token=mine.token).open()
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {mine.token}")
    response = await sync_to_async(api.post)("/api/v1/auth/logout")
    assert response.status_code == 204
    assert await mine.until_closed() == await tasks.until_closed() == 4401
    for client in (other_device, other):
        await client.send(type="ping")
        await client.until("pong")


async def test_signing_out_of_a_login_session_ends_its_sockets(user: User, connect: Connect) -> None:
    browser, cookie = await cookie_of(user)
    client = await connect(None, headers=cookie | ORIGIN).open()
    await client.send(type="ping")
    await client.until("pong")
    await sync_to_async(browser.logout)()
    # The test browser's own logout has no request; what the site's does is told by the signal.
    from django.contrib.auth.signals import user_logged_out

    request = SimpleNamespace(session=SimpleNamespace(session_key=cookie["cookie"].partition("=")[2]))
    await sync_to_async(user_logged_out.send)(sender=User, request=request, user=user)
    assert await client.until_closed() == 4401


async def test_a_new_password_or_a_deactivated_account_ends_sockets(user: User, connect: Connect) -> None:
    _, cookie = await cookie_of(user)
    client = await connect(None, headers=cookie | ORIGIN).open()
    await client.send(type="ping")
    await client.until("pong")
    user.set_password("another battery staple")
    await user.asave()
    assert await client.until_closed() == 4401
    by_token = await connect(user).open()
    await by_token.send(type="ping")
    await by_token.until("pong")
    user.is_active = False
    await user.asave()
    assert await by_token.until_closed() == 4401


async def test_an_end_that_nobody_announced_is_found_by_looking(
    user: User, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "CHECK_SECONDS", 0.05)
    client = await connect(user).open()
    await client.send(type="ping")
    await client.until("pong")
    await get_token_model().objects.filter(user=user).aupdate(expiry=timezone.now() - timedelta(seconds=1))
    assert await client.until_closed() == 4401
