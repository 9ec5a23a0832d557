"""What the first visit costs: little, compressed, and nothing from anybody else."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Visit
from tests.servers import Server

pytestmark = pytest.mark.browser

MOST_BYTES = 150_000


def loaded(page: Page, address: str) -> tuple[int, list[str], dict[str, Any]]:
    """Open a page with an empty cache; returns the bytes that came over the wire, and from where."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.clearBrowserCache")
    sizes: list[float] = []
    addresses: list[str] = []
    encodings: dict[str, Any] = {}

    def answered(event: dict[str, Any]) -> None:
        addresses.append(event["response"]["url"])
        headers = {name.lower(): value for name, value in event["response"]["headers"].items()}
        encodings[event["response"]["url"]] = headers.get("content-encoding")

    devtools.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    devtools.on("Network.responseReceived", answered)
    page.goto(address, wait_until="networkidle")
    devtools.detach()
    return int(sum(sizes)), addresses, encodings


@pytest.mark.parametrize("address", ["/", "/activity", "/history", "/settings"])
def test_a_first_visit_is_light_and_asks_nobody_else(visit: Visit, site: Server, address: str) -> None:
    size, addresses, _ = loaded(visit(), address)
    assert len(addresses) > 5
    assert [one for one in addresses if not one.startswith((site.url, "data:"))] == []
    assert size < MOST_BYTES


def test_scripts_and_styles_are_kept_by_the_browser_for_good(visit: Visit) -> None:
    page = visit()
    _, addresses, encodings = loaded(page, "/")
    files = [one for one in addresses if "/static/" in one]
    assert len(files) > 20
    policies = "all => Promise.all(all.map(one => fetch(one).then(({ headers }) => headers.get('Cache-Control'))))"
    assert [one for one in page.evaluate(policies, files) if "immutable" not in one] == []
    assert {encodings[one] for one in addresses if "/static/chat/" in one} == {"gzip"}
