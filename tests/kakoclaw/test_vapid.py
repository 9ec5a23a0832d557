"""What Web Push is told of the site, and which keys are taken."""

from __future__ import annotations

import pytest

from kakoclaw.vapid import is_private_key, subject


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("A" * 42 + "E", True),
        ("A" * 43, False),  # nought
        ("_" * 42 + "8", False),  # beyond the order of the curve
        ("AAAA", False),
        ("A" * 42 + "!", False),
        ("é" * 43, False),
        ("", False),
    ],
)
def test_a_key_is_32_bytes_of_a_number_below_the_order(text: str, right: bool) -> None:
    assert is_private_key(text) is right


@pytest.mark.parametrize(
    ("public_url", "hosts", "told"),
    [
        ("https://kakoclaw.example.org", ["x.example.org"], "https://kakoclaw.example.org"),
        ("http://kakoclaw.example.org", ["127.0.0.1", "localhost", "x.example.org"], "mailto:postmaster@x.example.org"),
        ("", [".example.net"], "mailto:postmaster@example.net"),
        ("", ["127.0.0.1", "localhost", "[::1]"], "mailto:postmaster@example.org"),
    ],
)
def test_push_services_are_told_whom_to_write_to(public_url: str, hosts: list[str], told: str) -> None:
    assert subject(public_url, hosts) == told
