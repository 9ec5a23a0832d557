"""A page names all the scripts that it needs, so that none of them is waited for in vain."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from chat.templatetags.modules import imports_of


def test_imports_are_followed_through_all_scripts_and_named_once() -> None:
    found = imports_of("chat/chat.js")
    assert len(found) == len(set(found))
    assert found[0] == "kakoclaw/tasks.js"
    assert {"chat/inline.js", "kakoclaw/socket.js", "chat/receipt.js"} <= set(found)
    assert "chat/chat.js" not in found


def test_a_script_that_is_not_there_imports_nothing() -> None:
    assert imports_of("chat/none.js") == ()


@pytest.mark.django_db
def test_the_chat_page_fetches_them_beforehand(user: User, client: Client) -> None:
    client.force_login(user)
    content = client.get("/").content.decode()
    assert content.count('rel="modulepreload"') == len(imports_of("chat/chat.js"))
    assert 'rel="modulepreload" href="/static/chat/stream' in content
