"""The web tools against real servers on this machine."""

import asyncio
import ipaddress
import json
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from executions.agents.base import Limits
from executions.agents.tools import fetching, web_fetch, web_search
from executions.agents.tools.readable import readable
from executions.network import transport
from executions.network.addresses import is_public
from executions.processes import tagged
from tests.executions.tools.conftest import Bench, Site
from tests.support import await_until

PAGE = """<!doctype html><html><head><title> A  page </title><style>p{}</style></head><body>
<nav><a href="/home">Home</a></nav><main><h1>Head</h1><p>Some <b>bold</b>
 text &amp; a <a href="sub?x=1">link</a>.</p><script>alert(1)</script><ul><li>one<li>two</ul>
<pre>  code
   more</pre><table><tr><td>a</td><td>b</td></tr></table></main></body></html>"""


@pytest.fixture
def use(use: Bench) -> Bench:
    use.options["allow_private_addresses"] = True
    return use


@pytest.fixture
def only_127_0_0_1_is_public(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a real server can play a public one; the rest of the checks stays."""
    monkeypatch.setattr(transport, "is_public", lambda address: str(address) == "127.0.0.1" or is_public(address))


async def test_a_page_becomes_text_with_links(use: Bench, site: Site) -> None:
    site.page("/page", PAGE)
    assert await use.text("web_fetch", url=f"{site.url}/page") == (
        f"{site.url}/page\n# A page\n\n# Head\n\nSome bold text & a [link]({site.url}/sub?x=1).\n\n- one\n- two\n\n"
        "  code\n   more\n\na | b |"
    )


def test_a_deep_or_broken_page_is_read_too() -> None:
    assert readable("<div>" * 3_000 + "deep", "http://x/") == ("", "deep")
    assert readable("", "http://x/") == ("", "")
    assert readable("<a href='http://[broken'>text</a>", "http://x/") == ("", "[text]")


async def test_a_page_made_to_take_for_ever_ends_and_holds_up_nobody(
    use: Bench, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_fetch, "PARSE_SECONDS", 0.5)
    site.page("/", "<div>" * 300_000)
    calling = asyncio.create_task(use.error("web_fetch", url=f"{site.url}/"))
    slowest, before = 0.0, time.perf_counter()
    while not calling.done():
        await asyncio.sleep(0.001)
        slowest, before = max(slowest, time.perf_counter() - before), time.perf_counter()
    assert "too complicated" in await calling
    assert slowest < 0.4
    await await_until(lambda: tagged(use.processes.execution_id) == [])


async def test_text_and_json_are_shown_as_they_are(use: Bench, site: Site) -> None:
    site.page("/j", '{"a": [1, 2]}', kind="application/json; charset=utf-8")
    site.page("/t", "grün".encode("latin-1"), kind="text/plain; charset=latin-1")
    site.page("/m", b"<meta charset='windows-1251'>\xcf\xf0\xe8\xe2\xe5\xf2")
    site.page("/u", b"text \xff", kind="text/plain; charset=no-such")
    assert await use.text("web_fetch", url=f"{site.url}/j") == '{"a": [1, 2]}'
    assert await use.text("web_fetch", url=f"{site.url}/t") == "grün"
    site.page("/p", b"text", kind="text/plain; charset=punycode")
    assert await use.text("web_fetch", url=f"{site.url}/p") == "text"
    assert "Привет" in await use.text("web_fetch", url=f"{site.url}/m")
    assert await use.text("web_fetch", url=f"{site.url}/u") == "text \ufffd"


async def test_what_is_not_text_is_refused(use: Bench, site: Site) -> None:
    site.page("/i", b"\x89PNG", kind="image/png")
    assert "is image/png, not text" in await use.error("web_fetch", url=f"{site.url}/i")


async def test_an_error_page_is_an_error_with_its_text(use: Bench, site: Site) -> None:
    text = await use.error("web_fetch", url=f"{site.url}/none")
    assert "answered 404 Not Found: nothing here" in text


async def test_size_is_bounded_also_when_a_small_answer_unpacks_to_a_huge_one(
    use: Bench, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_fetch, "MAX_PAGE_BYTES", 10_000)
    site.page("/plain", "x" * 50_000_000, kind="text/plain")
    site.page("/zipped", "x" * 50_000_000, kind="text/plain", zipped=True)
    site.page("/small", "small", kind="text/plain", zipped=True)
    for path in ("/plain", "/zipped"):
        text = await use.text("web_fetch", url=site.url + path)
        assert text == "x" * 10_000 + "\n[the page is longer than 10,000 bytes; the rest is left out]"
    assert await use.text("web_fetch", url=f"{site.url}/small") == "small"


async def test_damaged_and_unasked_encodings_are_errors(use: Bench, site: Site) -> None:
    site.pages["/bad"] = (200, {"Content-Encoding": "gzip"}, b"not gzip")
    site.pages["/br"] = (200, {"Content-Encoding": "br"}, b"x")
    assert "damaged gzip" in await use.error("web_fetch", url=f"{site.url}/bad")
    assert "encoding 'br'" in await use.error("web_fetch", url=f"{site.url}/br")


async def test_the_result_keeps_the_limit(use: Bench, site: Site) -> None:
    use.limits = Limits(tool_output_chars=1000)
    site.page("/", "x" * 100_000, kind="text/plain")
    assert len(await use.text("web_fetch", url=f"{site.url}/")) < 1100


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "127.1", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]",
     "10.0.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "[fe80::1]", "[fd00::1]"],
)  # fmt: skip
async def test_private_addresses_are_refused_in_every_spelling(use: Bench, site: Site, host: str) -> None:
    use.options["allow_private_addresses"] = False
    port = site.url.rpartition(":")[2]
    assert "private address" in await use.error("web_fetch", url=f"http://{host}:{port}/")
    assert site.asked == []


@pytest.mark.usefixtures("only_127_0_0_1_is_public")
@pytest.mark.parametrize("target", ["http://127.0.0.2:{port}/secret", "//127.0.0.2:{port}/secret"])
async def test_a_redirect_to_a_private_address_is_refused(
    use: Bench, site: Site, make_site: Callable[..., Site], target: str
) -> None:
    use.options["allow_private_addresses"] = False
    private = make_site("127.0.0.2")
    private.page("/secret", "the secret")
    site.redirect("/go", target.format(port=private.url.rpartition(":")[2]))
    assert "'127.0.0.2' is at a private address" in await use.error("web_fetch", url=f"{site.url}/go")
    assert site.asked == ["/go"]
    assert private.asked == []


async def test_redirects_are_followed_but_not_for_ever_and_only_over_http(use: Bench, site: Site) -> None:
    site.redirect("/a", "/b")
    site.page("/b", "there", kind="text/plain")
    site.redirect("/round", "/round")
    site.redirect("/file", "file:///etc/passwd")
    assert await use.text("web_fetch", url=f"{site.url}/a") == "there"
    assert "redirects more than 5 times" in await use.error("web_fetch", url=f"{site.url}/round")
    assert "only http:// and https://" in await use.error("web_fetch", url=f"{site.url}/file")


@pytest.mark.usefixtures("only_127_0_0_1_is_public")
async def test_a_name_that_changes_its_address_is_resolved_once(
    use: Bench, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    use.options["allow_private_addresses"] = False
    site.page("/", "fine", kind="text/plain")
    answers = ["127.0.0.1", "127.0.0.2"]
    real = socket.getaddrinfo

    def changing(host: Any, *args: Any, **kwargs: Any) -> Any:
        return real(answers.pop(0) if host == "rebinding.example" else host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", changing)
    url = f"http://rebinding.example:{site.url.rpartition(':')[2]}/"
    assert await use.text("web_fetch", url=url) == "fine"
    assert site.hosts == [url.split("/")[2]]
    assert answers == ["127.0.0.2"]
    assert "private address (127.0.0.2)" in await use.error("web_fetch", url=url)


@pytest.mark.parametrize("url", ["ftp://x/", "file:///etc/passwd", "x", "http://", "javascript:1"])
async def test_what_is_no_web_address_is_refused(use: Bench, url: str) -> None:
    assert "web address" in await use.error("web_fetch", url=url)


async def test_a_server_that_does_not_answer_ends_at_the_time_limit(use: Bench) -> None:
    use.limits = Limits(tool_seconds=0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        text = await use.error("web_fetch", url=f"http://127.0.0.1:{silent.getsockname()[1]}/")
    assert text == "127.0.0.1 did not answer within 0.3 s."


async def test_a_server_that_is_not_there(use: Bench) -> None:
    assert "127.0.0.1 could not be read" in await use.error("web_fetch", url="http://127.0.0.1:1/")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1::1", True), ("::ffff:93.184.216.34", True),
        ("64:ff9b::5db8:d822", True), ("64:ff9b::7f00:1", False), ("::ffff:10.0.0.1", False), ("2002:7f00:1::", False),
        ("224.0.0.1", False), ("ff02::1", False), ("240.0.0.1", False), ("::", False), ("::127.0.0.1", False),
        ("198.18.0.1", False), ("fec0::1", False), ("255.255.255.255", False), ("64:ff9b:1::1", False),
    ],
)  # fmt: skip
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is public


async def test_a_search_asks_the_configured_engine(use: Bench, site: Site) -> None:
    use.options["search_url"] = site.url
    use.options["allow_private_addresses"] = False  # the address is from the settings
    results = [{"title": f"T{n}", "url": f"https://x/{n}", "content": "some\n text"} for n in range(30)]
    site.page("/search", json.dumps({"results": results}), kind="application/json")
    text = await use.text("web_search", query="snow & ice", count=2)
    assert text == "1. T0\nhttps://x/0\nsome text\n\n2. T1\nhttps://x/1\nsome text"
    assert site.asked == ["/search?q=snow+%26+ice&format=json"]
    site.page("/search", '{"results": []}')
    assert await use.text("web_search", query="x") == "Nothing was found for 'x'."


async def test_a_search_engine_that_does_not_fit_is_an_error(use: Bench, site: Site) -> None:
    use.options["search_url"] = f"{site.url}/search?language=de"
    site.page("/search", "<html>", status=403)
    assert "Allow the 'json' format" in await use.error("web_search", query="x")
    site.page("/search", "<html>")
    assert "did not answer with a SearXNG result" in await use.error("web_search", query="x")
    assert site.asked[0] == "/search?language=de&q=x&format=json"
    use.options["search_url"] = "http://127.0.0.1:1"


async def test_duckduckgo_is_read_without_a_configured_engine(
    use: Bench, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_search, "DUCKDUCKGO", f"{site.url}/html/")
    monkeypatch.setattr(transport, "is_public", lambda _: True)
    link = "//duckduckgo.com/l/?uddg=https%3A%2F%2Fexample.com%2Fa%3Fb%3D1&amp;rut=1"
    hit = '<div class="result {}"><h2><a class="result__a" href="{}">A <b>hit</b></a></h2>{}</div>'
    snippet = '<a class="result__snippet">Some <b>text</b></a>'
    site.page(
        "/html/", hit.format("result--ad", "x", "") + hit.format("", link, snippet) + hit.format("", "https://y/", "")
    )
    assert await use.text("web_search", query="x") == (
        "1. A hit\nhttps://example.com/a?b=1\nSome text\n\n2. A hit\nhttps://y/"
    )
    site.page("/html/", "<div class='anomaly-modal'>Are you a robot?</div>", status=200)
    assert "takes this server for a robot" in await use.error("web_search", query="x")
    site.page("/html/", "<div class='no-results'>No results.</div>")
    assert "Nothing was found" in await use.text("web_search", query="x")


async def test_a_search_without_network_fails_with_the_reason(use: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*_: Any) -> Any:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    text = await use.error("web_search", query="x")
    assert text == (
        "The search engine can't be reached. The host 'html.duckduckgo.com' was not found: "
        "Temporary failure in name resolution."
    )


async def test_a_name_server_that_hangs_does_not_hold_up_a_search(use: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        held = socket.create_connection(silent.getsockname())
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_: held.recv(1) and [])
        monkeypatch.setattr(web_search, "SEARCH_SECONDS", 0.2)
        assert "did not answer within 0.2 s" in await use.error("web_search", query="x")
        held.shutdown(socket.SHUT_RDWR)
        held.close()


def test_pages_without_a_known_charset_are_read_as_utf8() -> None:
    page = fetching.Page("http://x/", 200, "OK", "text/plain", None, "\ufeffgrün".encode(), truncated=False)
    assert page.text == "grün"
